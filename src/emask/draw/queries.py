"""The SQL of draws. Nothing else in the system writes `draw` and `draw_result`."""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from emask.database.pool import Transaction
from emask.draw.lists import sort_on_all_cores
from emask.draw.model import DrawPlace, DrawRecord
from emask.rules.draw import DOMAIN

_RECORD: LiteralString = (
    "SELECT round_id, run, reason, algorithm, entries, quota, root, beacon, beacon_key,"
    " beacon_round, committed_at, seed, signature, selected, result_root, drawn_at, published_at"
    " FROM draw WHERE round_id = %s"
)


async def set_frozen(tx: Transaction, round_id: str, at: datetime) -> None:
    """Let no pre-order of the round change from now on."""
    await tx.execute(
        "UPDATE round SET frozen_at = %s WHERE round_id = %s AND frozen_at IS NULL", (at, round_id)
    )


async def database_time(tx: Transaction) -> datetime:
    """The database server's own time, which says when its transactions began."""
    cursor = await tx.execute("SELECT clock_timestamp()")
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("no time")
    instant: datetime = row[0]
    return instant


async def transactions_before(tx: Transaction, instant: datetime) -> int:
    """How many transactions that began before `instant` (of the server's time) still run."""
    cursor = await tx.execute(
        "SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start <= %s",
        (instant,),
    )
    return cursor.rowcount


async def runs(tx: Transaction, round_id: str) -> list[DrawRecord]:
    """All runs of a round's draw, the first first."""
    async with tx.cursor(row_factory=class_row(DrawRecord)) as cursor:
        await cursor.execute(_RECORD + " ORDER BY run", (round_id,))
        return await cursor.fetchall()


async def latest_run(tx: Transaction, round_id: str) -> DrawRecord | None:
    """The run that counts, or None before the round is frozen."""
    async with tx.cursor(row_factory=class_row(DrawRecord)) as cursor:
        await cursor.execute(_RECORD + " ORDER BY run DESC LIMIT 1", (round_id,))
        return await cursor.fetchone()


async def lock_run(tx: Transaction, record: DrawRecord) -> DrawRecord:
    """The run as it stands, held so that nobody builds its result at the same time."""
    async with tx.cursor(row_factory=class_row(DrawRecord)) as cursor:
        await cursor.execute(_RECORD + " AND run = %s FOR UPDATE", (record.round_id, record.run))
        locked = await cursor.fetchone()
    if locked is None:
        raise LookupError(f"the draw of {record.round_id} is gone")
    return locked


async def insert_run(tx: Transaction, record: DrawRecord) -> None:
    """Write a commitment; one that is there stays."""
    await tx.execute(
        "INSERT INTO draw (round_id, run, reason, algorithm, entries, quota, root,"
        " beacon, beacon_key, beacon_round, committed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            *(record.round_id, record.run, record.reason, record.algorithm, record.entries),
            *(record.quota, record.root, record.beacon, record.beacon_key),
            *(record.beacon_round, record.committed_at),
        ),
    )


async def write_seed(
    tx: Transaction, record: DrawRecord, *, seed: bytes, signature: bytes, at: datetime
) -> None:
    """Write the beacon's value, once."""
    await tx.execute(
        "UPDATE draw SET seed = %s, signature = %s, drawn_at = %s"
        " WHERE round_id = %s AND run = %s AND seed IS NULL",
        (seed, signature, at, record.round_id, record.run),
    )


def results_table(record: DrawRecord) -> str:
    """The name of the table that holds one run's result."""
    return f"draw_result_{record.round_id}_{record.run}"


async def create_results(tx: Transaction, record: DrawRecord) -> int:
    """Rank the frozen list into a table of its own and say how many are on it.

    The order is that of the rules' `rank_key`. A whole new table is what PostgreSQL sorts in
    parallel; updating the pre-orders would take four times as long.
    """
    await sort_on_all_cores(tx)
    statement = sql.SQL(
        "CREATE TABLE {results} AS SELECT {round_id}::text AS round_id, person_id, ticket, rank,"
        " rank <= {quota} AS selected"
        " FROM (SELECT person_id, ticket, (row_number() OVER"
        " (ORDER BY sha256({prefix}::bytea || uuid_send(ticket))))::integer AS rank"
        " FROM preorder WHERE round_id = {round_id} AND state = 'registered') AS ranked"
    ).format(
        results=sql.Identifier(results_table(record)),
        round_id=sql.Literal(record.round_id),
        quota=sql.Literal(record.quota),
        prefix=sql.Literal(DOMAIN + (record.seed or b"") + record.root),
    )
    return (await tx.execute(statement)).rowcount


async def key_results(tx: Transaction, record: DrawRecord) -> None:
    """Give a run's table the keys of the table of all results."""
    await tx.execute(
        sql.SQL(
            "ALTER TABLE {results} ALTER round_id SET NOT NULL, ALTER person_id SET NOT NULL,"
            " ALTER ticket SET NOT NULL, ALTER rank SET NOT NULL, ALTER selected SET NOT NULL,"
            " ADD PRIMARY KEY (person_id, round_id), ADD CHECK (round_id = {round_id})"
        ).format(
            results=sql.Identifier(results_table(record)), round_id=sql.Literal(record.round_id)
        )
    )


async def attach_results(tx: Transaction, record: DrawRecord) -> None:
    """Make a run's table the round's part of all results, in place of an earlier run's."""
    await tx.execute(
        sql.SQL(
            "ALTER TABLE draw_result ATTACH PARTITION {results} FOR VALUES IN ({round_id})"
        ).format(
            results=sql.Identifier(results_table(record)), round_id=sql.Literal(record.round_id)
        )
    )


async def detach_results(tx: Transaction, record: DrawRecord) -> None:
    """Take a run's table out of all results; it is kept beside them."""
    await tx.execute(
        sql.SQL("ALTER TABLE draw_result DETACH PARTITION {results}").format(
            results=sql.Identifier(results_table(record))
        )
    )


async def write_result(
    tx: Transaction, record: DrawRecord, *, selected: int, result_root: bytes
) -> None:
    """Complete a run."""
    await tx.execute(
        "UPDATE draw SET selected = %s, result_root = %s WHERE round_id = %s AND run = %s",
        (selected, result_root, record.round_id, record.run),
    )


async def set_published(tx: Transaction, record: DrawRecord, at: datetime) -> None:
    """Let everybody see a run, once."""
    await tx.execute(
        "UPDATE draw SET published_at = %s"
        " WHERE round_id = %s AND run = %s AND published_at IS NULL",
        (at, record.round_id, record.run),
    )


async def place(tx: Transaction, round_id: str, person_id: UUID) -> DrawPlace | None:
    """A person's place in a published draw, or None."""
    async with tx.cursor(row_factory=class_row(DrawPlace)) as cursor:
        await cursor.execute(
            "SELECT r.rank, r.selected, d.entries, d.quota"
            " FROM draw_result r JOIN draw d USING (round_id)"
            " WHERE r.round_id = %s AND r.person_id = %s AND d.published_at IS NOT NULL",
            (round_id, person_id),
        )
        return await cursor.fetchone()


async def ticket_at(tx: Transaction, round_id: str, *, rank: int) -> UUID | None:
    """The ticket of a rank, counted from 1, or None."""
    cursor = await tx.execute(
        "SELECT ticket FROM draw_result WHERE round_id = %s AND rank = %s", (round_id, rank)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    ticket: UUID = row[0]
    return ticket


async def misplaced(tx: Transaction, round_id: str) -> int:
    """How many people's result is not that of their own ticket, or is missing."""
    cursor = await tx.execute(
        "SELECT count(*) FROM"
        " (SELECT person_id, ticket FROM preorder WHERE round_id = %(round)s"
        "  AND state = 'registered') AS p"
        " FULL JOIN (SELECT person_id, ticket FROM draw_result WHERE round_id = %(round)s) AS r"
        " USING (person_id) WHERE p.ticket IS DISTINCT FROM r.ticket",
        {"round": round_id},
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def wrongly_selected(tx: Transaction, record: DrawRecord) -> int:
    """How many results call somebody selected against the quota, or not selected within it."""
    cursor = await tx.execute(
        "SELECT count(*) FROM draw_result WHERE round_id = %s AND selected <> (rank <= %s)",
        (record.round_id, record.quota),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])
