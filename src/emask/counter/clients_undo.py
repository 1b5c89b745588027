"""Undoing a sale by what a counter knows of it: the sale's own number."""

from uuid import UUID

from emask.counter import clients_queries, queries
from emask.counter.clients_calls import ClientEnded
from emask.counter.clients_tokens import Caller
from emask.counter.model import Sale, UnknownSale
from emask.counter.service import undo_sale
from emask.database.clock import Clock, StoppedClock
from emask.database.pool import Joined, Retrying, Transaction


async def undo_by_client(
    db: Retrying, clock: Clock, caller: Caller, *, sale_id: UUID, reason: str
) -> Sale:
    """Undo a sale of a client's site, by whomever it was made; returns it as it is now.

    Raises:
        ClientEnded: the client changes nothing any more, though its token is still good.
        UnknownSale, TooLateToUndo, ValueError: as in :func:`undo_at_site`.
    """
    stopped = StoppedClock(await clock.now())  # a call has one connection

    async def use_case(tx: Transaction) -> Sale:
        if await clients_queries.client(tx, caller.client_id) is None:
            raise ClientEnded
        return await undo_at_site(
            Joined(tx),
            stopped,
            site_code=caller.site_code,
            sale_id=sale_id,
            reason=reason,
            by=caller.client_id,
        )

    return await db.retrying(use_case)


async def undo_at_site(
    db: Retrying, clock: Clock, *, site_code: str, sale_id: UUID, reason: str, by: str
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
