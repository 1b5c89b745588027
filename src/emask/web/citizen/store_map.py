"""A map of where the stores are, drawn from their list: each county a tile among its neighbours.

The list of stores holds no coordinates, so the map knows counties and towns, and nothing nearer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from emask.language import source
from emask.rounds.model import PlaceCount

TILE_WIDTH: Final = 84
TILE_HEIGHT: Final = 60
"""Of one square of the grid, in the units of the drawing."""
COLUMNS: Final = 5
ROWS: Final = 10


@dataclass(frozen=True, slots=True)
class Tile:
    """One county: its upper left square, and how many squares it has to the right and downwards."""

    county: str
    column: int
    row: int
    columns: int = 1
    rows: int = 1

    @property
    def squares(self) -> frozenset[tuple[int, int]]:
        """All squares of the grid that it covers, as (column, row)."""
        return frozenset(
            (self.column + right, self.row + down)
            for right in range(self.columns)
            for down in range(self.rows)
        )

    def touches(self, other: "Tile") -> bool:
        """Do the two share an edge?"""
        return any(
            abs(column - other_column) + abs(row - other_row) == 1
            for column, row in self.squares
            for other_column, other_row in other.squares
        )


# Tiles touch only where counties do; islands lie off the coast that they face.
TILES: Final = (
    Tile(source("臺北市"), 2, 0),
    Tile(source("新北市"), 2, 1, columns=3),
    Tile(source("基隆市"), 4, 0),
    Tile(source("桃園市"), 2, 2),
    Tile(source("新竹市"), 1, 3),
    Tile(source("新竹縣"), 2, 3),
    Tile(source("苗栗縣"), 1, 4),
    Tile(source("臺中市"), 2, 4, columns=2),
    Tile(source("彰化縣"), 2, 5),
    Tile(source("南投縣"), 3, 5, rows=2),
    Tile(source("雲林縣"), 2, 6),
    Tile(source("嘉義市"), 1, 7),
    Tile(source("嘉義縣"), 2, 7),
    Tile(source("臺南市"), 2, 8),
    Tile(source("高雄市"), 3, 7, rows=2),
    Tile(source("屏東縣"), 3, 9),
    Tile(source("宜蘭縣"), 3, 2, columns=2, rows=2),
    Tile(source("花蓮縣"), 4, 4, rows=3),
    Tile(source("臺東縣"), 4, 7, rows=3),
    Tile(source("澎湖縣"), 0, 8),
    Tile(source("金門縣"), 0, 5),
    Tile(source("連江縣"), 0, 1),
)
"""In the order of lists, which is the order in which the keyboard reaches them."""


@dataclass(frozen=True, slots=True)
class County:
    """A tile as the page draws it, with the number of its open stores."""

    tile: Tile
    open: int

    @property
    def x(self) -> int:
        return self.tile.column * TILE_WIDTH

    @property
    def y(self) -> int:
        return self.tile.row * TILE_HEIGHT

    @property
    def width(self) -> int:
        return self.tile.columns * TILE_WIDTH

    @property
    def height(self) -> int:
        return self.tile.rows * TILE_HEIGHT


def counties_on_map(places: Sequence[PlaceCount]) -> list[County]:
    """Every county with the number of open stores in it, which may be none."""
    open_in: Counter[str] = Counter()
    for place in places:
        open_in[place.county] += place.open
    return [County(tile, open_in[tile.county]) for tile in TILES]
