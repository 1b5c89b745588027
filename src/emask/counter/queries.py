"""The SQL of counter sales."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from emask.counter.model import Paper, Sale
from emask.database.pool import Transaction
from emask.entitlement.queries import CLAIM_COLUMNS, CLAIM_WIDTH, claim_in
from emask.rounds.queries import POLICY_COLUMNS, policy_in
from emask.rules.calendar import CounterPolicy, Product
from emask.rules.interval import Claim

_SALE = (
    "s.sale_id, s.person_id, s.site_code, s.product, s.pieces, s.sold_on, s.sold_at, s.sold_by,"
    " s.by_proxy, s.visit_id, s.paper, s.undone_at"
)


VISIT: Final = (
    "SELECT site.name, site.active, coalesce(stock.pieces, 0), p.birth_date, p.name, card.active,"
    f" {_SALE}, {', '.join(f'policy.{name}' for name in POLICY_COLUMNS)}, {CLAIM_COLUMNS}"
    " FROM counter_site site"
    " LEFT JOIN LATERAL (SELECT * FROM counter_policy WHERE valid_from <= %(day)s"
    "  ORDER BY valid_from DESC LIMIT 1) policy ON true"
    " LEFT JOIN counter_stock stock"
    "  ON stock.site_code = site.site_code AND stock.product = %(product)s"
    " LEFT JOIN person p ON p.person_id = %(person)s"
    " LEFT JOIN nhi_card card ON card.person_id = p.person_id"
    " LEFT JOIN counter_sale s ON s.person_id = p.person_id AND s.sale_id = %(sale)s"
    " LEFT JOIN claim ON claim.person_id = %(person)s"
    " LEFT JOIN round USING (round_id)"
    " WHERE site.site_code = %(site)s ORDER BY claim.during"
)
_SALE_ENDS: Final = 12
_POLICY_ENDS: Final = _SALE_ENDS + len(POLICY_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardHolder:
    """What a counter's decision needs of a person, the name still sealed."""

    birth_date: date
    name: bytes
    card_active: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A card at a counter: all that there is to know before selling, as one statement read it.

    `holder` is None when the registry does not know the person, `sale` unless a sale of the
    number that was asked for stands, `policy` before the first one. `claims` are the person's,
    the earliest first.
    """

    site_name: str
    active: bool
    in_stock: int
    holder: CardHolder | None
    sale: Sale | None
    policy: CounterPolicy | None
    claims: Sequence[Claim]


async def visit(
    tx: Transaction,
    *,
    site_code: str,
    product: Product,
    person_id: UUID,
    day: date,
    sale_id: UUID | None,
) -> Visit | None:
    """What there is to know before selling on a day; None if there is no such site."""
    cursor = await tx.execute(
        VISIT,
        {
            "site": site_code,
            "product": product,
            "person": person_id,
            "day": day,
            "sale": sale_id,
        },
    )
    rows = await cursor.fetchall()
    if not rows:
        return None
    site_name, active, in_stock, birth_date, name, card_active, *rest = rows[0]
    holder = birth_date and CardHolder(birth_date=birth_date, name=name, card_active=card_active)
    sale, policy = rest[:_SALE_ENDS], rest[_SALE_ENDS:_POLICY_ENDS]
    return Visit(
        site_name=site_name,
        active=active,
        in_stock=in_stock,
        holder=holder,
        sale=_sale(sale) if sale[0] else None,
        policy=policy_in(policy) if policy[0] else None,
        claims=[claim_in(row[-CLAIM_WIDTH:]) for row in rows if row[-CLAIM_WIDTH] is not None],
    )


SELL = (
    "WITH stock AS (UPDATE counter_stock"
    " SET pieces = pieces - %(pieces)s, changed_at = %(sold_at)s"
    " WHERE site_code = %(site_code)s AND product = %(product)s"
    " AND pieces >= %(pieces)s RETURNING site_code)"
    " INSERT INTO counter_sale (person_id, sale_id, site_code, product, pieces, sold_on, sold_at,"
    " sold_by, by_proxy, visit_id, paper)"
    " SELECT %(person_id)s, %(sale_id)s, site_code, %(product)s, %(pieces)s, %(sold_on)s,"
    " %(sold_at)s, %(sold_by)s, %(by_proxy)s, %(visit_id)s, %(paper)s FROM stock RETURNING true"
)


async def take_and_sell(tx: Transaction, sale: Sale) -> bool:
    """Take the pieces from the site's stock and write the sale; False if there are too few."""
    cursor = await tx.execute(
        SELL,
        {
            "person_id": sale.person_id,
            "sale_id": sale.sale_id,
            "site_code": sale.site_code,
            "product": sale.product,
            "pieces": sale.pieces,
            "sold_on": sale.sold_on,
            "sold_at": sale.sold_at,
            "sold_by": sale.sold_by,
            "by_proxy": sale.by_proxy,
            "visit_id": sale.visit_id,
            "paper": sale.paper,
        },
    )
    return await cursor.fetchone() is not None


COUNT_PROXY = (
    "INSERT INTO proxy_visit AS v (visit_id, began_at, adults, children)"
    " SELECT %(visit)s, %(at)s, %(adult)s, %(child)s"
    " WHERE %(adult)s <= %(adults)s AND %(child)s <= %(children)s"
    " ON CONFLICT (visit_id) DO UPDATE SET adults = v.adults + excluded.adults,"
    " children = v.children + excluded.children"
    " WHERE v.adults + excluded.adults <= %(adults)s"
    " AND v.children + excluded.children <= %(children)s RETURNING true"
)


async def count_proxy(tx: Transaction, sale: Sale, *, adults: int, children: int) -> bool:
    """Count one more other for whom a visitor acts; False beyond so many adults and children."""
    adult = sale.product is Product.ADULT_MASK
    cursor = await tx.execute(
        COUNT_PROXY,
        {
            "visit": sale.visit_id,
            "at": sale.sold_at,
            "adult": int(adult),
            "child": int(not adult),
            "adults": adults,
            "children": children,
        },
    )
    return await cursor.fetchone() is not None


async def sale(tx: Transaction, person_id: UUID, sale_id: UUID) -> Sale | None:
    """One sale of a person, undone or not."""
    cursor = await tx.execute(
        f"SELECT {_SALE} FROM counter_sale s WHERE person_id = %s AND sale_id = %s",
        (person_id, sale_id),
    )
    row = await cursor.fetchone()
    return _sale(row) if row else None


async def undo(
    tx: Transaction, person_id: UUID, sale_id: UUID, *, reason: str, at: datetime
) -> bool:
    """Mark a sale undone and put its pieces back; False if it was undone already."""
    cursor = await tx.execute(
        "WITH undone AS (UPDATE counter_sale SET undone_at = %(at)s, undo_reason = %(reason)s"
        " WHERE person_id = %(person)s AND sale_id = %(sale)s AND undone_at IS NULL"
        " RETURNING site_code, product, pieces, visit_id),"
        " visit AS (UPDATE proxy_visit v SET"
        "  adults = adults - (product = 'adult_mask')::integer,"
        "  children = children - (product = 'child_mask')::integer"
        "  FROM undone WHERE v.visit_id = undone.visit_id),"
        " stock AS (INSERT INTO counter_stock AS s (site_code, product, pieces, changed_at)"
        "  SELECT site_code, product, pieces, %(at)s FROM undone"
        "  ON CONFLICT (site_code, product) DO UPDATE"
        "  SET pieces = s.pieces + excluded.pieces, changed_at = excluded.changed_at)"
        " SELECT true FROM undone",
        {"person": person_id, "sale": sale_id, "reason": reason, "at": at},
    )
    return await cursor.fetchone() is not None


async def last_sale_since(
    tx: Transaction, site_code: str, *, day: date, since: datetime
) -> Sale | None:
    """A site's last sale from an instant on that stands; `day` is that instant's."""
    cursor = await tx.execute(
        f"SELECT {_SALE} FROM counter_sale s WHERE site_code = %s AND sold_on >= %s"
        " AND sold_at >= %s AND undone_at IS NULL ORDER BY sold_at DESC, sale_id LIMIT 1",
        (site_code, day, since),
    )
    row = await cursor.fetchone()
    return _sale(row) if row else None


async def sales_on(tx: Transaction, site_code: str, day: date) -> list[Sale]:
    """A site's sales of a day, the last one first, undone ones too."""
    cursor = await tx.execute(
        f"SELECT {_SALE} FROM counter_sale s WHERE site_code = %s AND sold_on = %s"
        " ORDER BY sold_at DESC, sale_id",
        (site_code, day),
    )
    return [_sale(row) for row in await cursor.fetchall()]


def _sale(row: Sequence[Any]) -> Sale:
    sale_id, person_id, site_code, product, pieces, sold_on, sold_at, sold_by, *rest = row
    by_proxy, visit_id, paper, undone_at = rest
    return Sale(
        sale_id=sale_id,
        person_id=person_id,
        site_code=site_code,
        product=Product(product),
        pieces=pieces,
        sold_on=sold_on,
        sold_at=sold_at,
        sold_by=sold_by,
        by_proxy=by_proxy,
        visit_id=visit_id,
        paper=Paper(paper),
        undone_at=undone_at,
    )
