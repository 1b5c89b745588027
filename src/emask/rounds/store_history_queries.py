"""The SQL of what became of stores: by lists, and by hand."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import TupleRow

from emask.database.clock import NOW
from emask.database.pool import Transaction
from emask.rounds.list_queries import GRAVEST_FIRST, Directory
from emask.rounds.model import Chain, Change, Closings, Difference, ImportReport, Store

_FACTS = (
    "jsonb_build_object('name', {0}.name, 'address', {0}.address, 'county', {0}.county,"
    " 'town', {0}.town, 'zip_code', {0}.zip_code, 'open', {0}.open)"
)


class Event(NamedTuple):
    """One change of one store; a reason where it was made by hand."""

    at: datetime
    actor: str
    reason: str
    by_list: int | None
    difference: Difference


async def hold_imports(tx: Transaction) -> None:
    """One import or change by hand at a time: stores may be read and ordered to meanwhile."""
    await tx.execute("LOCK TABLE store IN SHARE ROW EXCLUSIVE MODE")


async def compare_incoming(tx: Transaction) -> None:
    """Write beside the table in what the list differs from it, about the chains that it names.

    Their stores that it does not name are closed. An address that is merely spelt in another
    width is changed, not moved.
    """
    await tx.execute("DROP TABLE IF EXISTS pg_temp.difference")
    await tx.execute(
        "CREATE TEMPORARY TABLE difference ON COMMIT DROP AS"
        " SELECT chain, store_code, CASE WHEN was IS NULL THEN 'added'"
        "  WHEN (was->>'open')::boolean AND NOT (became->>'open')::boolean THEN 'closed'"
        "  WHEN NOT (was->>'open')::boolean AND (became->>'open')::boolean THEN 'reopened'"
        "  WHEN was->>'county' <> became->>'county' OR was->>'town' <> became->>'town'"
        "   OR search_form(was->>'address') <> search_form(became->>'address') THEN 'moved'"
        "  ELSE 'changed' END AS kind, was, became"
        " FROM (SELECT chain, store_code, s.was,"
        "   coalesce(i.became, s.was || '{\"open\": false}') AS became"
        f"  FROM (SELECT chain, store_code, {_FACTS.format('store')} AS was FROM store"
        "    WHERE chain IN (SELECT chain FROM incoming)) AS s"
        f"  FULL JOIN (SELECT chain, store_code, {_FACTS.format('incoming')} AS became"
        "    FROM incoming) AS i USING (chain, store_code)) AS both_sides"
        " WHERE was IS DISTINCT FROM became"
    )


async def report_of_difference(tx: Transaction) -> ImportReport:
    """How many stores the list changes, by kind of change."""
    cursor = await tx.execute(
        "SELECT count(*) FILTER (WHERE kind = 'added'), count(*) FILTER (WHERE kind = 'changed'),"
        " count(*) FILTER (WHERE kind = 'closed'), count(*) FILTER (WHERE kind = 'moved'),"
        " count(*) FILTER (WHERE kind = 'reopened'),"
        " (SELECT count(*) FROM incoming) - count(*) FILTER (WHERE (chain, store_code) IN"
        "  (SELECT chain, store_code FROM incoming)) FROM difference"
    )
    ((added, changed, closed, moved, reopened, unchanged),) = await cursor.fetchall()
    return ImportReport(
        added=added,
        changed=changed,
        closed=closed,
        moved=moved,
        reopened=reopened,
        unchanged=unchanged,
    )


async def closings_of_difference(tx: Transaction) -> list[Closings]:
    """How many of each chain's open stores the list closes."""
    cursor = await tx.execute(
        "SELECT chain, count(*) FILTER (WHERE kind = 'closed'), count(*) FROM store"
        " LEFT JOIN difference USING (chain, store_code) WHERE open GROUP BY chain ORDER BY chain"
    )
    return [
        Closings(chain=Chain(chain), closing=closing, open=number)
        for chain, closing, number in await cursor.fetchall()
    ]


async def differences(tx: Transaction) -> list[Difference]:
    """The list's differences store by store: closings first."""
    cursor = await tx.execute(
        "SELECT chain, store_code, kind, was, became FROM difference"
        f" ORDER BY {GRAVEST_FIRST}, chain, store_code"
    )
    return [_difference(*row) for row in await cursor.fetchall()]


async def apply_difference(tx: Transaction, *, import_id: int) -> None:
    """Make the store table say what the list says, and keep each difference."""
    await tx.execute(
        "MERGE INTO store s USING (SELECT chain, store_code, kind, n.*"
        "  FROM difference, jsonb_to_record(became) AS n (name text, address text, county text,"
        "   town text, zip_code text, open boolean)) AS d"
        " ON s.chain = d.chain AND s.store_code = d.store_code"
        " WHEN MATCHED THEN UPDATE SET name = d.name, address = d.address, county = d.county,"
        "  town = d.town, zip_code = d.zip_code, open = d.open,"
        "  closings = closings + (d.kind = 'closed')::integer"
        " WHEN NOT MATCHED THEN"
        "  INSERT (chain, store_code, name, address, county, town, zip_code, open)"
        "  VALUES (d.chain, d.store_code, d.name, d.address, d.county, d.town, d.zip_code, d.open)"
    )
    await tx.execute(
        "INSERT INTO store_change (import_id, at, actor, chain, store_code, kind, was, became)"
        " SELECT import_id, at, actor, chain, store_code, kind, was, became"
        " FROM difference, list_import WHERE directory = %s AND import_id = %s",
        (Directory.STORES, import_id),
    )


async def change_by_hand(
    tx: Transaction, store: Store, *, kind: Change, actor: str, reason: str
) -> bool:
    """Give a store these facts and keep the change; False if it has them already."""
    cursor = await tx.execute(
        "WITH changed AS (UPDATE store SET address = %(address)s, county = %(county)s,"
        "  town = %(town)s, zip_code = %(zip_code)s, open = %(open)s,"
        "  closings = closings + (open AND NOT %(open)s)::integer"
        "  WHERE chain = %(chain)s AND store_code = %(code)s AND (address, county, town, zip_code,"
        "   open) IS DISTINCT FROM (%(address)s, %(county)s, %(town)s, %(zip_code)s, %(open)s)"
        f"  RETURNING chain, store_code, {_FACTS.format('old')} AS was,"
        f"   {_FACTS.format('new')} AS became)"
        " INSERT INTO store_change (at, actor, reason, chain, store_code, kind, was, became)"
        f" SELECT {NOW}, %(actor)s, %(reason)s, chain, store_code, %(kind)s, was, became"
        " FROM changed",
        asdict(store) | {"kind": kind, "actor": actor, "reason": reason},
    )
    return cursor.rowcount == 1


_EVENT = (
    "SELECT at, actor, reason, import_id, chain, store_code, kind, was, became FROM store_change"
)


async def events_of_import(tx: Transaction, import_id: int, *, limit: int) -> list[Event]:
    """What a list changed: closings first."""
    cursor = await tx.execute(
        f"{_EVENT} WHERE import_id = %s ORDER BY {GRAVEST_FIRST}, chain, store_code LIMIT %s",
        (import_id, limit),
    )
    return [_event(row) for row in await cursor.fetchall()]


async def events_of_store(tx: Transaction, chain: Chain, code: str) -> list[Event]:
    """What became of one store, the latest first."""
    cursor = await tx.execute(
        f"{_EVENT} WHERE chain = %s AND store_code = %s ORDER BY change_id DESC", (chain, code)
    )
    return [_event(row) for row in await cursor.fetchall()]


def _event(row: TupleRow) -> Event:
    at, actor, reason, by_list, *difference = row
    return Event(
        at=at,
        actor=actor,
        reason=reason,
        by_list=by_list,
        difference=_difference(*difference),
    )


def _difference(
    chain: str, code: str, kind: str, was: Mapping[str, Any] | None, became: Mapping[str, Any]
) -> Difference:
    return Difference(
        kind=Change(kind),
        was=None if was is None else _store(chain, code, was),
        became=_store(chain, code, became),
    )


def _store(chain: str, code: str, facts: Mapping[str, Any]) -> Store:
    return Store(
        chain=Chain(chain),
        code=code,
        name=facts["name"],
        address=facts["address"],
        county=facts["county"],
        town=facts["town"],
        zip_code=facts["zip_code"],
        open=facts["open"],
    )
