"""The SQL of sales that counters make without a line."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from emask.counter.model import Sale
from emask.counter.queries import CardHolder
from emask.database.pool import Transaction
from emask.rules.calendar import Product

_LIKELY_HERE = """
    WITH here AS (
        SELECT site_code, county, town FROM counter_site WHERE site_code = %(site)s
    ), sites AS (
        SELECT there.site_code FROM counter_site there, here
        WHERE there.site_code = here.site_code
           OR (here.town <> '' AND (there.county, there.town) = (here.county, here.town))
    ), barred AS (
        SELECT claim.person_id FROM sites
        JOIN counter_sale sale USING (site_code)
        JOIN claim USING (person_id, sale_id)
        WHERE sale.sold_on > %(day)s - 60 AND claim.during @> %(day)s::date
        UNION
        SELECT claim.person_id FROM here
        JOIN store ON (store.county, store.town) = (here.county, here.town)
        JOIN round ON round.pickup_until > %(day)s - 60
        JOIN parcel ON parcel.round_id = round.round_id
         AND parcel.chain = store.chain AND parcel.store_code = store.store_code
        JOIN claim ON claim.person_id = parcel.person_id AND claim.round_id = parcel.round_id
        WHERE claim.during && daterange(%(day)s, %(day)s + 1 + round.interval_days)
          AND (lower(claim.during) <= %(day)s + 1 OR claim.collected
               OR round.pickup_until <= %(day)s + round.interval_days)
    )
    SELECT person_id, id_number FROM barred JOIN person USING (person_id)
"""
"""Claims that bar a person today, or a pre-order's that will tomorrow or would lose its last day.

No interval or collection goes on for sixty days; it keeps old sales out of sight.
"""


async def likely_here(tx: Transaction, site_code: str, day: date) -> list[tuple[UUID, bytes]]:
    """Who may not buy and bought, or has a pack waiting, in the site's town: sealed ID numbers."""
    cursor = await tx.execute(_LIKELY_HERE, {"site": site_code, "day": day})
    return [(person_id, number) for person_id, number in await cursor.fetchall()]


TAKE_IN = (
    "INSERT INTO offline_sale (sale_id, site_code, list_id, sent_by, received_at, refusal)"
    " SELECT sale_id, %s, %s, %s, %s, 'not_judged' FROM unnest(%s::uuid[]) AS sale_id"
    " ORDER BY sale_id ON CONFLICT DO NOTHING RETURNING sale_id"
)


async def take_in(
    tx: Transaction,
    sale_ids: Collection[UUID],
    *,
    site_code: str,
    list_id: UUID,
    by: str,
    at: datetime,
) -> set[UUID]:
    """Note sales that came in; those that had not come before. Waits for whoever notes one too."""
    cursor = await tx.execute(TAKE_IN, (site_code, list_id, by, at, list(sale_ids)))
    return {sale_id for (sale_id,) in await cursor.fetchall()}


async def outcomes(
    tx: Transaction, site_code: str, sale_ids: Collection[UUID]
) -> dict[UUID, str | None]:
    """How sales of a site were judged: None for a sale, the rule for a conflict."""
    cursor = await tx.execute(
        "SELECT sale_id, refusal FROM offline_sale WHERE site_code = %s AND sale_id = ANY(%s)",
        (site_code, list(sale_ids)),
    )
    return dict(await cursor.fetchall())


HOLD_LIST = "SELECT pg_advisory_xact_lock(hashtextextended('offline list ' || %s, 0))"


async def taken_on(tx: Transaction, list_id: UUID) -> int:
    """How many sales came in on a list; until the transaction ends nobody else takes more in."""
    await tx.execute(HOLD_LIST, (str(list_id),))
    cursor = await tx.execute("SELECT count(*) FROM offline_sale WHERE list_id = %s", (list_id,))
    row = await cursor.fetchone()
    return row[0] if row else 0


async def holders(tx: Transaction, people: Collection[UUID]) -> dict[UUID, CardHolder]:
    """What is known of people, by person."""
    cursor = await tx.execute(
        "SELECT person_id, birth_date, name, active FROM person"
        " LEFT JOIN nhi_card USING (person_id) WHERE person_id = ANY(%s)",
        (list(people),),
    )
    return {
        person_id: CardHolder(birth_date=born, name=name, card_active=active)
        for person_id, born, name, active in await cursor.fetchall()
    }


async def sold_already(
    tx: Transaction, sales: Sequence[tuple[UUID, UUID]], *, site_code: str
) -> dict[UUID, bool]:
    """Which of these sales, by person and number, were made before the counter's line broke.

    False for one that was undone since, or that another site made.
    """
    people, numbers = [person for person, _ in sales], [number for _, number in sales]
    cursor = await tx.execute(
        "SELECT sale_id, undone_at IS NULL AND site_code = %s"
        " FROM counter_sale JOIN unnest(%s::uuid[], %s::uuid[])"
        " AS asked (person_id, sale_id) USING (person_id, sale_id)",
        (site_code, people, numbers),
    )
    return dict(await cursor.fetchall())


async def write_sales(tx: Transaction, sales: Sequence[Sale]) -> None:
    """Write sales; their stock is another matter."""
    rows = [
        (
            *(sale.person_id, sale.sale_id, sale.site_code, sale.product, sale.pieces),
            *(sale.sold_on, sale.sold_at, sale.sold_by, sale.by_proxy, sale.visit_id, sale.paper),
        )
        for sale in sales
    ]
    if not rows:
        return
    await tx.execute(
        "INSERT INTO counter_sale (person_id, sale_id, site_code, product, pieces, sold_on,"
        " sold_at, sold_by, by_proxy, visit_id, paper)"
        " SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::text[], %s::integer[],"
        " %s::date[], %s::timestamptz[], %s::text[], %s::boolean[], %s::uuid[], %s::text[])",
        [list(column) for column in zip(*rows, strict=True)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A sale as it came in, and the rule that it broke, if any; what could not be read is None.

    `made_before`: the counter had made it already, and taken its pieces, before its line broke.
    """

    sale_id: UUID
    refusal: str | None
    made_before: bool = False
    person_id: UUID | None = None
    product: Product | None = None
    pieces: int = 0
    sold_at: datetime | None = None


async def write_outcomes(tx: Transaction, judged: Sequence[Judged]) -> None:
    """Write how sales that were taken in are judged."""
    rows = [
        (each.sale_id, each.refusal, each.person_id, each.product, each.pieces, each.sold_at)
        for each in judged
    ]
    await tx.execute(
        "UPDATE offline_sale SET refusal = judged.refusal, person_id = judged.person_id,"
        " product = judged.product, pieces = judged.pieces, sold_at = judged.sold_at"
        " FROM unnest(%s::uuid[], %s::text[], %s::uuid[], %s::text[], %s::integer[],"
        " %s::timestamptz[]) AS judged (sale_id, refusal, person_id, product, pieces, sold_at)"
        " WHERE offline_sale.sale_id = judged.sale_id",
        [list(column) for column in zip(*rows, strict=True)],
    )


async def take_from_stock(
    tx: Transaction, site_code: str, gone: Mapping[Product, int], *, at: datetime
) -> dict[Product, int]:
    """Take what is gone from a site's stock, as far as it goes; the pieces that it lacked."""
    if not gone:
        return {}
    cursor = await tx.execute(
        "WITH gone AS (SELECT * FROM unnest(%(products)s::text[], %(pieces)s::integer[])"
        "  AS gone (product, pieces)),"
        " taken AS (UPDATE counter_stock stock"
        "  SET pieces = greatest(0, stock.pieces - gone.pieces), changed_at = %(at)s FROM gone"
        "  WHERE stock.site_code = %(site)s AND stock.product = gone.product"
        "  RETURNING stock.product, old.pieces AS were)"
        " SELECT gone.product, gone.pieces - coalesce(taken.were, 0) FROM gone"
        " LEFT JOIN taken USING (product) WHERE gone.pieces > coalesce(taken.were, 0)",
        {
            "site": site_code,
            "products": list(gone),
            "pieces": list(gone.values()),
            "at": at,
        },
    )
    return {Product(product): pieces for product, pieces in await cursor.fetchall()}
