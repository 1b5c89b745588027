"""The counter: may this card buy, sell to it, undo a sale (B7, B9, B10, B17)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from emask.counter import queries, site_queries
from emask.counter.model import Answer, Paper, Sale, TooLateToUndo, UnknownSale, UnknownSite
from emask.counter.queries import Visit
from emask.counter.why import Case, Shelf, pieces_for, verdict
from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Reading, Retrying, Transaction
from emask.database.vault import Vault
from emask.entitlement import service as entitlement
from emask.entitlement.deferrals import announce_moves, announce_return
from emask.rounds.service import NoPolicy
from emask.rules.calendar import CounterPolicy, Product, day_in_taipei
from emask.rules.interval import Claim
from emask.rules.people import last_digit, masked_name, normalise_id
from emask.rules.refusals import OutOfStock, ProxyLimit, SaleNumberUsed

UNDO_WITHIN = timedelta(minutes=5)
"""How long after a sale it can be undone."""


async def check(
    db: Reading,
    clock: Clock,
    vault: Vault,
    *,
    site_code: str,
    id_number: str,
    product: Product,
    paper: Paper = Paper.NHI_CARD,
) -> Answer:
    """Whether a card may buy a product at a site now; reads only. `paper` is as in :func:`sell`.

    Raises:
        UnknownSite: there is none of this code.
        InvalidEntry: the ID number on the card is none.
    """
    number = normalise_id(id_number)
    person_id = vault.person_id(number)
    day = day_in_taipei(await clock.now())
    async with db.connection() as tx:
        visit = await _visit(tx, site_code, product, person_id, day=day, sale_id=None)
        case = _case(visit, number=number, product=product, day=day, paper=paper)
        found = await verdict(tx, case, person_id=person_id, claims=visit.claims)
    if visit.holder is None or not visit.active:  # who sells nothing needs to know nobody
        return Answer(pieces=0, refusal=found.refusal, masked_name=None, birth_year=None)
    name = vault.open(visit.holder.name, person_id=person_id, field="name")
    return Answer(
        pieces=found.pieces,
        refusal=found.refusal,
        masked_name=masked_name(name),
        birth_year=visit.holder.birth_date.year,
    )


async def sell(
    db: Retrying,
    clock: Clock,
    vault: Vault,
    *,
    site_code: str,
    id_number: str,
    product: Product,
    sold_by: str,
    by_proxy: bool = False,
    visit_id: UUID | None = None,
    paper: Paper = Paper.NHI_CARD,
    sale_id: UUID | None = None,
) -> Sale:
    """Sell a product to a card: its pieces, its days, and notice of a deferred pre-order (B10).

    Args:
        db: the database, or what the sale is to be part of.
        clock: tells the day of the sale.
        vault: finds the person of an ID number.
        site_code: the pharmacy or health centre.
        id_number: as read from the card.
        product: adult or child masks.
        sold_by: the staff account.
        by_proxy: a relative brought the card.
        visit_id: the same for all cards that one visitor brings; for how many others a visitor
            may act is counted by it.
        paper: what showed who the buyer is; whoever has no card shows another one.
        sale_id: the terminal's own number of the sale; sent again, it gets the same sale.

    Raises:
        UnknownSite, InvalidEntry: as in :func:`check`.
        SaleNumberUsed: what was sold under the number is undone, or is something else.
        Refusal: the first that applies of site, person and card, product, odd or even day,
            stock, claims, what would void a paid pre-order, and how many others a visitor acts for.
    """
    number = normalise_id(id_number)
    person_id = vault.person_id(number)
    own_id = sale_id or uuid4()
    now = await clock.now()
    day = day_in_taipei(now)

    async def use_case(tx: Transaction) -> Sale:
        visit = await _visit(tx, site_code, product, person_id, day=day, sale_id=own_id)
        if visit.sale:
            return _same(visit.sale, site_code, product)
        case = _case(visit, number=number, product=product, day=day, paper=paper)
        sale = Sale(
            sale_id=own_id,
            person_id=person_id,
            site_code=site_code,
            product=product,
            pieces=pieces_for(case),
            sold_on=day,
            sold_at=now,
            sold_by=sold_by,
            by_proxy=by_proxy,
            visit_id=visit_id if by_proxy else None,
            paper=paper,
        )
        async with tx.pipeline():  # on their way together: most sales move nothing
            await _claim(tx, sale, visit.claims, interval_days=case.policy.interval_days)
            await _count_proxy(tx, sale, case.policy)
            sold = await queries.take_and_sell(tx, sale)
        if not sold:
            raise OutOfStock(site_name=visit.site_name)
        return sale

    return await db.retrying(use_case)


async def undo_sale(
    db: Retrying, clock: Clock, *, person_id: UUID, sale_id: UUID, reason: str, by: str
) -> None:
    """Undo a sale within five minutes: its pieces, its days and what it deferred come back.

    Undoing it again changes nothing. The reason stays with the sale, not in the audit log.

    Raises:
        UnknownSale: this person has no such sale.
        TooLateToUndo: it is over five minutes old.
        ValueError: no reason is given.
    """
    if not reason.strip():
        raise ValueError("reason: say why the sale is undone")
    now = await clock.now()

    async def use_case(tx: Transaction) -> None:
        sale = await queries.sale(tx, person_id, sale_id)
        if sale is None:
            raise UnknownSale
        if sale.undone_at is None and now - sale.sold_at > UNDO_WITHIN:
            raise TooLateToUndo
        if not await queries.undo(tx, person_id, sale_id, reason=reason, at=now):
            return
        await _give_days_back(tx, sale, now)
        detail = {"sale_id": str(sale_id), "site_code": sale.site_code, "pieces": sale.pieces}
        await audit_log.record(
            tx, at=now, actor=by, act="undo_sale", subject=str(person_id), detail=detail
        )

    await db.retrying(use_case)


async def receive_stock(tx: Transaction, *, site_code: str, product: Product, pieces: int) -> None:
    """Enter stock from which a site begins to sell.

    Raises:
        UnknownSite: there is none of this code.
        ValueError: fewer than one piece.
    """
    if pieces < 1:
        raise ValueError("pieces: enter at least one")
    if not await site_queries.add_stock(tx, site_code, product, pieces):
        raise UnknownSite(site_code)


async def stock_of(tx: Transaction, site_code: str) -> dict[Product, int]:
    """The pieces that a site has left of each product, 0 of what it never had."""
    return dict.fromkeys(Product, 0) | await site_queries.stock(tx, site_code)


async def sales_today(tx: Transaction, *, site_code: str, today: date) -> list[Sale]:
    """A site's sales of a day, the last one first; undone ones are told as such."""
    return await queries.sales_on(tx, site_code, today)


async def undoable_sale(tx: Transaction, *, site_code: str, now: datetime) -> Sale | None:
    """A site's last sale, while it can be undone."""
    since = now - UNDO_WITHIN
    return await queries.last_sale_since(tx, site_code, day=day_in_taipei(since), since=since)


async def _visit(
    tx: Transaction,
    site_code: str,
    product: Product,
    person_id: UUID,
    *,
    day: date,
    sale_id: UUID | None,
) -> Visit:
    visit = await queries.visit(
        tx, site_code=site_code, product=product, person_id=person_id, day=day, sale_id=sale_id
    )
    if visit is None:
        raise UnknownSite(site_code)
    return visit


def _case(visit: Visit, *, number: str, product: Product, day: date, paper: Paper) -> Case:
    if visit.policy is None:
        raise NoPolicy(f"no counter policy is in force on {day}")
    return Case(
        holder=visit.holder,
        last_digit=last_digit(number),
        policy=visit.policy,
        product=product,
        day=day,
        paper=paper,
        shelf=Shelf(site_name=visit.site_name, active=visit.active, pieces=visit.in_stock),
    )


def _same(sale: Sale, site_code: str, product: Product) -> Sale:
    """A sale that is sent again. One that was undone gave its days back: it counts no more."""
    if sale.undone_at or (sale.site_code, sale.product) != (site_code, product):
        raise SaleNumberUsed
    return sale


async def _claim(
    tx: Transaction, sale: Sale, claims: Sequence[Claim], *, interval_days: int
) -> None:
    change = await entitlement.claim_counter_sale_after(
        tx,
        claims,
        person_id=sale.person_id,
        sale_id=sale.sale_id,
        day=sale.sold_on,
        interval_days=interval_days,
    )
    # B10: its owner is told the new first day
    await announce_moves(tx, person_id=sale.person_id, moves=change.moves, at=sale.sold_at)


async def _count_proxy(tx: Transaction, sale: Sale, policy: CounterPolicy) -> None:
    adults, children = policy.proxy_adults, policy.proxy_children
    if sale.visit_id and not await queries.count_proxy(tx, sale, adults=adults, children=children):
        raise ProxyLimit(adults=adults, children=children)


async def _give_days_back(tx: Transaction, sale: Sale, now: datetime) -> None:
    back = await entitlement.undo_counter_sale(tx, person_id=sale.person_id, sale_id=sale.sale_id)
    await announce_return(tx, person_id=sale.person_id, moves=back, at=now)
