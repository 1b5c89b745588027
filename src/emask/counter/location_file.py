"""The list of where institutions are: UTF-8 CSV of code, longitude x and latitude y."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from emask.counter.model import Location
from emask.rounds.csv_file import FileRejected, Line, half_width, read_lines
from emask.rounds.model import LineError

_CODE, _X, _Y = "醫事機構代碼", "x", "y"
_EAST: Final = (118.0, 122.2)
"""From Kinmen to the east coast and its islands, in degrees of longitude (WGS 84)."""
_NORTH: Final = (21.7, 26.5)
"""From Lanyu to Dongyin, in degrees of latitude."""


class LocationFile(NamedTuple):
    """Locations by institution code; what looks wrong is warned of and left out."""

    locations: dict[str, Location]
    warnings: tuple[LineError, ...]
    errors: tuple[LineError, ...]


def read_locations(path: Path) -> LocationFile:
    """The locations of a file; `errors` is not empty only if it is no such file at all."""
    locations: dict[str, Location] = {}
    warnings: list[LineError] = []
    try:
        for line in read_lines(path, (_CODE, _X, _Y)):
            doubts = list(_doubts(line))
            warnings += doubts
            if not doubts:
                x, y = (float(half_width(line.cells[axis])) for axis in (_X, _Y))
                locations[half_width(line.cells[_CODE])] = Location(longitude=x, latitude=y)
    except FileRejected as rejected:
        return LocationFile({}, (), (rejected.error,))
    return LocationFile(locations, tuple(warnings), ())


def _doubts(line: Line) -> Iterator[LineError]:
    try:
        x, y = (float(half_width(line.cells[axis])) for axis in (_X, _Y))
    except ValueError:
        yield _warning(line, "座標不是數字，未採用", "The coordinates are no numbers; left out")
        return
    if _within(x, _NORTH) and _within(y, _EAST):
        yield _warning(
            line,
            "經度與緯度寫反了，未採用",
            "Longitude and latitude stand the wrong way round; left out",
        )
    elif not (_within(x, _EAST) and _within(y, _NORTH)):
        yield _warning(line, "座標不在臺灣，未採用", "The place is not in Taiwan; left out")


def _within(value: float, bounds: tuple[float, float]) -> bool:
    least, most = bounds
    return least <= value <= most


def _warning(line: Line, zh: str, en: str) -> LineError:
    return LineError(line=line.number, field=f"{_X}, {_Y}", zh=zh, en=en)
