"""Accounts of staff: made by operators, opened by a password."""

from datetime import datetime
from hashlib import sha256

from argon2 import PasswordHasher

from emask.database.audit_log import record
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.identity import session_queries
from emask.identity import staff_queries as queries
from emask.identity.ended_sessions import EndedSessions
from emask.identity.first_password import as_handed_out
from emask.identity.model import StaffRole, StaffSession
from emask.identity.passwords import (
    HASHER,
    check_new_password,
    hash_password,
    password_matches,
)
from emask.identity.sessions import STAFF_LIFETIME, new_session_id
from emask.identity.staff_queries import StaffAccount
from emask.identity.tries import PER_ACCOUNT, Tried, count_try, forget_tries, within_budget
from emask.rules.refusals import WrongPassword


async def add_staff(
    tx: Transaction,
    *,
    username: str,
    password: str,
    role: StaffRole,
    site_code: str | None = None,
    chain: str | None = None,
    store_code: str | None = None,
    hasher: PasswordHasher = HASHER,
) -> None:
    """Open an account; one that exists gets the new password, role and place.

    Sessions that it has end with the transaction, about a second later in running processes.

    Args:
        tx: the caller's transaction.
        username: what the member of staff types.
        password: the first password.
        role: decides what the account may do.
        site_code: the counter site, for pharmacists only.
        chain: for clerks, kiosks and logistics centres.
        store_code: for clerks and kiosks only.
        hasher: rehearsals and tests may pass one that costs less.

    Raises:
        InvalidEntry: the password is too short or too long.
        psycopg.errors.IntegrityError: the place is unknown, or not one for the role.
    """
    check_new_password(password)
    account = StaffAccount(
        role=role,
        site_code=site_code,
        chain=chain,
        store_code=store_code,
        password_hash=await hash_password(hasher, password),
    )
    await queries.save_account(tx, username, account)


class FirstPassword(Exception):
    """The password is the one that an operator handed out: another has to be chosen first."""


async def check_password(
    db: Database, *, username: str, password: str, address: bytes, at: datetime
) -> StaffAccount:
    """The account that a password opens; wrong ones are counted.

    Raises:
        WrongPassword, LockedOut, TooManyAtOnce: by their names.
    """
    whose = sha256(username.encode()).digest()
    source = sha256(whose + address).digest()
    async with within_budget(db, PER_ACCOUNT, source=whose, at=at):
        await count_try(db, Tried.STAFF_PASSWORD, source=source, at=at)
        async with db.transaction() as tx:
            account = await queries.account(tx, username)
        kept = account.password_hash if account and not account.ended else None
        typed = as_handed_out(password) if account and account.first_password else password
        matches = await password_matches(HASHER, kept=kept, password=typed)
        if account is None or not matches:
            raise WrongPassword
    async with db.transaction() as tx:
        await forget_tries(tx, Tried.STAFF_PASSWORD, source=source)
    return account


async def sign_in_staff(
    db: Database, clock: Clock, *, username: str, password: str, address: bytes = b""
) -> StaffSession:
    """Sign a member of staff in for a shift, which the audit log tells.

    An unknown account answers as a wrong password does, pauses included. Five wrong tries pause
    the account at the address that they came from, so that others keep nobody from work.

    Args:
        db: where accounts are kept.
        clock: what time it is.
        username: as typed.
        password: as typed.
        address: digest of where the request comes from.

    Raises:
        WrongPassword, LockedOut, TooManyAtOnce: by their names.
        FirstPassword: it is right, and opens nothing but the choice of another.
    """
    now = await clock.now()
    account = await check_password(
        db, username=username, password=password, address=address, at=now
    )
    if account.first_password:
        raise FirstPassword
    session_id = new_session_id()
    async with db.transaction() as tx:
        await _record_shift(tx, username, "sign_in", session_id, at=now)
    return StaffSession(
        username=username,
        role=account.role,
        site_code=account.site_code,
        chain=account.chain,
        store_code=account.store_code,
        session_id=session_id,
        generation=account.generation,
        expires_at=now + STAFF_LIFETIME,
    )


async def sign_out_staff(
    db: Database, clock: Clock, ended: EndedSessions, *, session: StaffSession
) -> None:
    """End a shift: no copy of its token is good any more. Again, it changes nothing."""
    now = await clock.now()
    async with db.transaction() as tx:
        if await session_queries.end_session(tx, session.session_id, over_at=session.expires_at):
            await _record_shift(tx, session.username, "sign_out", session.session_id, at=now)
    ended.note_session(session.session_id)


async def _record_shift(
    tx: Transaction, username: str, act: str, session_id: str, *, at: datetime
) -> None:
    await record(tx, at=at, actor=username, act=act, subject=username, detail={"shift": session_id})
