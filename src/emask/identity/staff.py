"""Accounts of staff: made by operators, opened by a password."""

from hashlib import sha256

from argon2 import PasswordHasher

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.identity import staff_queries as queries
from emask.identity.model import StaffRole, StaffSession
from emask.identity.passwords import (
    HASHER,
    check_new_password,
    hash_password,
    password_matches,
)
from emask.identity.sessions import STAFF_LIFETIME
from emask.identity.staff_queries import StaffAccount
from emask.identity.tries import Tried, count_try, forget_tries
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

    Args:
        tx: the caller's transaction.
        username: what the member of staff types.
        password: the first password.
        role: decides what the account may do.
        site_code: the counter site, for pharmacists only.
        chain: for clerks and logistics centres.
        store_code: for clerks only.
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


async def sign_in_staff(
    db: Database, clock: Clock, *, username: str, password: str
) -> StaffSession:
    """Sign a member of staff in for a shift.

    An unknown account answers as a wrong password does, pauses included.

    Raises:
        WrongPassword, LockedOut: by their names.
    """
    now = await clock.now()
    source = sha256(username.encode()).digest()
    await count_try(db, Tried.STAFF_PASSWORD, source=source, at=now)
    async with db.transaction() as tx:
        account = await queries.account(tx, username)
    kept = account.password_hash if account else None
    matches = await password_matches(HASHER, kept=kept, password=password)
    if account is None or not matches:
        raise WrongPassword
    async with db.transaction() as tx:
        await forget_tries(tx, Tried.STAFF_PASSWORD, source=source)
    return StaffSession(
        username=username,
        role=account.role,
        site_code=account.site_code,
        chain=account.chain,
        store_code=account.store_code,
        expires_at=now + STAFF_LIFETIME,
    )
