"""Finding sites in memory: words, place, stock and hours."""

from dataclasses import replace
from datetime import date

from delivery.world import day
from emask.opendata.feed import UNKNOWN_PERIODS
from emask.rounds.model import PlaceCount
from emask.rules.calendar import Product
from emask.web.public.map_search import Search, find, open_at, shown, towns
from opendata.sites import SITE

A = replace(
    SITE,
    site_code="5901010003",
    name="幸福藥局",
    phone="(02)27671757",
    service_periods=UNKNOWN_PERIODS,
)
B = replace(
    A,
    site_code="2301010008",
    name="大安區衛生所",
    address="台北市大安區辛亥路３段１５號",
    town="大安區",
    adult=0,
    child=60,
    service_periods="NNNNNYY" + "Y" * 14,
)
C = replace(
    A,
    site_code="592202A054",
    name="健康藥局",
    address="臺南市東區崇善路一號",
    county="臺南市",
    town="東區",
    adult=0,
    child=0,
)
ALL = (C, B, A)
MORNING = day(3, 12, 9)


EVERYTHING = Search(path="/zh/map")


def found(search: Search) -> list[str]:
    return [site.name for site in find(ALL, search, MORNING).sites]


def test_those_with_stock_come_first_then_by_place() -> None:
    assert found(EVERYTHING) == ["大安區衛生所", "幸福藥局", "健康藥局"]
    assert found(replace(EVERYTHING, product=Product.ADULT_MASK)) == [
        "幸福藥局",
        "大安區衛生所",
        "健康藥局",
    ]


def test_words_are_found_in_any_width_and_spelling() -> None:
    assert found(replace(EVERYTHING, text="台北 辛亥路三段")) == ["大安區衛生所"]
    assert found(replace(EVERYTHING, text="臺北　３段")) == ["大安區衛生所"]
    assert found(replace(EVERYTHING, text="崇善路1號")) == ["健康藥局"]
    assert found(replace(EVERYTHING, text="592202a054")) == ["健康藥局"]
    assert found(replace(EVERYTHING, text="東區")) == ["健康藥局"]
    assert found(replace(EVERYTHING, text="nowhere")) == []


def test_only_what_is_asked_for_is_found() -> None:
    assert found(replace(EVERYTHING, county="臺北市")) == ["大安區衛生所", "幸福藥局"]
    assert found(replace(EVERYTHING, county="臺北市", town="松山區")) == ["幸福藥局"]
    assert found(replace(EVERYTHING, in_stock=True)) == ["大安區衛生所", "幸福藥局"]
    assert found(replace(EVERYTHING, in_stock=True, product=Product.CHILD_MASK)) == ["大安區衛生所"]


def test_who_is_open_is_told_by_hours_and_days_off() -> None:
    assert found(replace(EVERYTHING, open_now=True)) == ["大安區衛生所", "幸福藥局", "健康藥局"]
    assert open_at(B, MORNING)
    assert not open_at(B, day(3, 12, 15))
    assert not open_at(replace(B, holidays=[date(2020, 3, 12)]), MORNING)
    assert [shown(each, day(3, 12, 15)).open for each in (A, B)] == [None, False]


def test_other_places_are_counted_by_the_same_search() -> None:
    search = Search(path="/zh/map", county="臺南市", in_stock=True)
    assert sorted(find(ALL, search, MORNING).places) == [
        PlaceCount("臺北市", "大安區", 1),
        PlaceCount("臺北市", "松山區", 1),
    ]
    assert towns(ALL, "臺北市") == ["大安區", "松山區"]


def test_an_address_keeps_what_was_asked() -> None:
    search = Search(
        path="/en/map", text="a&b", product=Product.CHILD_MASK, in_stock=True, open_now=True
    )
    assert search.at("") == "/en/map?q=a%26b&product=child_mask&stock=1&open=1"
    assert Search(path="/zh/map", county="x", town="y").sheet(2) == (
        "/zh/map?county=x&town=y&sheet=2"
    )
    assert Search(path="/zh/map", county="x", town="y").at("z") == "/zh/map?county=z"


def test_a_later_snapshot_is_searched_anew() -> None:
    assert found(replace(EVERYTHING, text="快樂")) == []
    renamed = (replace(A, name="快樂藥局"),)
    search = Search(path="/zh/map", text="快樂")
    assert len(find(renamed, search, MORNING).sites) == 1
    assert find(ALL, search, MORNING).sites == []


def test_a_phone_number_is_dialled_by_its_digits() -> None:
    assert shown(A, MORNING).dialled == "0227671757"
