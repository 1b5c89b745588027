"""Undoing a sale by what a pharmacy's software knows of it: the sale's own number."""

from uuid import UUID

from emask.counter import clients_queries, queries
from emask.counter.model import Sale, UnknownSale
from emask.counter.service import undo_sale
from emask.database.clock import Clock, StoppedClock
from emask.database.pool import Database, Joined, Transaction


async def undo_at_site(
    db: Database, clock: Clock, *, site_code: str, sale_id: UUID, reason: str, by: str
) -> Sale:
    """Undo a sale of a site, by whomever it was made; returns it as it is now.

    Raises:
        UnknownSale: the site has no such sale.
        TooLateToUndo, ValueError: as in :func:`emask.counter.service.undo_sale`.
    """
    stopped = StoppedClock(await clock.now())

    async def use_case(tx: Transaction) -> Sale:
        person_id = await clients_queries.person_of_sale(tx, site_code, sale_id)
        if person_id is None:
            raise UnknownSale
        await undo_sale(
            Joined(tx), stopped, person_id=person_id, sale_id=sale_id, reason=reason, by=by
        )
        sale = await queries.sale(tx, person_id, sale_id)
        if sale is None:
            raise UnknownSale
        return sale

    return await db.retrying(use_case)
