"""What came of sales without a line that were none: somebody looks into each, and says how."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.rules.calendar import Product
from emask.rules.people import masked_name


class NothingToSettle(LookupError):
    """There is no such conflict, or it is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A sale that broke a rule; of who bought no more than a masked name and a year.

    What could not be read has no product and no time, who is in no registry no name.
    """

    sale_id: UUID
    site_code: str
    site_name: str
    sold_at: datetime | None
    received_at: datetime
    product: Product | None
    pieces: int
    refusal: str
    masked_name: str | None
    birth_year: int | None


async def open_conflicts(tx: Transaction, vault: Vault, *, limit: int) -> list[Conflict]:
    """Conflicts that nobody has settled, the oldest first."""
    cursor = await tx.execute(
        "SELECT sale_id, site_code, site.name, sold_at, received_at, product, pieces, refusal,"
        " person.person_id, person.name, person.birth_date"
        " FROM offline_sale JOIN counter_site site USING (site_code)"
        " LEFT JOIN person USING (person_id)"
        " WHERE refusal IS NOT NULL AND settled_at IS NULL"
        " ORDER BY received_at, sale_id LIMIT %s",
        (limit,),
    )
    found = []
    for (
        sale_id,
        code,
        site,
        sold,
        received,
        product,
        pieces,
        refusal,
        *person,
    ) in await cursor.fetchall():
        person_id, name, born = person
        known = person_id and vault.open(name, person_id=person_id, field="name")
        conflict = Conflict(
            sale_id=sale_id,
            site_code=code,
            site_name=site,
            sold_at=sold,
            received_at=received,
            product=Product(product) if product else None,
            pieces=pieces,
            refusal=refusal,
            masked_name=masked_name(known) if known else None,
            birth_year=born.year if born else None,
        )
        found.append(conflict)
    return found


async def settle_conflict(
    db: Database, clock: Clock, *, sale_id: UUID, reason: str, by: str
) -> None:
    """Take a conflict off the list.

    Args:
        db: the database.
        clock: tells when.
        sale_id: which.
        reason: what was done about it, naming nobody; it stands in the audit log.
        by: the operator.

    Raises:
        NothingToSettle: somebody else has, or there is none.
        ValueError: no reason is given.
    """
    if not reason.strip():
        raise ValueError("reason: say what was done")
    now = await clock.now()
    async with db.transaction() as tx:
        cursor = await tx.execute(
            "UPDATE offline_sale SET settled_at = %s, settled_by = %s, settle_reason = %s"
            " WHERE sale_id = %s AND refusal IS NOT NULL AND settled_at IS NULL"
            " RETURNING refusal",
            (now, by, reason, sale_id),
        )
        settled = await cursor.fetchone()
        if settled is None:
            raise NothingToSettle
        detail = {"refusal": settled[0], "reason": reason}
        await audit_log.record(
            tx, at=now, actor=by, act="settle_conflict", subject=str(sale_id), detail=detail
        )
