"""What became of stores, by lists and by hand, and who waits at closed ones."""

import asyncio
from pathlib import Path

import pytest

from delivery.world import until_waiting
from emask.database.audit_log import first_broken_link
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.rounds.model import Chain, Change
from emask.rounds.store_file import digest_of
from emask.rounds.store_history import (
    ByHand,
    Place,
    changes_of_import,
    changes_of_store,
    close_store,
    move_store,
    recent_imports,
    reopen_store,
)
from emask.rounds.stores import NoSuchStore, find_store, import_stores

HEADING = "MARKET_CD,STORE_CD,STORE_NM,ADDR,HSN_NM,TOWN_NM,ZIP_CD,ISOPEN"
HANGZHOU = "HL,2001,北市杭州店,台北市大安區杭州南路二段５號,臺北市,大安區,106,Y"
CHUNAN = "SE,111371,俊安,新北市樹林區俊英街156號,新北市,樹林區,238,Y"
BY = ByHand(operator="operator", reason="淹水")
ELSEWHERE = Place(county="台北市", town="中正區", address="台北市中正區1號", zip_code="100")


def listed(folder: Path, *lines: str) -> Path:
    path = folder / "stores.csv"
    path.write_text("\n".join([HEADING, *lines]))
    return path


async def test_each_import_is_kept_with_what_it_changed(db: Database, tmp_path: Path) -> None:
    await import_stores(db, listed(tmp_path, HANGZHOU, CHUNAN), by="mei")
    path = listed(tmp_path, HANGZHOU.replace("大安區", "中正區"), CHUNAN[:-1] + "N")
    await import_stores(db, path, by="jun")
    await import_stores(db, path, by="jun")
    async with db.transaction() as tx:
        third, second, first = await recent_imports(tx)
        assert (first.actor, first.report.added) == ("mei", 2)
        assert (second.actor, second.report.moved, second.report.closed) == ("jun", 1, 1)
        assert second.digest == third.digest == digest_of(path)
        assert third.report.unchanged == 2
        assert await changes_of_import(tx, third.id) == []
        closed, moved = await changes_of_import(tx, second.id)
    assert (closed.difference.kind, moved.difference.kind) == (Change.CLOSED, Change.MOVED)
    assert (closed.by_list, closed.actor, closed.reason) == (second.id, "jun", "")
    assert moved.difference.was is not None
    assert (moved.difference.was.town, moved.difference.became.town) == ("大安區", "中正區")


async def test_a_store_is_closed_moved_and_reopened_by_hand_for_a_reason(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    await import_stores(db, listed(tmp_path, HANGZHOU))
    assert await close_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    assert not await close_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    assert await move_store(db, clock, chain=Chain.HL, code="2001", to=ELSEWHERE, by=BY)
    assert await reopen_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    async with db.transaction() as tx:
        store = await find_store(tx, chain=Chain.HL, code="2001")
        events = await changes_of_store(tx, chain=Chain.HL, code="2001")
        cursor = await tx.execute("SELECT actor, act, subject, detail->>'reason' FROM audit_log")
        noted = await cursor.fetchall()
        assert await first_broken_link(tx) is None
    assert store is not None
    assert (store.open, store.county, store.town) == (True, "臺北市", "中正區")
    kinds = [event.difference.kind for event in events]
    assert kinds == [Change.REOPENED, Change.MOVED, Change.CLOSED, Change.ADDED]
    assert {(event.actor, event.reason) for event in events[:3]} == {("operator", "淹水")}
    acts = [act for _, act, _, _ in noted]
    assert acts == ["store_closed", "store_moved", "store_reopened"]
    assert noted[0] == ("operator", "store_closed", "HL2001", "淹水")


async def test_who_moves_a_store_does_not_undo_what_is_done_to_it_meanwhile(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    await import_stores(db, listed(tmp_path, HANGZHOU))
    async with db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false")
        moving = asyncio.create_task(
            move_store(db, clock, chain=Chain.HL, code="2001", to=ELSEWHERE, by=BY)
        )
        await until_waiting(db, 1)
    assert await moving
    async with db.transaction() as tx:
        store = await find_store(tx, chain=Chain.HL, code="2001")
    assert store is not None
    assert (store.open, store.town) == (False, "中正區")


async def test_the_next_list_that_names_a_store_opens_it_again(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    path = listed(tmp_path, HANGZHOU)
    await import_stores(db, path)
    await close_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    assert (await import_stores(db, path)).reopened == 1


async def test_what_is_not_there_or_has_no_reason_is_not_changed(
    db: Database, clock: SetClock
) -> None:
    with pytest.raises(NoSuchStore):
        await close_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    with pytest.raises(ValueError, match="reason"):
        ByHand(operator="operator", reason=" ")
    with pytest.raises(ValueError, match="place"):
        Place(county="桃園縣", town="中正區", address="1號", zip_code="100")
