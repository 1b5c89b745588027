"""The SQL of the files that logistics centres pack by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import NamedTuple

from psycopg.rows import class_row

from emask.database.pool import Transaction
from emask.delivery.model import PackingFile
from emask.rounds.model import Chain

_AT_ONCE = 1000  # rows that a cursor brings at a time


class Line(NamedTuple):
    """One unbroken run of bag numbers of one store."""

    store_code: str
    store_name: str
    bag_from: int
    bag_to: int


async def hold_files(tx: Transaction, chain: Chain) -> None:
    """Let nobody else number files of this centre until this transaction ends."""
    await tx.execute("SELECT FROM logistics_centre WHERE chain = %s FOR UPDATE", (chain,))


async def list_now(tx: Transaction, round_id: str, chain: Chain) -> None:
    """Gather in ``packing_now`` what a file made now says.

    Bags of closed stores are not in it, nor those that the centre does not have.
    """
    await tx.execute("DROP TABLE IF EXISTS packing_now")
    await tx.execute(
        "CREATE TEMPORARY TABLE packing_now (store_code text, store_name text, bag_from integer,"
        " bag_to integer) ON COMMIT DROP"
    )
    await tx.execute(
        "INSERT INTO packing_now"
        " SELECT store_code, name, min(bag_number), max(bag_number) FROM ("
        "  SELECT chain, store_code, bag_number, bag_number"
        "   - row_number() OVER (PARTITION BY store_code ORDER BY bag_number) AS run FROM parcel"
        "  WHERE round_id = %(round)s AND chain = %(chain)s AND hold IS DISTINCT FROM 'short') bags"
        " JOIN store USING (chain, store_code) WHERE open GROUP BY store_code, name, run",
        {"round": round_id, "chain": chain},
    )


async def count_now(tx: Transaction) -> tuple[int, int]:
    """The stores and packs in ``packing_now``."""
    cursor = await tx.execute(
        "SELECT count(DISTINCT store_code), coalesce(sum(bag_to - bag_from + 1), 0)::bigint"
        " FROM packing_now"
    )
    row = await cursor.fetchone()
    return (0, 0) if row is None else (row[0], row[1])


async def says_the_same(tx: Transaction, file: PackingFile) -> bool:
    """Whether ``packing_now`` says nothing else than an earlier file."""
    cursor = await tx.execute(
        "WITH before AS (SELECT store_code, store_name, bag_from, bag_to FROM packing_file_line"
        "  WHERE round_id = %s AND chain = %s AND version = %s)"
        " SELECT NOT EXISTS (TABLE packing_now EXCEPT TABLE before)"
        " AND NOT EXISTS (TABLE before EXCEPT TABLE packing_now)",
        (file.round_id, file.chain, file.version),
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def keep_lines(tx: Transaction, file: PackingFile) -> None:
    """Keep what ``packing_now`` says as the lines of a file."""
    await tx.execute(
        "INSERT INTO packing_file_line (round_id, chain, version, store_code, store_name,"
        " bag_from, bag_to) SELECT %s, %s, %s, store_code, store_name, bag_from, bag_to"
        " FROM packing_now ORDER BY store_code, bag_from",
        (file.round_id, file.chain, file.version),
    )


async def keep_file(tx: Transaction, file: PackingFile) -> None:
    """Keep a version; its lines stand already."""
    await tx.execute(
        "INSERT INTO packing_file (round_id, chain, version, made_at, made_by, stores, packs,"
        " sha256) VALUES (%s, %s, %s, %s, %s, %s, %s, decode(%s, 'hex'))",
        (
            *(file.round_id, file.chain, file.version, file.made_at, file.made_by),
            *(file.stores, file.packs, file.sha256),
        ),
    )


async def files(tx: Transaction, round_id: str, chain: Chain) -> list[PackingFile]:
    """The versions of a centre's file, the newest first."""
    cursor = await tx.execute(
        "SELECT version, made_at, made_by, stores, packs, encode(sha256, 'hex') FROM packing_file"
        " WHERE round_id = %s AND chain = %s ORDER BY version DESC",
        (round_id, chain),
    )
    return [
        PackingFile(
            round_id=round_id,
            chain=chain,
            version=version,
            made_at=made_at,
            made_by=made_by,
            stores=stores,
            packs=packs,
            sha256=digest,
        )
        for version, made_at, made_by, stores, packs, digest in await cursor.fetchall()
    ]


async def lines(tx: Transaction, file: PackingFile) -> AsyncIterator[list[Line]]:
    """The lines of a file in its order, some at a time; the server keeps the rest."""
    async with tx.cursor(name="packing_file") as cursor:
        await cursor.execute(
            "SELECT store_code, store_name, bag_from, bag_to FROM packing_file_line"
            " WHERE round_id = %s AND chain = %s AND version = %s"
            ' ORDER BY store_code COLLATE "C", bag_from',
            (file.round_id, file.chain, file.version),
        )
        while some := await cursor.fetchmany(_AT_ONCE):
            yield [Line(*row) for row in some]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What a version says of a store's bags, and what the one before said; empty for nothing."""

    store_code: str
    store_name: str
    before: str
    after: str


async def differences(tx: Transaction, file: PackingFile) -> list[Difference]:
    """The stores of which a version says something else than the one before it."""
    async with tx.cursor(row_factory=class_row(Difference)) as cursor:
        await cursor.execute(
            "WITH said AS (SELECT version, store_code, min(store_name) AS name, string_agg("
            "   CASE WHEN bag_from = bag_to THEN bag_from::text"
            "   ELSE bag_from || '–' || bag_to END, ', ' ORDER BY bag_from) AS bags"
            "  FROM packing_file_line WHERE round_id = %(round)s AND chain = %(chain)s"
            "  AND version IN (%(version)s, %(version)s - 1) GROUP BY version, store_code)"
            " SELECT store_code, coalesce(now.name, was.name) AS store_name,"
            " coalesce(was.bags, '') AS before, coalesce(now.bags, '') AS after"
            " FROM (SELECT * FROM said WHERE version = %(version)s) now"
            " FULL JOIN (SELECT * FROM said WHERE version = %(version)s - 1) was"
            " USING (store_code)"
            " WHERE (was.bags, was.name) IS DISTINCT FROM (now.bags, now.name)"
            " ORDER BY store_code",
            {"round": file.round_id, "chain": file.chain, "version": file.version},
        )
        return await cursor.fetchall()
