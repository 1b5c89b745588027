"""The map: every county once, tiles touch only where counties do."""

from itertools import combinations

import pytest

from emask.rounds.model import COUNTIES, PlaceCount
from emask.web.citizen.store_map import COLUMNS, ROWS, TILES, Tile, counties_on_map

NEIGHBOURS = {
    "臺北市": "新北市",
    "基隆市": "新北市",
    "桃園市": "新北市 新竹縣 宜蘭縣",
    "宜蘭縣": "新北市 新竹縣 臺中市 花蓮縣",
    "新竹市": "新竹縣 苗栗縣",
    "新竹縣": "苗栗縣 臺中市",
    "苗栗縣": "臺中市",
    "臺中市": "彰化縣 南投縣 花蓮縣",
    "彰化縣": "南投縣 雲林縣",
    "南投縣": "雲林縣 嘉義縣 高雄市 花蓮縣",
    "雲林縣": "嘉義縣",
    "嘉義縣": "嘉義市 臺南市 高雄市",
    "臺南市": "高雄市",
    "高雄市": "屏東縣 臺東縣 花蓮縣",
    "屏東縣": "臺東縣",
    "臺東縣": "花蓮縣",
}
TRUE_PAIRS = {frozenset((one, other)) for one, line in NEIGHBOURS.items() for other in line.split()}
ISLANDS = {"澎湖縣", "金門縣", "連江縣"}


def false_pairs(tiles: tuple[Tile, ...]) -> list[frozenset[str]]:
    touching = [
        frozenset((one.county, other.county))
        for one, other in combinations(tiles, 2)
        if one.touches(other)
    ]
    return [pair for pair in touching if pair not in TRUE_PAIRS]


def test_every_county_has_one_tile_in_the_order_of_lists() -> None:
    assert tuple(tile.county for tile in TILES) == COUNTIES
    squares = [square for tile in TILES for square in tile.squares]
    assert len(squares) == len(set(squares))
    assert all(0 <= column < COLUMNS and 0 <= row < ROWS for column, row in squares)


def test_tiles_touch_only_where_counties_do() -> None:
    assert false_pairs(TILES) == []
    moved = (*TILES[:19], Tile("澎湖縣", 1, 8), *TILES[20:])
    assert false_pairs(moved)


def test_the_main_island_hangs_together_and_islands_touch_nothing() -> None:
    by_name = {tile.county: tile for tile in TILES}
    reached, ahead = {"臺北市"}, ["臺北市"]
    while ahead:
        here = by_name[ahead.pop()]
        found = {each.county for each in TILES if each.touches(here)} - reached
        reached |= found
        ahead += found
    assert set(by_name) - reached == ISLANDS


@pytest.mark.parametrize(
    ("county", "place"), [("高雄市", (252, 420, 84, 120)), ("連江縣", (0, 60, 84, 60))]
)
def test_tiles_are_drawn_where_they_lie(county: str, place: tuple[int, int, int, int]) -> None:
    drawn = {each.tile.county: each for each in counties_on_map([])}
    found = drawn[county]
    assert (found.x, found.y, found.width, found.height) == place


def test_a_county_has_the_open_stores_of_its_towns() -> None:
    places = [PlaceCount("臺北市", "大安區", 2), PlaceCount("臺北市", "中正區", 3)]
    counted = {each.tile.county: each.open for each in counties_on_map(places)}
    assert (counted["臺北市"], counted["高雄市"]) == (5, 0)
