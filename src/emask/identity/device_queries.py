"""SQL of devices and device codes."""

from datetime import datetime
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction

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


async def claim_own_handset(tx: Transaction, handset: bytes, person_id: UUID) -> UUID:
    """Make a handset a person's own unless it is somebody's; returns whose it is (A13)."""
    await tx.execute(
        "INSERT INTO own_handset (handset, person_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (handset, person_id),
    )
    cursor = await tx.execute("SELECT person_id FROM own_handset WHERE handset = %s", (handset,))
    row = await cursor.fetchone()
    return row[0] if row else person_id


async def save_device(
    tx: Transaction,
    person_id: UUID,
    device_id: UUID,
    *,
    handset: bytes,
    bound_by: str,
    at: datetime,
) -> None:
    """Bind a handset to a person; from now on it signs in this person and nobody else."""
    await tx.execute(
        "INSERT INTO device (person_id, device_id, handset, bound_by, bound_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (person_id, device_id) DO UPDATE"
        " SET bound_by = excluded.bound_by, bound_at = excluded.bound_at, revoked_at = NULL",
        (person_id, device_id, handset, bound_by, at),
    )
    await tx.execute(
        "INSERT INTO bound_handset (handset, person_id, device_id) VALUES (%s, %s, %s)"
        " ON CONFLICT (handset) DO UPDATE"
        " SET person_id = excluded.person_id, device_id = excluded.device_id",
        (handset, person_id, device_id),
    )


async def handset_user(tx: Transaction, handset: bytes) -> UUID | None:
    """Whom a handset signs in."""
    cursor = await tx.execute(
        "SELECT person_id FROM bound_handset JOIN device USING (person_id, device_id, handset)"
        " WHERE handset = %s AND revoked_at IS NULL",
        (handset,),
    )
    row = await cursor.fetchone()
    return row[0] if row else None
