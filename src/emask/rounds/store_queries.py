"""The SQL of stores."""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from psycopg.rows import TupleRow

from emask.database.clock import NOW
from emask.database.pool import Transaction
from emask.rounds.model import COUNTIES, Chain, PlaceCount, Store

_STORE = "SELECT chain, store_code, name, address, county, town, zip_code, open FROM store"
# The signs of LIKE mean themselves. The pairs of characters ask the index.
_HAS_WORD = r"search LIKE '%%' || regexp_replace(search_form(%s), '[\\%%_]', '\\\&', 'g') || '%%'"
_HAS_PAIRS = "letter_pairs(search) @> letter_pairs(search_form(%s))"


async def bring_in(tx: Transaction, stores: Iterable[Store]) -> None:
    """Copy a list of stores beside the table, for the statements below."""
    await tx.execute(
        "DROP TABLE IF EXISTS pg_temp.incoming;"
        "CREATE TEMPORARY TABLE incoming (chain text, store_code text, name text, address text,"
        " county text, town text, zip_code text, open boolean) ON COMMIT DROP"
    )
    copying = "COPY incoming FROM STDIN"
    async with tx.cursor() as cursor, cursor.copy(copying) as copy:
        for store in stores:
            await copy.write_row(
                (
                    *(store.chain, store.code, store.name, store.address),
                    *(store.county, store.town, store.zip_code, store.open),
                )
            )


async def refresh_statistics(tx: Transaction) -> None:
    """Let the planner know of a list that came in, so that searches use its index."""
    await tx.execute("ANALYZE store")


async def insert_incoming(tx: Transaction) -> None:
    """Add the stores of the list that are not there yet."""
    await tx.execute(
        "INSERT INTO store (chain, store_code, name, address, county, town, zip_code, open)"
        " SELECT * FROM incoming ON CONFLICT DO NOTHING"
    )


async def by_code(tx: Transaction, chain: Chain, code: str) -> Store | None:
    """One store, or None."""
    cursor = await tx.execute(f"{_STORE} WHERE chain = %s AND store_code = %s", (chain, code))
    row = await cursor.fetchone()
    return None if row is None else as_store(row)


async def matching(
    tx: Transaction,
    words: Sequence[str],
    *,
    chain: Chain | None,
    county: str | None,
    town: str | None,
    limit: int,
) -> list[Store]:
    """Stores whose text has every word: open ones first, then by place and number."""
    place = {"chain": chain, "county": county, "town": town}
    wanted = {column: value for column, value in place.items() if value is not None}
    paired = [word for word in words if len(word) > 1]
    conditions = ["true", *[f"{column} = %s" for column in wanted]]
    conditions += [_HAS_PAIRS] * len(paired) + [_HAS_WORD] * len(words)
    cursor = await tx.execute(
        f"{_STORE} WHERE {' AND '.join(conditions)}"
        " ORDER BY open DESC, array_position(%s::text[], county), zip_code, town, chain, store_code"
        " LIMIT %s",
        (*wanted.values(), *paired, *words, list(COUNTIES), limit),
    )
    return [as_store(row) for row in await cursor.fetchall()]


async def counties(tx: Transaction) -> list[str]:
    """Where there are stores: cities and counties, in the order of lists."""
    cursor = await tx.execute(
        "SELECT county FROM store GROUP BY county ORDER BY array_position(%s::text[], county)",
        (list(COUNTIES),),
    )
    return [county for (county,) in await cursor.fetchall()]


async def places(tx: Transaction, chain: Chain | None) -> list[PlaceCount]:
    """Towns that have stores, by county and the zip code that most of a town's stores have."""
    cursor = await tx.execute(
        "SELECT county, town, count(*) FILTER (WHERE open AND (%(chain)s::text IS NULL"
        "  OR chain = %(chain)s)) FROM store GROUP BY county, town"
        " ORDER BY array_position(%(counties)s::text[], county),"
        "  mode() WITHIN GROUP (ORDER BY zip_code), town",
        {"chain": chain, "counties": list(COUNTIES)},
    )
    return [PlaceCount(*row) for row in await cursor.fetchall()]


# Whoever is still to collect, each at the store of order or pre-order; and when they are told.
_WAITING: LiteralString = (
    f" FROM (SELECT {NOW} AS at) AS present CROSS JOIN ("
    "  SELECT person_id, round_id, chain, store_code FROM orders"
    "  WHERE state IN ('awaiting_payment', 'paid', 'arrived')"
    "  UNION ALL SELECT person_id, round_id, chain, store_code"
    "  FROM preorder JOIN round USING (round_id)"
    "  WHERE state = 'registered' AND frozen_at IS NULL) AS waiting"
    " JOIN store USING (chain, store_code)"
)


async def tell_of_closed(tx: Transaction) -> int:
    """Tell everybody whose pre-order or pack is at a closed store, once a closing; how many.

    The instant is that of the set clock where there is one.
    """
    cursor = await tx.execute(
        "INSERT INTO outbox (person_id, kind, reference, created_at, next_at)"
        " SELECT person_id, 'store_closed', concat_ws(':', round_id, chain || store_code,"
        "  CASE WHEN closings > 1 THEN closings END), present.at, present.at"
        + _WAITING
        + " WHERE NOT open ON CONFLICT DO NOTHING"
    )
    return cursor.rowcount


async def tell_of_moved(tx: Transaction, *, import_id: int) -> int:
    """Tell everybody who is to collect at an open store that a list has moved; how many."""
    return await _tell_of_moved(tx, " AND import_id = %s", import_id)


async def tell_of_moved_by_hand(tx: Transaction, chain: Chain, code: str) -> int:
    """Likewise of one whose last change was a move by hand."""
    return await _tell_of_moved(
        tx,
        " AND change_id = (SELECT max(change_id) FROM store_change WHERE chain = %s"
        "  AND store_code = %s)",
        chain,
        code,
    )


async def _tell_of_moved(tx: Transaction, which: LiteralString, *values: int | str) -> int:
    cursor = await tx.execute(
        "INSERT INTO outbox (person_id, kind, reference, created_at, next_at)"
        " SELECT person_id, 'store_moved', concat_ws(':', round_id, chain || store_code,"
        "  change_id), present.at, present.at"
        + _WAITING
        + " JOIN store_change c USING (chain, store_code)"
        " WHERE open AND kind = 'moved'" + which + " ON CONFLICT DO NOTHING",
        values,
    )
    return cursor.rowcount


def as_store(row: TupleRow) -> Store:
    """The store of a row: chain, number, name, address, county, town, zip code, open."""
    chain, code, name, address, county, town, zip_code, is_open = row
    return Store(
        chain=Chain(chain),
        code=code,
        name=name,
        address=address,
        county=county,
        town=town,
        zip_code=zip_code,
        open=is_open,
    )
