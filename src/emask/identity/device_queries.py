"""SQL of bound phones and device codes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction

# ---------------------------------------------------------------- device codes

# A live code is never given to a second person: nought rows mean that the digits are taken.
_ADD_CODE: Final = """
INSERT INTO device_code AS kept (code, person_id, expires_at) VALUES (%s, %s, %s)
ON CONFLICT (code) DO UPDATE SET person_id = excluded.person_id,
    expires_at = excluded.expires_at, used_at = NULL
WHERE kept.expires_at <= %s
"""

USE_CODE: Final = """
UPDATE device_code SET used_at = %(at)s
WHERE code = %(code)s AND expires_at > %(at)s AND used_at IS NULL
RETURNING person_id
"""
"""The guard that lets one of two racing phones in."""


async def add_code(
    tx: Transaction, code: bytes, person_id: UUID, *, at: datetime, expires_at: datetime
) -> bool:
    """Keep a new code; False if these digits are somebody's at present."""
    cursor = await tx.execute(_ADD_CODE, (code, person_id, expires_at, at))
    return cursor.rowcount == 1


async def end_codes(tx: Transaction, person_id: UUID, *, at: datetime) -> None:
    """Forget the codes of a person that could still be used."""
    await tx.execute(
        "DELETE FROM device_code WHERE person_id = %s AND used_at IS NULL AND expires_at > %s",
        (person_id, at),
    )


async def code_owner(tx: Transaction, code: bytes, *, at: datetime) -> UUID | None:
    """Who made a code that can be used; None if it is unknown, used or over."""
    cursor = await tx.execute(
        "SELECT person_id FROM device_code WHERE code = %s AND expires_at > %s AND used_at IS NULL",
        (code, at),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def use_code(tx: Transaction, code: bytes, *, at: datetime) -> UUID | None:
    """Use up a code; None if it is unknown, used or over."""
    cursor = await tx.execute(USE_CODE, {"code": code, "at": at})
    row = await cursor.fetchone()
    return row[0] if row else None


async def code_ran_out(tx: Transaction, code: bytes, *, at: datetime) -> bool:
    """Whether a code that could not be used is one that nobody used in time."""
    cursor = await tx.execute(
        "SELECT 1 FROM device_code WHERE code = %s AND expires_at <= %s AND used_at IS NULL",
        (code, at),
    )
    return await cursor.fetchone() is not None


# ---------------------------------------------------------------- handsets of one's own


async def claim_own_handset(tx: Transaction, handset: bytes, person_id: UUID) -> UUID:
    """Make a handset a person's own unless it is somebody's; returns whose it is (A13)."""
    await tx.execute(
        "INSERT INTO own_handset (handset, person_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (handset, person_id),
    )
    return await own_handset_of(tx, handset) or person_id


async def own_handset_of(tx: Transaction, handset: bytes) -> UUID | None:
    """Whose own a handset is, if anybody's."""
    cursor = await tx.execute("SELECT person_id FROM own_handset WHERE handset = %s", (handset,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def release_own_handsets(tx: Transaction, person_id: UUID) -> None:
    """The handsets that were a person's own may become anybody's."""
    await tx.execute("DELETE FROM own_handset WHERE person_id = %s", (person_id,))


# ---------------------------------------------------------------- bound phones


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundDevice:
    """A passkey on a phone; `public_key` is COSE, `handset` the digest of what tells it apart.

    `synced` says that the passkey may be copied to other devices.
    """

    person_id: UUID
    device_id: UUID
    handset: bytes
    bound_by: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    synced: bool


async def save_device(tx: Transaction, device: BoundDevice, *, at: datetime) -> bool:
    """Let a passkey sign its person in; False if it was bound before or another is just now.

    A phone keeps one a person: its latest.
    """
    await tx.execute(
        "UPDATE device SET revoked_at = %s"
        " WHERE person_id = %s AND handset = %s AND revoked_at IS NULL",
        (at, device.person_id, device.handset),
    )
    cursor = await tx.execute(
        "INSERT INTO device (person_id, device_id, handset, bound_by, bound_at, credential_id,"
        " public_key, sign_count, synced) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT DO NOTHING",
        (
            *(device.person_id, device.device_id, device.handset, device.bound_by, at),
            *(device.credential_id, device.public_key, device.sign_count, device.synced),
        ),
    )
    return cursor.rowcount == 1


@dataclass(frozen=True, slots=True)
class PhoneOnFile:
    """A phone that signs a person in, as people are told of it."""

    bound_at: datetime
    bound_by: str


async def phones_of(tx: Transaction, person_id: UUID) -> list[PhoneOnFile]:
    """The phones that sign a person in, the latest first."""
    cursor = await tx.execute(
        "SELECT bound_at, bound_by FROM device WHERE person_id = %s AND revoked_at IS NULL"
        " ORDER BY bound_at DESC, device_id",
        (person_id,),
    )
    return [PhoneOnFile(*row) for row in await cursor.fetchall()]


async def release_devices(tx: Transaction, person_id: UUID, *, at: datetime) -> None:
    """No passkey signs a person in any more."""
    await tx.execute(
        "UPDATE device SET revoked_at = %s WHERE person_id = %s AND revoked_at IS NULL",
        (at, person_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPasskey:
    """What an unlock is verified with."""

    device_id: UUID
    public_key: bytes
    handset: bytes
    synced: bool


async def passkey(tx: Transaction, person_id: UUID, credential_id: bytes) -> KeptPasskey | None:
    """The passkey of a person; None if it was never bound or was revoked."""
    cursor = await tx.execute(
        "SELECT device_id, public_key, handset, synced FROM device"
        " WHERE person_id = %s AND credential_id = %s AND revoked_at IS NULL",
        (person_id, credential_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return KeptPasskey(device_id=row[0], public_key=row[1], handset=row[2], synced=row[3])


COUNT_UNLOCK: Final = """
UPDATE device SET sign_count = %(count)s
WHERE person_id = %(person)s AND device_id = %(device)s AND revoked_at IS NULL
AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))
"""
"""The guard that tells a passkey from its copy; authenticators that do not count say nought."""


async def count_unlock(
    tx: Transaction, person_id: UUID, device_id: UUID, *, sign_count: int
) -> bool:
    """Note an unlock; False if another one with this count or a higher one was noted meanwhile."""
    cursor = await tx.execute(
        COUNT_UNLOCK, {"count": sign_count, "person": person_id, "device": device_id}
    )
    return cursor.rowcount == 1
