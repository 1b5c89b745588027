"""The published list of institutions: imported whole or not at all."""

from pathlib import Path
from time import monotonic

import pytest

from emask.counter.location_file import read_locations
from emask.counter.model import Site, SiteKind
from emask.counter.service import stock_of
from emask.counter.site_file import read_sites
from emask.counter.sites import import_sites, save_sites, site_of
from emask.database.pool import Database
from emask.opendata.snapshot import OpenData
from emask.rounds.model import ImportReport
from emask.rules.calendar import Product

HEADING = (
    "醫事機構代碼,醫事機構名稱,醫事機構地址,醫事機構電話,成人口罩剩餘數,兒童口罩剩餘數,來源資料時間"
)
PHARMACY = (
    "5901010003,幸福藥局,臺北市松山區八德路４段６９２號,(02)27671757,970,1790,2021/06/21 18:17:25"
)
CENTRE = (
    "2301010008,大安區衛生所,臺北市大安區辛亥路３段１５號,(02)27335831,0,60,2021/06/21 18:17:25"
)
SERVICE = "592202A054,健康藥局,臺南市東區崇善路１號,06-2345678,12,0,2021/06/21 18:17:25"


def file_of(folder: Path, *lines: str) -> Path:
    path = folder / "sites.csv"
    path.write_text("\n".join([HEADING, *lines, ""]), "utf-8")
    return path


async def test_sites_come_with_their_stock(db: Database, tmp_path: Path) -> None:
    report = await import_sites(db, file_of(tmp_path, PHARMACY, CENTRE, SERVICE))
    assert report == ImportReport(added=3)
    async with db.transaction() as tx:
        assert await site_of(tx, "5901010003") == Site(
            site_code="5901010003",
            kind=SiteKind.PHARMACY,
            name="幸福藥局",
            address="臺北市松山區八德路４段６９２號",
            phone="(02)27671757",
        )
        assert await site_of(tx, "5901010009") is None
        assert await stock_of(tx, "5901010003") == {
            Product.ADULT_MASK: 970,
            Product.CHILD_MASK: 1790,
        }


async def test_a_later_file_tells_what_changed(db: Database, tmp_path: Path) -> None:
    await import_sites(db, file_of(tmp_path, PHARMACY, CENTRE))
    renamed, sold = PHARMACY.replace("幸福", "快樂"), CENTRE.replace(",60,", ",55,")
    report = await import_sites(db, file_of(tmp_path, renamed, CENTRE, SERVICE))
    assert report == ImportReport(added=1, changed=1, unchanged=1)
    report = await import_sites(db, file_of(tmp_path, renamed, sold))
    assert report == ImportReport(changed=1, closed=1, unchanged=1)
    async with db.transaction() as tx:
        assert (await stock_of(tx, "2301010008"))[Product.CHILD_MASK] == 55


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("幸福藥局", SiteKind.PHARMACY),
        ("大安區衛生所", SiteKind.HEALTH_CENTRE),
        ("松山健康服務中心", SiteKind.HEALTH_CENTRE),
        ("連江縣立醫院", SiteKind.HEALTH_CENTRE),
    ],
)
def test_the_name_tells_the_kind(name: str, kind: SiteKind) -> None:
    assert SiteKind.of_name(name) is kind


@pytest.mark.parametrize(
    ("line", "field", "zh"),
    [
        (PHARMACY.replace("5901010003", "59010"), "醫事機構代碼", "10 個數字"),
        (PHARMACY.replace("幸福藥局", ""), "醫事機構名稱", "填入機構名稱"),
        (PHARMACY.replace("幸福", "\x07"), "醫事機構名稱", "控制字元"),
        (PHARMACY.replace("(02)27671757", ""), "醫事機構電話", "填入電話"),
        (PHARMACY.replace(",970,", ",-1,"), "成人口罩剩餘數", "數字"),
        (PHARMACY.replace(",1790,", ",many,"), "兒童口罩剩餘數", "數字"),
        (CENTRE, "醫事機構代碼", "與第 2 行為同一機構"),
        (PHARMACY + ",more", "", "應有 7 個欄位"),
    ],
)
async def test_one_fault_and_nothing_is_imported(
    db: Database, tmp_path: Path, line: str, field: str, zh: str
) -> None:
    report = await import_sites(db, file_of(tmp_path, CENTRE, line))
    (error,) = report.errors
    assert (error.line, error.field) == (3, field)
    assert zh in error.zh
    assert error.en
    assert error.en != error.zh
    assert (report.added, report.changed, report.unchanged) == (0, 0, 0)
    async with db.transaction() as tx:
        assert await site_of(tx, "2301010008") is None


def test_every_fault_of_a_file_is_told(tmp_path: Path) -> None:
    wrong = PHARMACY.replace("5901010003", "x").replace(",970,", ",,")
    file = read_sites(file_of(tmp_path, CENTRE, wrong, wrong))
    assert [error.line for error in file.errors] == [3, 3, 4, 4]


@pytest.mark.parametrize("time", ["0001/01/01 00:00:00", "0109/06/21 18:17:25", "109/6/21"])
async def test_a_time_that_cannot_be_is_warned_of_and_never_published(
    db: Database, tmp_path: Path, time: str
) -> None:
    line = PHARMACY.replace("2021/06/21 18:17:25", time)
    report = await import_sites(db, file_of(tmp_path, line))
    (warning,) = report.warnings
    assert (warning.line, warning.field) == (2, "來源資料時間")
    open_data = OpenData()
    await open_data.refresh_stock(db)
    assert [site.changed_at.year >= 2020 for site in open_data.snapshot.sites] == [True]


def test_an_empty_file_is_a_fault(tmp_path: Path) -> None:
    assert read_sites(file_of(tmp_path)).errors[0].zh == "檔案沒有機構"


async def test_saving_sites_brings_them_up_to_date(db: Database, tmp_path: Path) -> None:
    await import_sites(db, file_of(tmp_path, PHARMACY))
    other = Site(
        site_code="5901010003", kind=SiteKind.PHARMACY, name="快樂藥局", address="a", phone="p"
    )
    async with db.transaction() as tx:
        await save_sites(tx, [other])
        assert await site_of(tx, "5901010003") == other


async def test_the_real_list_imports(db: Database, shared_data: Path) -> None:
    path = shared_data / "pharmacies_maskdata_2021.csv"
    places = read_locations(shared_data / "pharmacy_locations.csv")
    assert (len(places.locations), places.warnings, places.errors) == (5085, (), ())
    began = monotonic()
    report = await import_sites(db, path, locations=places.locations)
    assert monotonic() - began < 10
    assert report == ImportReport(added=5031, warnings=report.warnings)
    assert [warning.field for warning in report.warnings] == ["醫事機構代碼"] * 22
    again = await import_sites(db, path, locations=places.locations)
    assert again == ImportReport(unchanged=5031, warnings=report.warnings)
    async with db.connection() as connection:
        cursor = await connection.execute(
            "SELECT count(*) FILTER (WHERE kind = 'pharmacy'),"
            " count(*) FILTER (WHERE name ~ '衛生所|健康服務中心' AND kind = 'health_centre'),"
            " count(*) FILTER (WHERE kind = 'health_centre') FROM counter_site"
        )
        assert await cursor.fetchone() == (4692, 337, 339)
        cursor = await connection.execute(
            "SELECT count(longitude), count(DISTINCT county), count(DISTINCT county || town),"
            " bool_and(town ~ '[鄉鎮市區]$') FROM counter_site WHERE active"
        )
        # 367 of the 368 towns there are, and one that the list misspells
        assert await cursor.fetchone() == (5028, 22, 368, True)
        cursor = await connection.execute("SELECT count(*) FROM counter_stock")
        assert await cursor.fetchone() == (2 * 5031,)
