"""SQL of the ways in: evidence, tries, registrations, certificates."""

from datetime import datetime, timedelta
from typing import Final, LiteralString
from uuid import UUID

from emask.database.pool import Transaction

# ---------------------------------------------------------------- evidence


async def evidence_used(tx: Transaction, evidence: bytes) -> bool:
    """Whether the evidence of this digest was accepted before."""
    cursor = await tx.execute("SELECT 1 FROM used_evidence WHERE evidence = %s", (evidence,))
    return await cursor.fetchone() is not None


async def use_evidence(tx: Transaction, evidence: bytes, *, at: datetime) -> bool:
    """Note evidence as used; False if it was. A racing copy waits for the first to commit."""
    cursor = await tx.execute(
        "INSERT INTO used_evidence (evidence, used_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (evidence, at),
    )
    return cursor.rowcount == 1


# ---------------------------------------------------------------- tries

# While a pause lasts the row is left alone; after one, or after as long without a try, the count
# starts anew.
_COUNT_TRY: Final = """
INSERT INTO wrong_try AS kept (what, source, tries, last_at)
VALUES (%(what)s, %(source)s, 1, %(at)s)
ON CONFLICT (what, source) DO UPDATE SET
    tries = CASE WHEN kept.locked_until IS NULL AND kept.last_at > %(stale)s
                 THEN kept.tries + 1 ELSE 1 END,
    locked_until = CASE WHEN kept.locked_until IS NULL AND kept.last_at > %(stale)s
                         AND kept.tries + 1 >= %(allowed)s
                        THEN %(locked_until)s END,
    last_at = %(at)s
WHERE kept.locked_until IS NULL OR kept.locked_until <= %(at)s
"""


async def count_try(
    tx: Transaction,
    what: str,
    source: bytes,
    *,
    at: datetime,
    pause: timedelta,
    allowed: int,
) -> bool:
    """Count one try and, if it is the last one allowed, start the pause; False during a pause."""
    cursor = await tx.execute(
        _COUNT_TRY,
        {
            "what": what,
            "source": source,
            "at": at,
            "stale": at - pause,
            "locked_until": at + pause,
            "allowed": allowed,
        },
    )
    return cursor.rowcount == 1


async def locked_until(tx: Transaction, what: str, source: bytes) -> datetime | None:
    """When the pause of a source ends, if it has one."""
    cursor = await tx.execute(
        "SELECT locked_until FROM wrong_try WHERE what = %s AND source = %s", (what, source)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def forget_tries(tx: Transaction, what: str, source: bytes) -> None:
    """Start the count of a source anew."""
    await tx.execute("DELETE FROM wrong_try WHERE what = %s AND source = %s", (what, source))


async def guesses(tx: Transaction, what: str, source: bytes) -> int:
    """How many wrong guesses of a source are counted."""
    cursor = await tx.execute(
        "SELECT tries FROM wrong_try WHERE what = %s AND source = %s", (what, source)
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def pay_guess(tx: Transaction, what: str, source: bytes, *, at: datetime) -> None:
    """Count one wrong guess."""
    await tx.execute(
        "INSERT INTO wrong_try AS kept (what, source, tries, last_at) VALUES (%s, %s, 1, %s)"
        " ON CONFLICT (what, source) DO UPDATE SET tries = kept.tries + 1, last_at = %s",
        (what, source, at, at),
    )


async def begin_guess(
    tx: Transaction, what: str, source: bytes, *, at: datetime, most: int
) -> bool:
    """Count one guess more under way; False where there are ``most`` already."""
    cursor = await tx.execute(
        "INSERT INTO wrong_try AS kept (what, source, tries, last_at) VALUES (%s, %s, 1, %s)"
        " ON CONFLICT (what, source) DO UPDATE SET tries = kept.tries + 1, last_at = %s"
        " WHERE kept.tries < %s",
        (what, source, at, at, most),
    )
    return cursor.rowcount == 1


async def end_guess(tx: Transaction, what: str, source: bytes) -> None:
    """Count one guess less under way; the last one leaves nothing behind."""
    whose = (what, source)
    await tx.execute(  # until then nobody else counts
        "SELECT FROM wrong_try WHERE what = %s AND source = %s FOR UPDATE", whose
    )
    await tx.execute("DELETE FROM wrong_try WHERE what = %s AND source = %s AND tries = 1", whose)
    await tx.execute(
        "UPDATE wrong_try SET tries = tries - 1 WHERE what = %s AND source = %s AND tries > 1",
        whose,
    )


# ---------------------------------------------------------------- registrations


async def password_hash(tx: Transaction, person_id: UUID) -> str | None:
    """The hash of a registered person's password; None without registration or password."""
    cursor = await tx.execute(
        "SELECT password_hash FROM registration WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def has_first_password(tx: Transaction, person_id: UUID) -> bool:
    """Whether a person's password is still the one that an office handed out."""
    cursor = await tx.execute(
        "SELECT first_password FROM registration WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def save_registration(
    tx: Transaction,
    person_id: UUID,
    *,
    registered_by: str,
    at: datetime,
    password_hash: str | None = None,
) -> None:
    """Register a person; who is registered keeps the first way and gets the new password."""
    await tx.execute(
        "INSERT INTO registration (person_id, password_hash, registered_by, registered_at)"
        " VALUES (%s, %s, %s, %s) ON CONFLICT (person_id) DO UPDATE"
        " SET password_hash = coalesce(excluded.password_hash, registration.password_hash),"
        " first_password = registration.first_password AND excluded.password_hash IS NULL",
        (person_id, password_hash, registered_by, at),
    )


async def set_password(tx: Transaction, person_id: UUID, password_hash: str) -> bool:
    """Replace a registered person's password by one of their own; False for anybody else."""
    return await _replace(tx, person_id, password_hash, first=False, where="true")


async def give_first_password(tx: Transaction, person_id: UUID, password_hash: str) -> bool:
    """Set an office's password for a registered person without any; False for anybody else."""
    return await _replace(tx, person_id, password_hash, first=True, where="password_hash IS NULL")


async def replace_by_first_password(tx: Transaction, person_id: UUID, password_hash: str) -> bool:
    """Set an office's password for a registered person, whatever was there."""
    return await _replace(tx, person_id, password_hash, first=True, where="true")


async def replace_first_password(
    tx: Transaction, person_id: UUID, password_hash: str, *, replaced: str | None
) -> bool:
    """Set a person's own password in place of the office's of this hash; False where it is not."""
    return await _replace(
        tx,
        person_id,
        password_hash,
        first=False,
        where="first_password AND password_hash = %(replaced)s",
        replaced=replaced,
    )


async def _replace(
    tx: Transaction,
    person_id: UUID,
    password_hash: str,
    *,
    first: bool,
    where: LiteralString,
    replaced: str | None = None,
) -> bool:
    cursor = await tx.execute(
        "UPDATE registration SET password_hash = %(kept)s, first_password = %(first)s"
        " WHERE person_id = %(person_id)s AND " + where,
        {"kept": password_hash, "first": first, "person_id": person_id, "replaced": replaced},
    )
    return cursor.rowcount == 1


# ---------------------------------------------------------------- certificates


async def bind_certificate(
    tx: Transaction, serial_number: bytes, person_id: UUID, *, at: datetime
) -> UUID:
    """Bind a certificate unless it is bound; returns whom it is bound to."""
    await tx.execute(
        "INSERT INTO certificate_binding (serial_number, person_id, bound_at)"
        " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (serial_number, person_id, at),
    )
    return await certificate_owner(tx, serial_number) or person_id


async def certificate_owner(tx: Transaction, serial_number: bytes) -> UUID | None:
    """Whom a certificate is bound to."""
    cursor = await tx.execute(
        "SELECT person_id FROM certificate_binding WHERE serial_number = %s", (serial_number,)
    )
    row = await cursor.fetchone()
    return row[0] if row else None


# ---------------------------------------------------------------- housekeeping


async def delete_older(tx: Transaction, instant: datetime) -> int:
    """Delete what was last of use before an instant."""
    deleted = 0
    for statement in (
        "DELETE FROM used_evidence WHERE used_at < %s",
        "DELETE FROM device_code WHERE expires_at < %s",
        "DELETE FROM wrong_try WHERE last_at < %s",
        "DELETE FROM ended_session WHERE over_at < %s",
    ):
        deleted += (await tx.execute(statement, (instant,))).rowcount
    return deleted
