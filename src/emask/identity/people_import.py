"""Enter a registry file: block by block, so that one that was broken off goes on there."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.identity import people_import_queries as queries
from emask.identity.model import NewPerson
from emask.identity.people_file import PeopleFile
from emask.identity.people_row import Row, faults_of, person_of
from emask.identity.registry import enter_sealed, sealed
from emask.identity.registry_queries import IncomingRow
from emask.rounds.model import LineError
from emask.rules.people import InvalidEntry

BLOCK: Final = 10_000
"""Rows of a file that are entered in one transaction, together with how far it was entered."""


class ImportedElsewhere(Exception):
    """Another import enters the same file at this moment."""


class Audience(Protocol):
    """Who is told how it goes on."""

    def block(self, rows: int, faults: Sequence[LineError]) -> None:
        """So many more rows were read, with these faults in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFigures:
    """What became of a file's rows; an earlier import of it had dealt with `known` of them."""

    rows: int
    entered: int
    refused: int
    known: int


@dataclass(slots=True)
class _Block:
    """A block of rows, checked; those that were entered before bring no `people`."""

    rows: int
    faults: list[LineError] = field(default_factory=list)
    refused: int = 0
    people: list[IncomingRow] = field(default_factory=list)


async def import_people(
    db: Database, vault: Vault, clock: Clock, *, file: PeopleFile, audience: Audience
) -> ImportFigures:
    """Enter the good rows of a file, from where an earlier import of it stopped.

    Rows that were entered before are read and checked again, so that the audience is told every
    fault of the file each time; they change nothing.

    Raises:
        FileRejected: the file cannot be read on; whole blocks before that are entered.
        ImportedElsewhere: what was counted by the other import is not entered again.
    """
    async with db.transaction() as tx:
        before = await queries.begin(tx, file.digest, await clock.now())
    done = 0
    blocks = _blocks(vault, file, before.rows_done)
    coming = asyncio.create_task(asyncio.to_thread(next, blocks, None))
    try:
        # One block is read, checked and sealed in a thread while the database takes another.
        while block := await coming:
            coming = asyncio.create_task(asyncio.to_thread(next, blocks, None))
            if done >= before.rows_done:
                await _enter(db, clock, file.digest, block, first=done)
            done += block.rows
            audience.block(block.rows, block.faults)
    finally:
        await asyncio.wait([coming])
    async with db.transaction() as tx:
        after = await queries.finish(tx, file.digest, await clock.now())
    return ImportFigures(
        rows=after.rows_done,
        entered=after.entered,
        refused=after.refused,
        known=before.rows_done,
    )


async def forget_import(db: Database, file: PeopleFile) -> None:
    """The next import of this file begins at its first row."""
    async with db.transaction() as tx:
        await queries.forget(tx, file.digest)


async def _enter(db: Database, clock: Clock, digest: bytes, block: _Block, *, first: int) -> None:
    now = await clock.now()

    async def use_case(tx: Transaction) -> None:
        # Counted first: of two imports of one file, one waits here and then finds it counted.
        if not await queries.advance(
            tx,
            digest,
            first=first,
            entered=block.rows - block.refused,
            refused=block.refused,
            now=now,
        ):
            raise ImportedElsewhere
        await enter_sealed(tx, block.people)

    await db.retrying(use_case)


def _blocks(vault: Vault, file: PeopleFile, done: int) -> Iterator[_Block]:
    """The file's rows: first those done, of which only the faults are told, then the others."""
    rows = file.read()
    while done and (known := list(islice(rows, min(done, BLOCK)))):
        done -= len(known)
        block, _ = _checked(known, file)
        yield block
    while fresh := list(islice(rows, BLOCK)):
        block, people = _checked(fresh, file)
        block.people = list(sealed(vault, people))
        yield block


def _checked(rows: Sequence[Row | LineError], file: PeopleFile) -> tuple[_Block, list[NewPerson]]:
    block = _Block(len(rows))
    people: list[NewPerson] = []
    for row in rows:
        if isinstance(row, LineError):
            block.faults.append(row)
        else:
            try:
                people.append(person_of(row))
            except InvalidEntry:
                block.faults += faults_of(row, file.arrangement.headings)
    block.refused = len(rows) - len(people)
    return block, people
