"""The county and town of a Taiwanese address."""

import re
from typing import Final, NamedTuple

from emask.rounds.csv_file import half_width
from emask.rounds.model import COUNTIES

_BECAME: Final = {
    "臺北縣": "新北市",
    "桃園縣": "桃園市",
    "臺中縣": "臺中市",
    "臺南縣": "臺南市",
    "高雄縣": "高雄市",
}
"""Counties that became cities in 2010 and 2014, and their towns districts; some still write so."""
_ZIP_CODE: Final = re.compile(r"[0-9]{3,6}\s*")
# The towns of cities are districts, those of counties are not: 平鎮區 is no 鎮, 新市區 no 市.
_DISTRICT: Final = re.compile(r".{1,3}?區")
_TOWN: Final = re.compile(r".{1,3}?[鄉鎮市]")


class Place(NamedTuple):
    """A county by its full name and a town, with 臺; either is '' where the address lacks it."""

    county: str
    town: str


def place_of(address: str) -> Place:
    """Where an address is, 台 or 臺, in full or half width, with a zip code before it or none."""
    written = _ZIP_CODE.sub("", half_width(address).replace(" ", ""), count=1)
    county, rest = written[:3], written[3:]
    if county in _BECAME:
        found = _TOWN.match(rest)
        return Place(_BECAME[county], f"{found[0][:-1]}區" if found else "")
    if county not in COUNTIES:
        return Place("", "")
    found = (_DISTRICT if county.endswith("市") else _TOWN).match(rest)
    return Place(county, found[0] if found else "")
