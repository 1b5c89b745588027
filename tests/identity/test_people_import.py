import asyncio
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.identity import people_import, people_import_queries, people_parquet
from emask.identity.people_file import PeopleFile, open_people_file
from emask.identity.people_headings import Arrangement
from emask.identity.people_import import (
    ImportedElsewhere,
    ImportFigures,
    forget_import,
    import_people,
)
from emask.identity.people_row import Row
from emask.identity.registry import name_of
from emask.rounds.csv_file import FileRejected
from emask.rounds.model import LineError
from emask.sandbox.people_file import write_people
from emask.sandbox.population import made_up_people

ROWS = 500
FAULTS = (3, 120, 499)  # lines of the file, the heading included


class Listener:
    def __init__(self) -> None:
        self.rows = 0
        self.faults: list[LineError] = []

    def block(self, rows: int, faults: Sequence[LineError]) -> None:
        self.rows += rows
        self.faults += faults


class Registry:
    """Imports a file again and again into one database."""

    def __init__(self, db: Database, vault: Vault, clock: SetClock) -> None:
        self.db = db
        self.vault = vault
        self.clock = clock
        self.heard = Listener()

    async def enter(self, file: PeopleFile) -> ImportFigures:
        self.heard = Listener()
        return await import_people(self.db, self.vault, self.clock, file=file, audience=self.heard)

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        async with self.db.transaction() as tx:
            cursor = await tx.execute(statement.encode())
            return await cursor.fetchall() if cursor.description else []

    async def versions(self) -> set[tuple[object, ...]]:
        """Every card on file with the transaction that wrote it last."""
        return set(await self.rows("SELECT person_id, xmin::text FROM nhi_card"))


@pytest.fixture
def registry(db: Database, vault: Vault, clock: SetClock) -> Registry:
    return Registry(db, vault, clock)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_import, "BLOCK", 100)


@pytest.fixture
def file(tmp_path: Path) -> PeopleFile:
    """A file of 500 rows, three of them at fault."""
    path = tmp_path / "people.csv"
    write_people(path, made_up_people(ROWS))
    lines = path.read_text().splitlines()
    for number in FAULTS:
        lines[number - 1] = lines[number - 1].replace(",09", ",08")
    path.write_text("\n".join(lines))
    return open_people_file(path)


@pytest.fixture
async def broken_off(registry: Registry, file: PeopleFile, small_blocks: None) -> PeopleFile:
    """The file after an import of it that came to grief in its third block."""
    await registry.rows(
        "CREATE FUNCTION fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF (SELECT count(*) FROM nhi_card) > 250 THEN RAISE 'the disk is full'; END IF;"
        " RETURN NULL; END $$;"
        " CREATE TRIGGER fall AFTER INSERT ON nhi_card EXECUTE FUNCTION fall();"
        " SELECT"
    )
    with pytest.raises(psycopg.errors.RaiseException):
        await registry.enter(file)
    await registry.rows("DROP TRIGGER fall ON nhi_card")
    return file


async def test_good_rows_are_entered_and_each_fault_told(
    registry: Registry, file: PeopleFile
) -> None:
    figures = await registry.enter(file)
    assert figures == ImportFigures(rows=ROWS, entered=ROWS - 3, refused=3, known=0)
    assert await registry.rows("SELECT count(*) FROM person JOIN nhi_card USING (person_id)") == [
        (ROWS - 3,)
    ]
    assert registry.heard.rows == ROWS
    assert [(fault.line, fault.field) for fault in registry.heard.faults] == [
        (line, "mobile") for line in FAULTS
    ]
    (progress,) = await registry.rows(
        "SELECT rows_done, finished_at = updated_at FROM people_import"
    )
    assert progress == (ROWS, True)


async def test_the_same_file_again_changes_nothing_and_tells_the_same(
    registry: Registry, file: PeopleFile
) -> None:
    first = await registry.enter(file)
    told, versions = registry.heard.faults, await registry.versions()
    assert await registry.enter(file) == replace(first, known=ROWS)
    assert registry.heard.faults == told
    assert await registry.versions() == versions
    await forget_import(registry.db, file)
    assert await registry.enter(file) == first
    assert not await registry.versions() & versions


async def test_an_import_that_broke_off_goes_on_where_it_stopped(
    registry: Registry, broken_off: PeopleFile
) -> None:
    progress = "SELECT rows_done, entered, refused, finished_at FROM people_import"
    assert await registry.rows(progress) == [(200, 198, 2, None)]  # the third block left no trace
    entered = await registry.versions()
    assert len(entered) == 198
    figures = await registry.enter(broken_off)
    assert figures == ImportFigures(rows=ROWS, entered=ROWS - 3, refused=3, known=200)
    assert entered < await registry.versions()
    assert [fault.line for fault in registry.heard.faults] == list(FAULTS)


async def test_without_the_progress_everything_would_be_entered_again(
    registry: Registry, broken_off: PeopleFile
) -> None:
    """The negative control."""
    entered = await registry.versions()
    await registry.rows("DELETE FROM people_import")
    figures = await registry.enter(broken_off)
    assert figures.known == 0
    assert not entered & await registry.versions()


async def two_at_once(registry: Registry, file: PeopleFile) -> list[object]:
    """Two imports of one file, both begun before either counts a block."""
    async with registry.db.transaction() as tx:
        await people_import_queries.begin(tx, file.digest, await registry.clock.now())
    async with registry.db.transaction() as tx:
        await tx.execute("SELECT FROM people_import FOR UPDATE")
        tasks = [asyncio.create_task(registry.enter(file)) for _ in range(2)]
        async with asyncio.timeout(30):
            await all_wait(registry, len(tasks))
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def all_wait(registry: Registry, number: int) -> None:
    waiting = 0
    while waiting < number:
        await asyncio.sleep(0.01)
        rows = await registry.rows(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        waiting = len(rows)


async def test_of_two_imports_of_one_file_one_ends(
    registry: Registry, file: PeopleFile, small_blocks: None
) -> None:
    outcomes = await two_at_once(registry, file)
    figures = [outcome for outcome in outcomes if isinstance(outcome, ImportFigures)]
    assert figures == [ImportFigures(rows=ROWS, entered=ROWS - 3, refused=3, known=0)]
    assert sum(isinstance(outcome, ImportedElsewhere) for outcome in outcomes) == 1


async def test_unguarded_both_would_count(
    registry: Registry, file: PeopleFile, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: blocks counted whoever counted them before."""
    unguarded = people_import_queries.ADVANCE.replace(
        " AND rows_done = %(first)s", " AND %(first)s >= 0"
    )
    monkeypatch.setattr(people_import_queries, "ADVANCE", unguarded)
    await two_at_once(registry, file)
    assert await registry.rows("SELECT rows_done FROM people_import") == [(2 * ROWS,)]


async def test_the_last_line_of_a_person_counts(
    registry: Registry, vault: Vault, tmp_path: Path
) -> None:
    (person,) = made_up_people(1)
    write_people(tmp_path / "twice.csv", [person, replace(person, name="王大明")])
    figures = await registry.enter(open_people_file(tmp_path / "twice.csv"))
    assert (figures.rows, figures.entered) == (2, 2)
    async with registry.db.transaction() as tx:
        assert await name_of(tx, vault, vault.person_id(person.id_number)) == "王大明"


async def test_what_comes_before_the_damage_is_entered(
    registry: Registry, tmp_path: Path, small_blocks: None
) -> None:
    path = tmp_path / "people.csv"
    write_people(path, made_up_people(250))
    whole = open_people_file(path)

    def damaged(path: Path, arrangement: Arrangement) -> Iterator[Row | LineError]:
        for number, row in enumerate(whole.read()):
            if number == 150:
                raise FileRejected(LineError(line=151, field="", zh="", en=""))
            yield row

    with pytest.raises(FileRejected):
        await registry.enter(replace(whole, reader=damaged))
    assert await registry.rows("SELECT rows_done, finished_at FROM people_import") == [(100, None)]


def peak(vault: Vault, path: Path, rows: int) -> int:
    """The most memory that reading, checking and sealing so many rows takes at once."""
    write_people(path, made_up_people(rows))
    people = open_people_file(path)
    tracemalloc.start()
    for _ in people_import._blocks(vault, people, done=0):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_ten_times_as_long_takes_no_more_memory(
    vault: Vault, tmp_path: Path, small_blocks: None, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_parquet, "_BATCH", 100)
    _, small, large = (peak(vault, tmp_path / f"people.{kind}", n) for n in (500, 500, 5_000))
    assert large < 1.5 * small
