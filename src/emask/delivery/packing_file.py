"""The file that a logistics centre packs by: one for each round and chain, in numbered versions.

A version says the same whenever it is sent: its lines are kept. As long as nothing changes in what
is to be packed, asking for a file gives the newest version again.

CSV in UTF-8, lines end with CR LF, six fields each. The first field tells what a line is:

* ``H``: name and version of the format, round, chain, number of the file, when it was made
* ``C``: the names of the columns
* ``D``: store code, store name, first and last bag number, packs
* ``T``: how many D lines, stores and packs there are, and the SHA-256 of all before this line
"""

import csv
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from io import StringIO

from emask.database.pool import Transaction
from emask.delivery import packing_file_queries as queries
from emask.delivery.model import NothingToPack, PackingFile
from emask.delivery.packing_file_queries import Difference
from emask.rounds.model import Chain
from emask.rules.calendar import TAIPEI

FORMAT = "EMASK-PACKING-1"

__all__ = ["FORMAT", "Difference", "content", "differences", "file_name", "files", "make_file"]


async def make_file(
    tx: Transaction, *, round_id: str, chain: Chain, at: datetime, by: str
) -> PackingFile:
    """The file of what a centre is to pack now: the newest version, or a new one if it changed.

    Raises:
        NothingToPack: no pack of the round is to go to a store of this chain, and none ever was.
    """
    await queries.hold_files(tx, chain)
    await queries.list_now(tx, round_id, chain)
    earlier = await queries.files(tx, round_id, chain)
    stores, packs = await queries.count_now(tx)
    if earlier and await queries.says_the_same(tx, earlier[0]):
        return earlier[0]
    if not earlier and not packs:
        raise NothingToPack(round_id)
    file = PackingFile(
        round_id=round_id,
        chain=chain,
        version=earlier[0].version + 1 if earlier else 1,
        made_at=at,
        made_by=by,
        stores=stores,
        packs=packs,
        sha256="",
    )
    await queries.keep_lines(tx, file)
    whole = sha256()
    async for block in content(tx, file):
        whole.update(block)
    file = replace(file, sha256=whole.hexdigest())
    await queries.keep_file(tx, file)
    return file


async def content(tx: Transaction, file: PackingFile) -> AsyncIterator[bytes]:
    """A version as it is sent, in blocks, always the same; the whole never lies in memory."""
    made_at = file.made_at.astimezone(TAIPEI).isoformat()
    head = _rows(
        [
            ("H", FORMAT, file.round_id, file.chain.value, file.version, made_at),
            ("C", "store_code", "store_name", "bag_from", "bag_to", "packs"),
        ]
    )
    so_far, number = sha256(head), 0
    yield head
    async for lines in queries.lines(tx, file):
        block = _rows(("D", *line, line.bag_to - line.bag_from + 1) for line in lines)
        so_far.update(block)
        number += len(lines)
        yield block
    yield _rows([("T", number, file.stores, file.packs, so_far.hexdigest(), "")])


async def files(tx: Transaction, *, round_id: str, chain: Chain) -> list[PackingFile]:
    """The versions of a centre's file, the newest first."""
    return await queries.files(tx, round_id, chain)


async def differences(tx: Transaction, file: PackingFile) -> list[Difference]:
    """Of which stores a version says something else than the one before it, and what."""
    return await queries.differences(tx, file)


def file_name(file: PackingFile) -> str:
    """What a version is called: packing-2020-1-SE-v3.csv."""
    return f"packing-{file.round_id}-{file.chain}-v{file.version}.csv"


def _rows(rows: Iterable[tuple[object, ...]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
