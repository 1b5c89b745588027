"""The files by which anyone can check a draw: commitment, list, result, and the verifier itself.

The same draw gives the same bytes, whenever and wherever it is written.
"""

import json
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emask.database.pool import Transaction
from emask.draw import lists, queries
from emask.draw.checkpoint import Checkpoint, NoteSigner
from emask.draw.model import DrawRecord
from emask.draw.service import NotDrawn
from emask.rules.draw import rank_key

CHECKPOINT = "checkpoint"
DRAW = "draw.json"
ENTRIES = "entries.txt.gz"
RESULTS = "results.txt.gz"
VERIFIER = "verify_draw.py"
SUMS = "SHA256SUMS"

_GZIP = 31  # zlib's number for the format, whose header then names no time and no file


class FolderInUse(Exception):
    """There are other things in the folder."""


def note_signer(round_id: str, *, host: str, key: Ed25519PrivateKey) -> NoteSigner:
    """Signs what a site publishes of a round's draw."""
    return NoteSigner(name=f"{host}/opendata/rounds/{round_id}/draw", key=key)


def checkpoint_of(record: DrawRecord, signer: NoteSigner) -> str:
    """The signed commitment of a run: it can be published as soon as the list is frozen."""
    checkpoint = Checkpoint(
        origin=signer.name,
        size=record.entries,
        root=record.root,
        extensions=(
            f"algorithm {record.algorithm}",
            f"quota {record.quota}",
            f"beacon {record.beacon} {record.beacon_key.hex()} {record.beacon_round}",
            f"run {record.run}",
            f"committed {_instant(record.committed_at)}",
        ),
    )
    return signer.sign(checkpoint.text())


async def write_publication(
    tx: Transaction, *, round_id: str, signer: NoteSigner, folder: Path
) -> DrawRecord:
    """Write everything about a round's draw into an empty or new folder, the checksums last.

    Raises:
        NotDrawn: there is no result yet.
        FolderInUse: the folder is not empty.
    """
    record = await queries.latest_run(tx, round_id)
    if record is None or record.result_root is None:
        raise NotDrawn(round_id)
    _require_empty(folder)
    drawn = lists.drawn_blocks(tx, round_id=round_id, last=record.entries)
    sums = {
        ENTRIES: (await _pack(folder / ENTRIES, lists.frozen_blocks(tx, round_id))),
        RESULTS: (await _pack(folder / RESULTS, drawn)),
    }
    facts = _facts(record, await queries.runs(tx, round_id), signer)
    facts["cut_off"] = await _cut_off(tx, record)
    for name, content in (
        (CHECKPOINT, checkpoint_of(record, signer).encode()),
        (DRAW, json.dumps(facts, ensure_ascii=False, indent=2).encode() + b"\n"),
        (VERIFIER, files("emask.draw").joinpath(VERIFIER).read_bytes()),
    ):
        sums[name] = sha256(content).hexdigest()
        (folder / name).write_bytes(content)
    (folder / SUMS).write_text("".join(f"{sums[name]}  {name}\n" for name in sorted(sums)))
    return record


def _facts(record: DrawRecord, runs: list[DrawRecord], signer: NoteSigner) -> dict[str, object]:
    """What `draw.json` says beside the cut-off; bytes in hexadecimal, instants in UTC."""
    return {
        "algorithm": record.algorithm,
        "round": record.round_id,
        "run": record.run,
        "entries": record.entries,
        "quota": record.quota,
        "root": record.root.hex(),
        "beacon": record.beacon,
        "beacon_key": record.beacon_key.hex(),
        "beacon_round": record.beacon_round,
        "committed_at": _instant(record.committed_at),
        "seed": _hex(record.seed),
        "signature": _hex(record.signature),
        "selected": record.selected,
        "result_root": _hex(record.result_root),
        "checkpoint_key": signer.verifier_key,
        "runs": [
            {
                "run": run.run,
                "reason": run.reason,
                "beacon_round": run.beacon_round,
                "committed_at": _instant(run.committed_at),
                "seed": _hex(run.seed),
                "result_root": _hex(run.result_root),
            }
            for run in runs
        ],
    }


async def _cut_off(tx: Transaction, record: DrawRecord) -> str | None:
    """The rank key of the last who was selected; None if there is nobody."""
    ticket = await queries.ticket_at(tx, record.round_id, rank=record.selected or 0)
    if ticket is None or record.seed is None:
        return None
    return rank_key(record.seed, record.root, ticket.bytes).hex()


def _require_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderInUse(folder)


async def _pack(path: Path, blocks: AsyncIterator[bytes]) -> str:
    """Write tickets, one a line, and return the file's checksum."""
    # Random digits hold nothing to find again: a code for each digit is all there is to gain.
    packer = zlib.compressobj(wbits=_GZIP, strategy=zlib.Z_HUFFMAN_ONLY)
    checksum = sha256()
    with path.open("wb") as file:
        async for block in blocks:
            lines = block.hex("\n", lists.TICKET_BYTES) + "\n"
            packed = packer.compress(lines.encode())
            checksum.update(packed)
            file.write(packed)
        packed = packer.flush()
        checksum.update(packed)
        file.write(packed)
    return checksum.hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()
