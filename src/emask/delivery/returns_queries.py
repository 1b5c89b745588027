"""The SQL of bags that come back to the centres, and of the stock they make."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import dict_row

from emask.database.pool import Transaction
from emask.rounds.model import Chain


class Bags(NamedTuple):
    """The bags of a round at one store, or one of them by its number."""

    round_id: str
    chain: Chain
    store_code: str
    bag: int = 0


_INTO_STOCK = (
    " INSERT INTO centre_stock AS c (chain, round_id, packs)"
    " SELECT chain, round_id, count(*) FROM back GROUP BY chain, round_id"
    " ON CONFLICT (chain, round_id) DO UPDATE SET packs = c.packs + excluded.packs"
)


_BEFORE_SHIPMENTS = "LOCK TABLE parcel IN ROW EXCLUSIVE MODE"  # as packing takes them, in turn


async def hold_store(tx: Transaction, which: Bags) -> None:
    """Let no other bag of a store be noted until this transaction ends."""
    await tx.execute(_BEFORE_SHIPMENTS)
    await tx.execute(
        "SELECT FROM shipment WHERE round_id = %(round_id)s AND chain = %(chain)s"
        " AND store_code = %(store_code)s FOR UPDATE",
        which._asdict(),
    )


async def count_back(tx: Transaction, which: Bags, *, packs: int, at: datetime) -> None:
    """Put so many forfeited bags of a store back into their centre's stock.

    Nobody tells which they are: those of the lowest numbers stand for them, and one that its chain
    has lost only if no other is left, for its money may go back.
    """
    await tx.execute(
        "WITH those AS (SELECT p.person_id FROM parcel p JOIN orders o USING (person_id, round_id)"
        "  WHERE p.round_id = %(round_id)s AND p.chain = %(chain)s"
        "  AND p.store_code = %(store_code)s AND o.state = 'forfeited' AND p.returned_at IS NULL"
        "  ORDER BY EXISTS (SELECT FROM consignment c WHERE c.person_id = p.person_id"
        "   AND c.round_id = p.round_id AND c.state = 'lost'), p.bag_number"
        "  LIMIT %(packs)s FOR UPDATE),"
        " back AS (UPDATE parcel p SET returned_at = %(at)s, counted = true FROM those"
        "  WHERE p.person_id = those.person_id AND p.round_id = %(round_id)s"
        "  RETURNING p.chain, p.round_id)" + _INTO_STOCK,
        which._asdict() | {"packs": packs, "at": at},
    )


async def counted(tx: Transaction, which: Bags) -> int:
    """How many bags of a store came back without anybody's telling which."""
    cursor = await tx.execute(
        "SELECT count(*) FROM parcel WHERE round_id = %(round_id)s AND chain = %(chain)s"
        " AND store_code = %(store_code)s AND counted",
        which._asdict(),
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def count_off(tx: Transaction, which: Bags, *, packs: int) -> None:
    """Take so many bags, that were counted and are not there, out of their centre's stock."""
    await tx.execute(
        "WITH those AS (SELECT person_id FROM parcel"
        "  WHERE round_id = %(round_id)s AND chain = %(chain)s AND store_code = %(store_code)s"
        "  AND counted ORDER BY bag_number DESC LIMIT %(packs)s FOR UPDATE),"
        " gone AS (UPDATE parcel p SET returned_at = NULL, counted = false FROM those"
        "  WHERE p.person_id = those.person_id AND p.round_id = %(round_id)s"
        "  RETURNING p.person_id)"
        " UPDATE centre_stock SET packs = packs - (SELECT count(*) FROM gone)"
        " WHERE chain = %(chain)s AND round_id = %(round_id)s",
        which._asdict() | {"packs": packs},
    )


# Which bags are back is told of `told`. As many as were counted at their store are those that were
# counted: each takes the place of one that stood for it. Only what is beyond them is new.
_NAMED = (
    " absent AS (SELECT *, row_number() OVER (PARTITION BY round_id, chain, store_code) AS nth"
    "  FROM told WHERE NOT counted),"
    " stand_in AS (SELECT p.*, row_number() OVER ("
    "   PARTITION BY p.round_id, p.chain, p.store_code ORDER BY p.bag_number DESC) AS nth"
    "  FROM parcel p JOIN (SELECT DISTINCT round_id, chain, store_code FROM told) store"
    "   USING (round_id, chain, store_code) WHERE p.counted AND NOT EXISTS ("
    "   SELECT FROM told WHERE told.person_id = p.person_id AND told.round_id = p.round_id)),"
    " freed AS (UPDATE parcel p SET returned_at = NULL, counted = false"
    "  FROM stand_in s JOIN absent a ON a.round_id = s.round_id AND a.chain = s.chain"
    "   AND a.store_code = s.store_code AND a.nth = s.nth"
    "  WHERE p.person_id = s.person_id AND p.round_id = s.round_id"
    "  RETURNING p.chain, p.round_id),"
    " named AS (UPDATE parcel p SET returned_at = coalesce(p.returned_at, %(at)s),"
    "  counted = false FROM told"
    "  WHERE p.person_id = told.person_id AND p.round_id = told.round_id),"
    " new AS (SELECT chain, round_id, sum(packs) AS packs FROM ("
    "   SELECT chain, round_id, 1 AS packs FROM absent"
    "   UNION ALL SELECT chain, round_id, -1 FROM freed) moved"
    "  GROUP BY chain, round_id),"
    " stocked AS (INSERT INTO centre_stock AS c (chain, round_id, packs)"
    "  SELECT chain, round_id, packs FROM new WHERE packs > 0"
    "  ON CONFLICT (chain, round_id) DO UPDATE SET packs = c.packs + excluded.packs)"
    " SELECT (SELECT count(*) FROM told), coalesce((SELECT sum(packs) FROM new), 0)::bigint"
)


class Named(NamedTuple):
    """The bags that are back as they were told one by one, and how many nobody had counted."""

    told: int
    new: int


async def bring_back(tx: Transaction, which: Bags, *, at: datetime) -> Named:
    """Put one bag back into its centre's stock, if it was given up or its money given back."""
    cursor = await tx.execute(
        "WITH told AS (SELECT p.person_id, p.round_id, p.chain, p.store_code, p.counted"
        "  FROM parcel p JOIN orders o USING (person_id, round_id)"
        "  WHERE p.round_id = %(round_id)s AND p.chain = %(chain)s"
        "  AND p.store_code = %(store_code)s AND p.bag_number = %(bag)s"
        "  AND (o.state = 'forfeited' OR o.state = 'cancelled'"  # it turned up
        "   AND p.hold IS DISTINCT FROM 'short')"
        "  AND (p.returned_at IS NULL OR p.counted) FOR UPDATE)," + _NAMED,
        which._asdict() | {"at": at},
    )
    row = await cursor.fetchone()
    return Named(*row) if row else Named(0, 0)


async def is_back(tx: Transaction, which: Bags) -> bool:
    """Whether a bag came back before."""
    cursor = await tx.execute(
        "SELECT FROM parcel WHERE round_id = %(round_id)s AND chain = %(chain)s"
        " AND store_code = %(store_code)s AND bag_number = %(bag)s AND returned_at IS NOT NULL",
        which._asdict(),
    )
    return await cursor.fetchone() is not None


# A message from before the last day of collection is of an earlier way.
_TOLD = (
    " FROM consignment c JOIN parcel p USING (person_id, round_id)"
    " JOIN orders o USING (person_id, round_id) JOIN round r USING (round_id)"
    " WHERE c.returned_at IS NOT NULL"
    " AND c.returned_at >= (coalesce(p.reopened_until, r.pickup_until) + 1)::timestamp"
    "  AT TIME ZONE 'Asia/Taipei'"
    " AND o.state = 'forfeited' AND (p.returned_at IS NULL OR p.counted)"
)


async def hold_told(tx: Transaction) -> bool:
    """As :func:`hold_store`, of which chains' messages tell that bags turned back; if any."""
    await tx.execute(_BEFORE_SHIPMENTS)
    cursor = await tx.execute(
        "SELECT FROM shipment WHERE (round_id, chain, store_code) IN ("
        "  SELECT round_id, p.chain, p.store_code" + _TOLD + ")"
        " ORDER BY round_id, chain, store_code FOR UPDATE"
    )
    return cursor.rowcount > 0


async def bring_back_told(tx: Transaction, at: datetime) -> int:
    """Put what the chains' messages say has turned back into stock; how many bags are new."""
    cursor = await tx.execute(
        "WITH told AS (SELECT p.person_id, p.round_id, p.chain, p.store_code, p.counted"
        + _TOLD
        + " FOR UPDATE OF p, o),"
        + _NAMED,
        {"at": at},
    )
    row = await cursor.fetchone()
    return Named(*row).new if row else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A store of which more was given up than has come back to the centre."""

    chain: Chain
    store_code: str
    store_name: str
    forfeited: int
    returned: int

    @property
    def missing(self) -> int:
        """The bags that should have come and have not."""
        return self.forfeited - self.returned


async def gaps(tx: Transaction, round_id: str, chain: Chain | None) -> list[Gap]:
    """The stores from which bags are missing, most first."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "SELECT chain, store_code, name AS store_name, forfeited, returned FROM ("
            "  SELECT p.chain, p.store_code, count(*) AS forfeited, count(returned_at) AS returned"
            "  FROM parcel p JOIN orders o USING (person_id, round_id)"
            "  WHERE round_id = %(round)s AND o.state = 'forfeited'"
            "  AND (%(chain)s::text IS NULL OR p.chain = %(chain)s)"
            "  GROUP BY p.chain, p.store_code) given_up JOIN store USING (chain, store_code)"
            " WHERE returned < forfeited ORDER BY forfeited - returned DESC, chain, store_code",
            {"round": round_id, "chain": chain},
        )
        rows = await cursor.fetchall()
    return [Gap(**row | {"chain": Chain(row["chain"])}) for row in rows]


async def returned(tx: Transaction, round_id: str, chain: Chain) -> int:
    """The packs of a round that lie in a chain's logistics centre."""
    cursor = await tx.execute(
        "SELECT packs FROM centre_stock WHERE round_id = %s AND chain = %s", (round_id, chain)
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


_IN_STOCK = (
    "(SELECT chain, greatest(coalesce(sum(packs), 0), 0)::integer AS packs FROM ("
    "  SELECT chain, packs FROM centre_stock WHERE round_id <> %(round)s"
    "  UNION ALL SELECT chain, -packs FROM stock_use WHERE round_id <> %(round)s) moved"
    " GROUP BY chain)"
)
_NEEDED = (
    "(SELECT chain, count(*)::integer AS packs FROM orders WHERE round_id = %(round)s"
    " AND state NOT IN ('awaiting_payment', 'lapsed') GROUP BY chain)"
)


async def use_stock(tx: Transaction, round_id: str) -> None:
    """Note what a round takes from the stock of others; what it took before stays."""
    await tx.execute(
        "INSERT INTO stock_use (chain, round_id, packs)"
        " SELECT chain, %(round)s, least(needed.packs, stock.packs)"
        f" FROM {_NEEDED} needed JOIN {_IN_STOCK} stock USING (chain)"
        " ON CONFLICT DO NOTHING",
        {"round": round_id},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """The packs that a centre needs for a round: those paid for, less what lies there."""

    chain: Chain
    paid: int
    from_stock: int

    @property
    def needed(self) -> int:
        """What has to be brought to the centre."""
        return self.paid - self.from_stock


async def supplies(tx: Transaction, round_id: str) -> list[Supply]:
    """By chain; what a round took when it was packed, or would take now."""
    cursor = await tx.execute(
        "SELECT chain, needed.packs, least(needed.packs,"
        "  coalesce(used.packs, stock.packs, 0))"
        f" FROM {_NEEDED} needed LEFT JOIN {_IN_STOCK} stock USING (chain)"
        " LEFT JOIN (SELECT chain, packs FROM stock_use WHERE round_id = %(round)s) used"
        " USING (chain) ORDER BY chain",
        {"round": round_id},
    )
    return [
        Supply(chain=Chain(chain), paid=paid, from_stock=from_stock)
        for chain, paid, from_stock in await cursor.fetchall()
    ]


async def supply_of(tx: Transaction, round_id: str, chain: Chain) -> Supply:
    """What one centre needs for a round that is packed, read from its shipments alone."""
    cursor = await tx.execute(
        "SELECT coalesce(sum(packs), 0)::integer, coalesce((SELECT packs FROM stock_use"
        "  WHERE round_id = %(round)s AND chain = %(chain)s), 0)"
        " FROM shipment WHERE round_id = %(round)s AND chain = %(chain)s",
        {"round": round_id, "chain": chain},
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("an aggregate returned no row")
    return Supply(chain=chain, paid=row[0], from_stock=row[1])
