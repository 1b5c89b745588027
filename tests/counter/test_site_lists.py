"""Lists of institutions one after the other: who vanishes, who comes back, whose stock counts."""

from pathlib import Path

import pytest

from counter.test_sites import CENTRE, HEADING, PHARMACY, SERVICE, file_of
from emask.counter.model import Location
from emask.counter.service import receive_stock, stock_of
from emask.counter.site_history_queries import SiteDifference
from emask.counter.sites import (
    ImplausiblyManyVanish,
    changes_of_import,
    compare_sites,
    import_sites,
    recent_imports,
    site_of,
)
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.rounds.model import Change, ImportReport
from emask.rules.calendar import Product

CODES = ("5901010003", "2301010008", "592202A054")


async def active(db: Database) -> set[str]:
    async with db.connection() as tx:
        cursor = await tx.execute("SELECT site_code FROM counter_site WHERE active")
        return {code for (code,) in await cursor.fetchall()}


async def test_who_vanished_comes_back_when_named_again(db: Database, tmp_path: Path) -> None:
    all_three, two = (PHARMACY, CENTRE, SERVICE), (PHARMACY, CENTRE)
    await import_sites(db, file_of(tmp_path, *all_three))
    report = await import_sites(db, file_of(tmp_path, *two), by="mei")
    assert report == ImportReport(closed=1, unchanged=2)
    assert await active(db) == set(CODES[:2])
    async with db.transaction() as tx:
        assert await site_of(tx, CODES[2])  # its sales stay
        (last, first) = await recent_imports(tx)
        assert (last.actor, last.report, first.report.added) == ("mei", report, 3)
        ((kind, was, became),) = await changes_of_import(tx, last.id)
    assert (kind, was and was.active, became.active) == (Change.CLOSED, True, False)
    back = await import_sites(db, file_of(tmp_path, *all_three))
    assert back == ImportReport(reopened=1, unchanged=2)
    assert await active(db) == set(CODES)


async def test_implausibly_many_do_not_vanish_unless_confirmed(
    db: Database, tmp_path: Path
) -> None:
    lines = [PHARMACY.replace("5901010003", f"T{number:09}") for number in range(12)]
    await import_sites(db, file_of(tmp_path, *lines))
    torn = file_of(tmp_path, lines[0])
    with pytest.raises(ImplausiblyManyVanish) as refused:
        await import_sites(db, torn)
    assert (refused.value.vanishing, refused.value.active) == (11, 12)
    with pytest.raises(ImplausiblyManyVanish):
        await import_sites(db, torn, confirmed=10)
    assert len(await active(db)) == 12
    assert await import_sites(db, torn, confirmed=11) == ImportReport(closed=11, unchanged=1)


async def test_comparing_tells_and_changes_nothing(db: Database, tmp_path: Path) -> None:
    await import_sites(db, file_of(tmp_path, PHARMACY, CENTRE))
    moved = CENTRE.replace("大安區辛亥路", "信義區松仁路")
    renamed = PHARMACY.replace("幸福", "快樂")
    path = file_of(tmp_path, renamed, moved, SERVICE)
    report, found = await compare_sites(db, path)
    assert report == ImportReport(added=1, changed=1, moved=1)
    assert [_told(each) for each in found] == [
        (Change.MOVED, "大安區衛生所", "大安區衛生所"),
        (Change.CHANGED, "幸福藥局", "快樂藥局"),
        (Change.ADDED, None, "健康藥局"),
    ]
    assert (await compare_sites(db, path))[0] == report
    empty = file_of(tmp_path)
    assert (await compare_sites(db, empty))[0].errors


def _told(difference: SiteDifference) -> tuple[Change, str | None, str]:
    was = difference.was
    return difference.kind, was and was.site.name, difference.became.site.name


async def test_an_address_in_another_width_is_no_move(db: Database, tmp_path: Path) -> None:
    await import_sites(db, file_of(tmp_path, PHARMACY))
    narrow = PHARMACY.replace("臺北市", "台北市").replace("４段６９２號", "4段692號")
    assert await import_sites(db, file_of(tmp_path, narrow)) == ImportReport(changed=1)


async def test_a_known_place_stays_where_the_next_list_has_none(
    db: Database, tmp_path: Path
) -> None:
    path = file_of(tmp_path, PHARMACY, CENTRE)
    here = Location(longitude=121.5, latitude=25.0)
    await import_sites(db, path, locations={CODES[0]: here})
    assert await import_sites(db, path) == ImportReport(unchanged=2)
    there = Location(longitude=121.6, latitude=25.1)
    report = await import_sites(db, path, locations={CODES[0]: there, CODES[1]: here})
    assert report == ImportReport(changed=2)
    async with db.transaction() as tx:
        first, second = [await site_of(tx, code) for code in CODES[:2]]
    assert first
    assert second
    assert (first.location, second.location) == (there, here)


async def test_a_list_older_than_a_site_s_stock_leaves_it(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    old = PHARMACY.replace("2021/06/21", "2020/03/01")
    await import_sites(db, file_of(tmp_path, old))
    async with db.transaction() as tx:
        await receive_stock(tx, site_code=CODES[0], product=Product.ADULT_MASK, pieces=30)
    await import_sites(db, file_of(tmp_path, old.replace(",1790,", ",1700,")))
    async with db.transaction() as tx:
        assert await stock_of(tx, CODES[0]) == {Product.ADULT_MASK: 1000, Product.CHILD_MASK: 1700}
    newer = old.replace("2020/03/01", "2020/03/12")
    await import_sites(db, file_of(tmp_path, newer))
    async with db.transaction() as tx:
        assert (await stock_of(tx, CODES[0]))[Product.ADULT_MASK] == 970


async def test_stock_of_no_time_counts_only_where_there_is_none(
    db: Database, tmp_path: Path
) -> None:
    lines = [HEADING.rpartition(",")[0], PHARMACY.rpartition(",")[0]]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(lines), "utf-8")
    assert (await import_sites(db, path)).added == 1
    path.write_text("\n".join(lines).replace("970", "5"), "utf-8")
    assert await import_sites(db, path) == ImportReport(unchanged=1)


@pytest.mark.parametrize(
    ("noted", "left"),
    [
        ("(SELECT now FROM clock)", 967),
        ("changed_at", 900),  # a sale that did not note its time would be given back
    ],
)
async def test_pieces_sold_while_a_list_comes_in_are_not_given_back(
    db: Database, clock: SetClock, tmp_path: Path, noted: str, left: int
) -> None:
    earlier = PHARMACY.replace("2021/06/21", "2020/03/01")
    await import_sites(db, file_of(tmp_path, earlier))
    later = file_of(tmp_path, earlier.replace("03/01", "03/02").replace(",970,", ",900,"))
    async with db.transaction() as tx:  # sells between comparing and writing
        await tx.execute(
            "CREATE FUNCTION sell_meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" UPDATE counter_stock SET pieces = pieces - 3, changed_at = {noted}"
            " WHERE product = 'adult_mask'; RETURN NEW; END $$;"
            "CREATE TRIGGER sell_meanwhile BEFORE INSERT ON list_import"
            " FOR EACH ROW EXECUTE FUNCTION sell_meanwhile()"
        )
    await import_sites(db, later)
    async with db.transaction() as tx:
        assert (await stock_of(tx, CODES[0]))[Product.ADULT_MASK] == left
