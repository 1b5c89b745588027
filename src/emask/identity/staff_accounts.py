"""Accounts of staff as operators make, change and end them; each act is in the audit log.

Whoever gets an account gets a first password with it, which opens nothing but the choice of
another: nobody but its owner knows what opens an account.
"""

import hmac
from dataclasses import asdict, dataclass

from emask.database.audit_log import record
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.identity import staff_queries as queries
from emask.identity.model import StaffRole
from emask.identity.passwords import HASHER, check_new_password, hash_password
from emask.identity.staff import check_password
from emask.identity.staff_queries import Listed, StaffAccount
from emask.rules.people import InvalidEntry
from emask.rules.refusals import WrongPassword


class UnknownAccount(LookupError):
    """There is no account of this name that has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOf:
    """What an account is for, and the place that it is limited to."""

    role: StaffRole
    site_code: str | None = None
    chain: str | None = None
    store_code: str | None = None


async def open_account(
    db: Database, clock: Clock, *, username: str, of: AccountOf, first: str, by: str
) -> None:
    """Open an account with a first password; one that exists is changed, and its sessions end.

    Raises:
        psycopg.errors.IntegrityError: the place is unknown, or not one for the role.
    """
    account = StaffAccount(
        role=of.role,
        site_code=of.site_code,
        chain=of.chain,
        store_code=of.store_code,
        password_hash=await hash_password(HASHER, first),
        first_password=True,
    )
    async with db.transaction() as tx:
        await queries.save_account(tx, username, account)
        await record(
            tx,
            at=await clock.now(),
            actor=by,
            act="open_account",
            subject=username,
            detail=asdict(of),
        )


async def hand_out_password(
    db: Database, clock: Clock, *, username: str, first: str, by: str
) -> None:
    """Put a new first password in the place of what an account has. Raises UnknownAccount."""
    kept = await hash_password(HASHER, first)
    async with db.transaction() as tx:
        account = await queries.account(tx, username)
        if account is None or not await queries.replace_password(
            tx, username, kept, replaced=account.password_hash, first=True
        ):
            raise UnknownAccount
        await record(
            tx, at=await clock.now(), actor=by, act="hand_out_password", subject=username, detail={}
        )


async def end_account(db: Database, clock: Clock, *, username: str, by: str) -> None:
    """End an account: nobody signs in with it, and its sessions are over. Raises UnknownAccount."""
    now = await clock.now()
    async with db.transaction() as tx:
        if not await queries.end(tx, username, at=now):
            raise UnknownAccount
        await record(tx, at=now, actor=by, act="end_account", subject=username, detail={})


async def staff_accounts(tx: Transaction) -> list[Listed]:
    """All accounts by name, those that have ended too."""
    return await queries.accounts(tx)


async def choose_staff_password(
    db: Database, clock: Clock, *, username: str, password: str, new: str, address: bytes = b""
) -> None:
    """Put a password of one's own in the place of the one that is kept, a first one or not.

    Raises:
        InvalidEntry: the new one is too short, too long, or "unchanged".
        WrongPassword, LockedOut, TooManyAtOnce: as at sign-in.
    """
    check_new_password(new)
    if hmac.compare_digest(password.encode(), new.encode()):
        raise InvalidEntry("password", "unchanged")
    now = await clock.now()
    account = await check_password(
        db, username=username, password=password, address=address, at=now
    )
    kept = await hash_password(HASHER, new)
    async with db.transaction() as tx:
        if not await queries.replace_password(
            tx, username, kept, replaced=account.password_hash, first=False
        ):
            raise WrongPassword
        await record(tx, at=now, actor=username, act="choose_password", subject=username, detail={})
