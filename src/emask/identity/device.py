"""Device codes: made on the computer, entered on any phone once (A1.1-2, A5, A8, A14)."""

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity import device_queries as queries
from emask.identity.binding import BindingPermit, BoundBy
from emask.identity.decisions import check_device_code_channel
from emask.identity.model import DeviceCode, Session
from emask.identity.permits import expiry, new_permit_id
from emask.identity.service import Identity
from emask.identity.tries import Budget, Tried, count_try, within_budget
from emask.rules.refusals import DeviceCodeExpired, DeviceCodeWrong

CODE_DIGITS: Final = 12
CODE_LIFETIME: Final = timedelta(minutes=10)

OF_ALL_SOURCES: Final = Budget(Tried.DEVICE_CODE, 1000)
"""Wrong codes in each quarter of an hour, wherever they come from.

Handsets and addresses can be had by the thousand. With this many tries, and a hundred thousand
codes alive at once, one of them is hit in one quarter of ten thousand.
"""

_EVERYBODY: Final = b"whoever enters a device code"


async def issue_device_code(identity: Identity, *, session: Session) -> DeviceCode:
    """A code for a phone to take once (A14), shown as QR and as digits.

    Earlier ones of the person that no phone has taken are good no more.

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
    """A code that is nobody else's for as long as it lives, and the person's only one."""
    await queries.end_codes(tx, person_id, at=at)
    expires_at = at + CODE_LIFETIME
    while True:
        digits = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        code = _code_digest(vault, digits)
        if await queries.add_code(tx, code, person_id, at=at, expires_at=expires_at):
            return DeviceCode(digits=digits, expires_at=expires_at)


async def enter_device_code(identity: Identity, *, digits: str, handset: str) -> BindingPermit:
    """A permit to bind this phone to whoever made the code; binding uses the code up.

    Five tries pause the handset. A right one does not start the count anew: codes of one's own
    would buy any number of guesses at those of others.

    Args:
        identity: what the use cases act with.
        digits: as typed; spaces and hyphens do not count.
        handset: tells this phone's browser apart.

    Raises:
        DeviceCodeWrong: no such code, or used before.
        DeviceCodeExpired: nobody used it in time.
        LockedOut: after five tries, or when too many wrong ones came from everywhere.
        TooManyAtOnce: as `within_budget`.
    """
    now = await identity.clock.now()
    source = identity.vault.digest("device code from", handset)
    await count_try(identity.db, Tried.DEVICE_CODE, source=source, at=now)
    typed = "".join(letter for letter in unicodedata.normalize("NFKC", digits) if letter.isdigit())
    if len(typed) != CODE_DIGITS:  # can be nobody's
        raise DeviceCodeWrong
    code = _code_digest(identity.vault, typed)
    async with within_budget(identity.db, OF_ALL_SOURCES, source=_EVERYBODY, at=now):
        person_id = await _owner(identity, code, at=now)
    return BindingPermit(
        permit_id=new_permit_id(),
        expires_at=expiry(now),
        person_id=person_id,
        bound_by=BoundBy.DEVICE_CODE,
        device_code=code,
    )


async def _owner(identity: Identity, code: bytes, *, at: datetime) -> UUID:
    async with identity.db.transaction() as tx:
        person_id = await queries.code_owner(tx, code, at=at)
        if person_id is not None:
            return person_id
        ran_out = await queries.code_ran_out(tx, code, at=at)
    raise DeviceCodeExpired if ran_out else DeviceCodeWrong


def _code_digest(vault: Vault, digits: str) -> bytes:
    return vault.digest("device_code", digits)
