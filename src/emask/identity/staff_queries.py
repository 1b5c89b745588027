"""SQL of the accounts of staff."""

from dataclasses import dataclass

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


async def save_account(tx: Transaction, username: str, account: StaffAccount) -> None:
    """Open an account, or replace everything about it, which ends its sessions."""
    await tx.execute(
        "INSERT INTO staff (username, password_hash, role, site_code, chain, store_code)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (username) DO UPDATE"
        " SET password_hash = excluded.password_hash, role = excluded.role,"
        " site_code = excluded.site_code, chain = excluded.chain,"
        " store_code = excluded.store_code, generation = staff.generation + 1,"
        " noted_by = pg_current_xact_id()",
        (
            *(username, account.password_hash, account.role),
            *(account.site_code, account.chain, account.store_code),
        ),
    )


async def account(tx: Transaction, username: str) -> StaffAccount | None:
    """The account of a name."""
    cursor = await tx.execute(
        "SELECT role, site_code, chain, store_code, password_hash, generation"
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
    )
