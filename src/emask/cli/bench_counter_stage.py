"""The stage of the counter's benchmark: people with a past, sites with stock, their software."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final
from uuid import UUID

from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.rules.people import make_national_id

_AT_ONCE: Final = 50_000
_NAME: Final = "王小明"


async def set_counter_stage(db: Database, vault: Vault, *, people: int, sites: int) -> None:
    """Enter sites, and people of whom each bought something some weeks ago."""
    async with db.transaction() as tx:
        await tx.execute(_statement("bench_counter.sql").format(sites=sites).encode())
        await tx.execute("CREATE TEMPORARY TABLE made_up (person_id uuid, name bytea)")
        for first in range(0, people, _AT_ONCE):
            await _copy(tx, vault, range(first, min(people, first + _AT_ONCE)))
        await tx.execute(_statement("bench_counter_people.sql").encode())
    async with db.connection() as connection:
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")


async def _copy(tx: Transaction, vault: Vault, serials: range) -> None:
    statement = "COPY made_up (person_id, name) FROM STDIN (FORMAT BINARY)"
    async with tx.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["uuid", "bytea"])
        for row in _rows(vault, serials):
            await copy.write_row(row)


def _rows(vault: Vault, serials: range) -> Iterator[tuple[UUID, bytes]]:
    for serial in serials:
        person_id = vault.person_id(make_national_id(serial))
        yield person_id, vault.seal(_NAME, person_id=person_id, field="name")


def _statement(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
