"""SQL of the accounts of staff."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from emask.database.pool import Transaction
from emask.identity.model import StaffRole


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAccount:
    """An account as it is kept."""

    role: StaffRole
    site_code: str | None
    chain: str | None
    store_code: str | None
    password_hash: str
    generation: int = 0
    first_password: bool = False
    ended: bool = False


async def save_account(tx: Transaction, username: str, account: StaffAccount) -> None:
    """Open an account, or replace everything about it, which ends its sessions."""
    await tx.execute(
        "INSERT INTO staff (username, password_hash, role, site_code, chain, store_code,"
        " first_password) VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (username) DO UPDATE"
        " SET password_hash = excluded.password_hash, role = excluded.role,"
        " first_password = excluded.first_password, ended_at = NULL,"
        " site_code = excluded.site_code, chain = excluded.chain,"
        " store_code = excluded.store_code, generation = staff.generation + 1,"
        " noted_by = pg_current_xact_id()",
        (
            *(username, account.password_hash, account.role),
            *(account.site_code, account.chain, account.store_code, account.first_password),
        ),
    )


async def account(tx: Transaction, username: str) -> StaffAccount | None:
    """The account of a name."""
    cursor = await tx.execute(
        "SELECT role, site_code, chain, store_code, password_hash, generation, first_password,"
        " ended_at IS NOT NULL"
        " FROM staff WHERE username = %s",
        (username,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return StaffAccount(
        role=StaffRole(row[0]),
        site_code=row[1],
        chain=row[2],
        store_code=row[3],
        password_hash=row[4],
        generation=row[5],
        first_password=row[6],
        ended=row[7],
    )


async def replace_password(
    tx: Transaction, username: str, password_hash: str, *, replaced: str, first: bool
) -> bool:
    """Put a password in another's place, which ends the sessions; False if that one is not kept."""
    cursor = await tx.execute(
        "UPDATE staff SET password_hash = %s, first_password = %s, generation = generation + 1,"
        " noted_by = pg_current_xact_id()"
        " WHERE username = %s AND password_hash = %s AND ended_at IS NULL",
        (password_hash, first, username, replaced),
    )
    return cursor.rowcount == 1


async def end(tx: Transaction, username: str, *, at: datetime) -> bool:
    """End an account and its sessions; False if there is none that has not ended."""
    cursor = await tx.execute(
        "UPDATE staff SET ended_at = %s, generation = generation + 1,"
        " noted_by = pg_current_xact_id() WHERE username = %s AND ended_at IS NULL",
        (at, username),
    )
    return cursor.rowcount == 1


class Listed(NamedTuple):
    """An account as operators see it."""

    username: str
    role: str
    site_code: str | None
    chain: str | None
    store_code: str | None
    first_password: bool
    ended: bool


async def accounts(tx: Transaction) -> list[Listed]:
    """All accounts by name."""
    cursor = await tx.execute(
        "SELECT username, role, site_code, chain, store_code, first_password,"
        " ended_at IS NOT NULL FROM staff ORDER BY username"
    )
    return [Listed(*row) for row in await cursor.fetchall()]
