"""What is published of a draw: the same bytes each time, and no other bytes pass the verifier."""

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from draw.town import Town, crowd
from emask.draw import service, verify_draw
from emask.draw.checkpoint import Checkpoint, open_note
from emask.draw.publication import FolderInUse, note_signer, write_publication
from emask.draw.service import NotDrawn
from emask.rules.draw import merkle_root, rank_key

SIGNER = note_signer(
    "2020-1", host="mask.example", key=Ed25519PrivateKey.from_private_bytes(bytes(32))
)
NAMES = [*verify_draw.FILES, "SHA256SUMS"]


async def published(town: Town, folder: Path) -> Path:
    async with town.db.transaction() as tx:
        await write_publication(tx, round_id=town.round.id, signer=SIGNER, folder=folder)
    return folder


@pytest.fixture
async def drawn(town: Town, tmp_path: Path) -> Path:
    """The published files of 30 entries and 20 packs."""
    await town.enter(crowd(30))
    await town.draw()
    return await published(town, tmp_path / "drawn")


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def reason(folder: Path, *kept: Path) -> str:
    """Why the verifier refuses a folder."""
    with pytest.raises(SystemExit) as refused:
        verify_draw.main(str(folder), *map(str, kept))
    return str(refused.value)


def alone(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the verifier with nothing else of the project beside it."""
    place = folder.parent / "alone"
    place.mkdir()
    copy = shutil.copy(folder / "verify_draw.py", place)
    command = [sys.executable, "-I", *options, str(copy), str(folder)]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)


async def test_the_same_draw_gives_the_same_bytes(town: Town, drawn: Path, tmp_path: Path) -> None:
    again = await published(town, tmp_path / "again")
    assert names_in(drawn) == sorted(NAMES)
    for name in NAMES:
        assert (again / name).read_bytes() == (drawn / name).read_bytes()


async def test_the_files_say_what_was_drawn(town: Town, drawn: Path) -> None:
    async with town.db.transaction() as tx:
        record = await service.record_of(tx, town.round.id)
    assert record is not None
    assert record.seed is not None
    results = [ticket for ticket, _ in await town.results()]
    assert gzip.decompress((drawn / "entries.txt.gz").read_bytes()).decode() == "".join(
        f"{ticket.hex()}\n" for ticket in sorted(results)
    )
    assert gzip.decompress((drawn / "results.txt.gz").read_bytes()).decode() == "".join(
        f"{ticket.hex()}\n" for ticket in results
    )
    said = json.loads((drawn / "draw.json").read_bytes())
    assert said["cut_off"] == rank_key(record.seed, record.root, results[19]).hex()
    note = open_note((drawn / "checkpoint").read_text(), SIGNER.verifier_key)
    checkpoint = Checkpoint.read(note)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (SIGNER.name, 30, record.root)
    assert "quota 20" in checkpoint.extensions


async def test_anyone_can_check_with_nothing_installed(drawn: Path) -> None:
    said = json.loads((drawn / "draw.json").read_bytes())
    checked = alone(drawn, "-S")
    assert checked.returncode == 0, checked.stderr
    for name in ("root", "seed", "entries", "quota", "cut_off"):
        assert f"{name.replace('_', '-')}: {said[name]}\n" in checked.stdout
    for what in ("the checkpoint's signature", "the beacon's signature"):
        assert f"NOT CHECKED: {what} (needs the package cryptography)" in checked.stdout
    assert "A REHEARSAL" in checked.stdout


async def test_signatures_are_checked_where_they_can_be(drawn: Path) -> None:
    checked = alone(drawn)
    assert checked.returncode == 0, checked.stderr
    assert "NOT CHECKED: the" not in checked.stdout


def test_the_verifier_is_short() -> None:
    assert len(Path(verify_draw.__file__).read_text().splitlines()) < 150


@pytest.mark.parametrize("name", NAMES)
async def test_no_changed_byte_passes(drawn: Path, name: str) -> None:
    original = (drawn / name).read_bytes()
    for place in {*range(0, len(original), max(1, len(original) // 60)), len(original) - 1}:
        changed = bytes([original[place] ^ 1])
        (drawn / name).write_bytes(original[:place] + changed + original[place + 1 :])
        assert reason(drawn)
    (drawn / name).write_bytes(original)
    verify_draw.main(str(drawn))


async def test_what_is_missing_is_said(drawn: Path) -> None:
    (drawn / "checkpoint").unlink()
    checked = alone(drawn, "-S")
    assert checked.returncode == 1
    assert "FAILED: FileNotFoundError" in checked.stderr


def rewrite_list(folder: Path, name: str, change: Callable[[list[str]], object]) -> None:
    lines = gzip.decompress((folder / name).read_bytes()).decode().splitlines(keepends=True)
    change(lines)
    (folder / name).write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def rewrite_draw(folder: Path, **facts: Any) -> None:
    path = folder / "draw.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **facts}))


def swap(lines: list[str]) -> None:
    lines[0], lines[-1] = lines[-1], lines[0]


def edit(lines: list[str]) -> None:
    lines[3] = "0" + lines[3][1:] if lines[3][0] != "0" else "1" + lines[3][1:]


def add(lines: list[str]) -> None:
    lines.append("f" * 32 + "\n")


def draw_again_unseen(folder: Path) -> None:
    """All that follows from another seed, with a signature made up for it."""
    draw = json.loads((folder / "draw.json").read_bytes())
    root, signature = bytes.fromhex(draw["root"]), bytes(64)
    seed = sha256(signature).digest()
    tickets = gzip.decompress((folder / "entries.txt.gz").read_bytes()).decode().split()
    order = sorted(map(bytes.fromhex, tickets), key=lambda each: rank_key(seed, root, each))
    rewrite_list(
        folder,
        "results.txt.gz",
        lambda lines: lines.__setitem__(slice(None), [f"{t.hex()}\n" for t in order]),
    )
    rewrite_draw(
        folder,
        seed=seed.hex(),
        signature=signature.hex(),
        result_root=merkle_root(order[:20]).hex(),
        cut_off=rank_key(seed, root, order[19]).hex(),
    )


TAMPERINGS: dict[str, tuple[Callable[[Path], object], str]] = {
    "swap": (lambda f: rewrite_list(f, "results.txt.gz", swap), "results: not in the order"),
    "drop": (lambda f: rewrite_list(f, "entries.txt.gz", list.pop), "entries: another number"),
    "add": (lambda f: rewrite_list(f, "entries.txt.gz", add), "entries: another number"),
    "edit": (lambda f: rewrite_list(f, "entries.txt.gz", edit), "entries: "),
    "twice": (lambda f: rewrite_list(f, "entries.txt.gz", swap), "entries: not in order"),
    "spelling": (
        lambda f: rewrite_list(f, "results.txt.gz", lambda x: x.insert(0, x.pop(0).upper())),
        "results.txt.gz: badly written",
    ),
    "result": (lambda f: rewrite_draw(f, result_root="00" * 32), "result: another root"),
    "selected": (lambda f: rewrite_draw(f, selected=21), "selected: another number"),
    "cut-off": (lambda f: rewrite_draw(f, cut_off="00" * 32), "cut-off: another rank"),
    "seed": (lambda f: rewrite_draw(f, seed="00" * 32), "seed: not of the beacon's signature"),
    "quota": (lambda f: rewrite_draw(f, quota=21), "checkpoint: 'quota 20'"),
    "beacon round": (lambda f: rewrite_draw(f, beacon_round=7), "checkpoint: 'beacon sandbox"),
    "size": (lambda f: rewrite_draw(f, entries=29), "checkpoint: '30'"),
    "re-draw": (draw_again_unseen, "the beacon's signature: not valid"),
}


def reseal(folder: Path) -> None:
    """Make the checksums right again, as who tampers would."""
    sums = [f"{sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in verify_draw.FILES]
    (folder / "SHA256SUMS").write_text("".join(sums))


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_whoever_tampers_is_found_out(drawn: Path, name: str) -> None:
    tamper, expected = TAMPERINGS[name]
    tamper(drawn)
    reseal(drawn)
    assert expected in reason(drawn)


@pytest.mark.parametrize(
    ("said", "instead"), [("quota 20", "quota 21"), ("run 1", "run 2"), ("beacon sandbox", "")]
)
async def test_a_checkpoint_that_agrees_must_still_be_signed(
    drawn: Path, said: str, instead: str
) -> None:
    """Both the note and draw.json are changed alike."""
    draw = json.loads((drawn / "draw.json").read_bytes())
    note = (drawn / "checkpoint").read_text()
    if instead:
        word, number = instead.split(" ")
        rewrite_draw(drawn, **{word: int(number)})
    else:
        round_there = draw["beacon_round"]
        said, instead = f" {round_there}\n", f" {round_there + 1}\n"
        rewrite_draw(drawn, beacon_round=round_there + 1)
    (drawn / "checkpoint").write_text(note.replace(said, instead))
    reseal(drawn)
    assert "the checkpoint's signature: not valid" in reason(drawn)


async def test_a_second_run_says_why_and_is_not_the_first(
    town: Town, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = drawn / "checkpoint"
    verify_draw.main(str(drawn), str(kept))
    again = await service.draw_again(
        town.db, round=town.round, at=town.round.closes_at, beacon=town.beacon, reason="a fault"
    )
    await town.run_draw(again)
    second = await published(town, tmp_path / "second")
    verify_draw.main(str(second))
    assert "run 2 was drawn because: a fault" in capsys.readouterr().out
    assert "not the one you kept" in reason(second, kept)


@pytest.mark.parametrize("number", [0, 1, 19, 20])
async def test_a_draw_that_selects_everybody_is_published_too(
    town: Town, tmp_path: Path, number: int
) -> None:
    await town.enter(crowd(number))
    await town.draw()
    verify_draw.main(str(await published(town, tmp_path / "all")))


async def test_nothing_is_published_out_of_turn(town: Town, tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(NotDrawn):
            await published(town, tmp_path / "none")
        await town.freeze()
    assert not (tmp_path / "none").exists()


async def test_nothing_else_is_in_the_folder(town: Town, drawn: Path) -> None:
    with pytest.raises(FolderInUse):
        await published(town, drawn)


# Values of quicknet and its key, as published.
KEY = bytes.fromhex(
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d10"
    "64510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991e"
    "f5ece45a"
)
SIGNATURE_42 = bytes.fromhex(
    "95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce430a91b811fbfaf763900bc998b5d686a"
)
SIGNATURE_657413 = bytes.fromhex(
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
)


@pytest.mark.parametrize(
    ("number", "signature", "seed", "signed"),
    [
        (
            42,
            SIGNATURE_42,
            "8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3",
            True,
        ),
        (
            657413,
            SIGNATURE_657413,
            "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
            True,
        ),
        (
            657414,
            SIGNATURE_657413,
            "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
            False,
        ),
    ],
)
def test_the_verifier_knows_the_public_beacon(
    number: int, signature: bytes, seed: str, *, signed: bool
) -> None:
    assert sha256(KEY).hexdigest() == verify_draw.QUICKNET_KEY_SHA256
    draw = {
        "beacon": "drand-quicknet",
        "beacon_key": KEY.hex(),
        "beacon_round": number,
        "seed": seed,
        "signature": signature.hex(),
    }
    if signed:
        verify_draw.check_beacon(draw)
    else:
        with pytest.raises(SystemExit, match="the beacon's signature: not valid"):
            verify_draw.check_beacon(draw)
