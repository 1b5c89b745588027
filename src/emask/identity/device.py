"""Phones: device codes, and which person a handset signs in (A13, A14)."""

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity import device_queries as queries
from emask.identity.decisions import check_device_code_channel, check_handset_owner
from emask.identity.model import DeviceCode, Session
from emask.identity.service import Identity
from emask.rules.refusals import DeviceCodeExpired, DeviceCodeWrong, DeviceNotBound

CODE_DIGITS: Final = 8
CODE_LIFETIME: Final = timedelta(minutes=10)


async def issue_device_code(identity: Identity, *, session: Session) -> DeviceCode:
    """A code for a phone to take once (A14), shown as QR and as digits.

    Raises:
        ComputerOnly: the session was not opened on a computer.
    """
    check_device_code_channel(session)
    now = await identity.clock.now()
    async with identity.db.transaction() as tx:
        return await new_device_code(tx, identity.vault, session.person_id, at=now)


async def new_device_code(
    tx: Transaction, vault: Vault, person_id: UUID, *, at: datetime
) -> DeviceCode:
    """A code that is nobody else's for as long as it lives."""
    expires_at = at + CODE_LIFETIME
    while True:
        digits = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        code = _code_digest(vault, digits)
        if await queries.add_code(tx, code, person_id, at=at, expires_at=expires_at):
            return DeviceCode(digits=digits, expires_at=expires_at)


async def use_device_code(tx: Transaction, vault: Vault, digits: str, *, at: datetime) -> UUID:
    """The person who made the code, which is used up; spaces and hyphens do not count.

    Raises:
        DeviceCodeWrong: no such code, or used before.
        DeviceCodeExpired: nobody used it in time.
    """
    typed = "".join(letter for letter in unicodedata.normalize("NFKC", digits) if letter.isdigit())
    code = _code_digest(vault, typed)
    person_id = await queries.use_code(tx, code, at=at)
    if person_id is not None:
        return person_id
    if await queries.code_ran_out(tx, code, at=at):
        raise DeviceCodeExpired
    raise DeviceCodeWrong


def handset_digest(vault: Vault, handset: str) -> bytes:
    """What is kept of what tells a handset apart."""
    return vault.digest("handset", handset)


async def claim_own_handset(tx: Transaction, handset: bytes, *, person_id: UUID) -> None:
    """A handset belongs to the first person who proved to own its number (A13).

    Raises:
        NotOwnNumber: it is somebody else's.
    """
    check_handset_owner(await queries.claim_own_handset(tx, handset, person_id), person_id)


async def bind_device(
    tx: Transaction, handset: bytes, *, person_id: UUID, bound_by: str, at: datetime
) -> None:
    """Let a handset sign in this person, whoever it signed in before."""
    device_id = UUID(bytes=handset[:16])
    await queries.save_device(tx, person_id, device_id, handset=handset, bound_by=bound_by, at=at)


async def handset_user(tx: Transaction, handset: bytes) -> UUID:
    """Whom a handset signs in. Raises DeviceNotBound."""
    person_id = await queries.handset_user(tx, handset)
    if person_id is None:
        raise DeviceNotBound
    return person_id


def _code_digest(vault: Vault, digits: str) -> bytes:
    return vault.digest("device_code", digits)
