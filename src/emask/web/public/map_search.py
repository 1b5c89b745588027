"""Finding a site among those of the snapshot: in memory, made ready once for each snapshot."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from emask.counter.opening import UNKNOWN, is_open
from emask.opendata.feed import SiteStock
from emask.rounds.model import COUNTIES, PlaceCount
from emask.rules.calendar import Product, day_in_taipei

_ALIKE: Final = str.maketrans("台ㄧ一二三四五六七八九", "臺1123456789")
_MOST_WORDS: Final = 8
_HOUR: Final = 3600
_KEPT: Final = 500
_DIGITS: Final = frozenset("0123456789")
_ORDER: Final = {county: number for number, county in enumerate(COUNTIES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a visitor asks the map for; empty texts and None ask for everything.

    Args:
        path: of the page, in the visitor's language.
        text: words that all stand in a site's name, address, place, code or phone number.
        county: by its full name.
        town: of the county.
        product: adult or child masks.
        in_stock: only sites that have some of it left.
        open_now: only sites that are open.
    """

    path: str
    text: str = ""
    county: str = ""
    town: str = ""
    product: Product | None = None
    in_stock: bool = False
    open_now: bool = False

    def at(self, county: str, town: str = "") -> str:
        """The address of the same search in another place."""
        return self._address(county, town, 1)

    def sheet(self, number: int) -> str:
        """The address of another sheet of the same list."""
        return self._address(self.county, self.town, number)

    def _address(self, county: str, town: str, number: int) -> str:
        asked = {
            "q": self.text,
            "county": county,
            "town": town,
            "product": self.product or "",
            "stock": "1" if self.in_stock else "",
            "open": "1" if self.open_now else "",
            "sheet": str(number) if number > 1 else "",
        }
        return f"{self.path}?{urlencode({name: value for name, value in asked.items() if value})}"


class Shown(NamedTuple):
    """A site as the list tells it; `open` is None where the site has not told its hours."""

    site: SiteStock
    open: bool | None

    @property
    def dialled(self) -> str:
        """The digits of its phone number."""
        return "".join(sign for sign in searchable(self.site.phone) if sign in _DIGITS)


class _Ready(NamedTuple):
    """A site with the text that is searched."""

    site: SiteStock
    text: str


class Found(NamedTuple):
    """The sites that match, and how many of them each town has."""

    sites: Sequence[SiteStock]
    places: Sequence[PlaceCount]


def find(sites: Sequence[SiteStock], search: Search, now: datetime) -> Found:
    """Those with something left first, then by county, town and name.

    The counts pass over county and town, so that the map can lead to other places. What was found
    once is kept as long as the snapshot is, and the hour, for whoever asks the same.
    """
    index = _index.made_of(sites)
    asked = replace(search, path=""), int(now.timestamp()) // _HOUR
    if asked not in index.found:
        if len(index.found) >= _KEPT:
            index.found.clear()
        index.found[asked] = _find(index.ready, search, now)
    return index.found[asked]


def _find(ready: Sequence[_Ready], search: Search, now: datetime) -> Found:
    words = [searchable(word) for word in search.text.split()[:_MOST_WORDS]]
    everywhere = [
        site
        for site, text in ready
        if all(word in text for word in words)
        and (not search.in_stock or left(site, search.product))
        and (not search.open_now or open_at(site, now))
    ]
    here = [
        site
        for site in everywhere
        if search.county in ("", site.county) and search.town in ("", site.town)
    ]
    here.sort(key=lambda site: not left(site, search.product))  # stable: places stay in order
    counts = Counter((site.county, site.town) for site in everywhere if site.county)
    return Found(here, [PlaceCount(*place, number) for place, number in counts.items()])


def towns(sites: Sequence[SiteStock], county: str) -> list[str]:
    """The towns of a county that have sites."""
    places = _index.made_of(sites).places
    return sorted(town for place, town in places if place == county and town)


def of_place(sites: Sequence[SiteStock], county: str, town: str) -> Sequence[SiteStock]:
    """Every site of a county, or of one of its towns."""
    return _index.made_of(sites).places.get((county, town), ())


def left(site: SiteStock, product: Product | None) -> int:
    """The pieces that a site has left of a product, or of both."""
    match product:
        case Product.ADULT_MASK:
            return site.adult
        case Product.CHILD_MASK:
            return site.child
        case None:
            return site.adult + site.child


def open_at(site: SiteStock, now: datetime) -> bool:
    """Whether a site is open, by its hours and days off; those without hours count as open."""
    return day_in_taipei(now) not in site.holidays and is_open(site.service_periods, now)


def shown(site: SiteStock, now: datetime) -> Shown:
    """A site with what is to be said about its hours."""
    return Shown(site, None if site.service_periods == UNKNOWN else open_at(site, now))


def searchable(text: str) -> str:
    """A text in the form in which it is searched: 台北 is 臺北, ２段 is 二段."""
    return unicodedata.normalize("NFKC", text).lower().translate(_ALIKE)


class _Index:
    """The sites of the last snapshot, made ready; a new one is known by its being another.

    Attributes:
        ready: all sites in the order of places.
        places: those of each county and town, and, without a town, of each county.
        found: what was searched for already, by what was asked and the hour.
    """

    def __init__(self, sites: Sequence[SiteStock]) -> None:
        self.of = sites
        self.ready = [_Ready(site, _text(site)) for site in sorted(sites, key=_place_in_order)]
        self.places = _by_place(sites)
        self.found: dict[tuple[Search, int], Found] = {}


class _Latest:
    """The index of the snapshot that was asked for last."""

    def __init__(self) -> None:
        self._index = _Index(())

    def made_of(self, sites: Sequence[SiteStock]) -> _Index:
        if sites is not self._index.of:
            self._index = _Index(sites)
        return self._index


def _place_in_order(site: SiteStock) -> tuple[int, str, str, str]:
    return _ORDER.get(site.county, len(_ORDER)), site.town, site.name, site.site_code


def _by_place(sites: Sequence[SiteStock]) -> dict[tuple[str, str], list[SiteStock]]:
    places: dict[tuple[str, str], list[SiteStock]] = defaultdict(list)
    for site in sites:
        for town in {site.town, ""}:
            places[site.county, town].append(site)
    return dict(places)


def _text(site: SiteStock) -> str:
    words = (site.site_code, site.name, f"{site.county}{site.town}", site.address, site.phone)
    return searchable(" ".join(words))


_index: Final = _Latest()
