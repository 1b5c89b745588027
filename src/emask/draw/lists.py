"""Lists of tickets read in bulk: blocks of 16-byte tickets, never row by row."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import LiteralString

from psycopg import sql

from emask.database.pool import Transaction

TICKET_BYTES = 16
_HEADER_BYTES = 19  # of a binary COPY: signature, flags, length of an empty extension
_ROW_HEAD_BYTES = 6  # number of fields, length of the only one
_TRAILER = b"\xff\xff"

# A first byte's tickets make one row: 256 rows however long the list is.
_FROZEN_LIST: LiteralString = (
    "SELECT string_agg(uuid_send(ticket), ''::bytea ORDER BY ticket) FROM preorder"
    " WHERE round_id = {round_id} AND state = 'registered'"
    " GROUP BY get_byte(uuid_send(ticket), 0) ORDER BY get_byte(uuid_send(ticket), 0)"
)
_DRAWN_LIST: LiteralString = (
    "SELECT string_agg(uuid_send(ticket), ''::bytea ORDER BY rank) FROM {results}"
    " WHERE round_id = {round_id} AND rank <= {last} GROUP BY rank >> 16 ORDER BY rank >> 16"
)


_SORT_ON_ALL_CORES: LiteralString = (
    "SELECT set_config(name, value, true) FROM (VALUES ('parallel_setup_cost', '0'),"
    " ('parallel_tuple_cost', '0'), ('parallel_leader_participation', 'off'), ('jit', 'off'))"
    " AS setting (name, value)"
)


async def sort_on_all_cores(tx: Transaction) -> None:
    """Let the workers sort while the leader merges what they have sorted.

    The planner would rather not, as it takes handing a row over for dear.
    """
    await tx.execute(_SORT_ON_ALL_CORES)


async def frozen_list(tx: Transaction, round_id: str) -> list[bytes]:
    """All tickets of a frozen round in ticket order, in blocks (128 MB for 8,000,000)."""
    return [block async for block in frozen_blocks(tx, round_id)]


async def frozen_blocks(tx: Transaction, round_id: str) -> AsyncIterator[bytes]:
    """Likewise, one block after the other."""
    await sort_on_all_cores(tx)
    query = sql.SQL(_FROZEN_LIST).format(round_id=sql.Literal(round_id))
    async for block in _blocks(tx, query):
        yield block


async def drawn_list(
    tx: Transaction, *, round_id: str, last: int, results: str = "draw_result"
) -> list[bytes]:
    """The tickets of ranks 1 to `last` in the order of the draw, in blocks."""
    blocks = drawn_blocks(tx, round_id=round_id, last=last, results=results)
    return [block async for block in blocks]


def drawn_blocks(
    tx: Transaction, *, round_id: str, last: int, results: str = "draw_result"
) -> AsyncIterator[bytes]:
    """Likewise, one block after the other."""
    return _blocks(
        tx,
        sql.SQL(_DRAWN_LIST).format(
            results=sql.Identifier(results),
            round_id=sql.Literal(round_id),
            last=sql.Literal(last),
        ),
    )


def tickets_in(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The single tickets of blocks."""
    for block in blocks:
        for start in range(0, len(block), TICKET_BYTES):
            yield block[start : start + TICKET_BYTES]


def count_in(blocks: Iterable[bytes]) -> int:
    """How many tickets blocks hold."""
    return sum(map(len, blocks)) // TICKET_BYTES


async def _blocks(tx: Transaction, query: sql.Composable) -> AsyncIterator[bytes]:
    """The only field of each row of a binary COPY."""
    start = _HEADER_BYTES
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)
    async with tx.cursor() as cursor, cursor.copy(statement) as copy:
        async for message in copy:
            row = bytes(message[start:])
            start = 0
            if row and row != _TRAILER:
                yield row[_ROW_HEAD_BYTES:]
