"""The SQL of bags that come back to the centres, and of the stock they make."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import dict_row

from emask.database.pool import Transaction
from emask.rounds.model import Chain


class Bags(NamedTuple):
    """The bags of a round at one store, or one of them; `bag` is 0 for any."""

    round_id: str
    chain: Chain
    store_code: str
    bag: int = 0


_INTO_STOCK = (
    " INSERT INTO centre_stock AS c (chain, round_id, packs)"
    " SELECT chain, round_id, count(*) FROM back GROUP BY chain, round_id"
    " ON CONFLICT (chain, round_id) DO UPDATE SET packs = c.packs + excluded.packs"
)


async def bring_back(tx: Transaction, which: Bags, *, packs: int, at: datetime) -> bool:
    """Put at most so many forfeited bags back into their centre's stock; False if there are none.

    The lowest bag numbers go first, where nobody tells which they are.
    """
    cursor = await tx.execute(
        "WITH those AS (SELECT p.person_id FROM parcel p JOIN orders o USING (person_id, round_id)"
        "  WHERE p.round_id = %(round_id)s AND p.chain = %(chain)s"
        "  AND p.store_code = %(store_code)s AND %(bag)s IN (0, p.bag_number)"
        "  AND (o.state = 'forfeited' OR o.state = 'cancelled' AND %(bag)s <> 0"  # it turned up
        "   AND p.hold IS DISTINCT FROM 'short')"
        "  AND p.returned_at IS NULL"
        "  ORDER BY p.bag_number LIMIT %(packs)s FOR UPDATE),"
        " back AS (UPDATE parcel p SET returned_at = %(at)s FROM those"
        "  WHERE p.person_id = those.person_id AND p.round_id = %(round_id)s"
        "  RETURNING p.chain, p.round_id)" + _INTO_STOCK,
        which._asdict() | {"packs": packs, "at": at},
    )
    return cursor.rowcount > 0


async def is_back(tx: Transaction, which: Bags) -> bool:
    """Whether a bag came back before."""
    cursor = await tx.execute(
        "SELECT FROM parcel WHERE round_id = %(round_id)s AND chain = %(chain)s"
        " AND store_code = %(store_code)s AND bag_number = %(bag)s AND returned_at IS NOT NULL",
        which._asdict(),
    )
    return await cursor.fetchone() is not None


async def bring_back_told(tx: Transaction, at: datetime) -> int:
    """Put what the chains' messages say has turned back into stock; how many bags.

    A message from before the last day of collection is of an earlier way.
    """
    cursor = await tx.execute(
        "WITH told AS (SELECT p.person_id, p.round_id FROM consignment c"
        "  JOIN parcel p USING (person_id, round_id) JOIN orders o USING (person_id, round_id)"
        "  JOIN round r USING (round_id)"
        "  WHERE c.returned_at IS NOT NULL"
        "  AND c.returned_at >= (coalesce(p.reopened_until, r.pickup_until) + 1)::timestamp"
        "   AT TIME ZONE 'Asia/Taipei'"
        "  AND o.state = 'forfeited' AND p.returned_at IS NULL FOR UPDATE OF p, o),"
        " back AS (UPDATE parcel p SET returned_at = %(at)s FROM told"
        "  WHERE p.person_id = told.person_id AND p.round_id = told.round_id"
        "  RETURNING p.chain, p.round_id),"
        " stocked AS (" + _INTO_STOCK + ") SELECT count(*) FROM back",
        {"at": at},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


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
