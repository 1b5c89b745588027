"""Finding a site among those of the snapshot: in memory, made ready once for each snapshot."""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode

from emask.counter.opening import UNKNOWN, is_open
from emask.opendata.feed import SiteStock
from emask.rounds.model import COUNTIES, PlaceCount
from emask.rules.calendar import Product, day_in_taipei

_ALIKE: Final = str.maketrans("台ㄧ一二三四五六七八九", "臺1123456789")
_MOST_WORDS: Final = 8
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

    The counts pass over county and town, so that the map can lead to other places.
    """
    words = [searchable(word) for word in search.text.split()[:_MOST_WORDS]]
    everywhere = [
        site
        for site, text in _made_ready(sites)
        if all(word in text for word in words)
        and (not search.in_stock or left(site, search.product))
        and (not search.open_now or open_at(site, now))
    ]
    here = [site for site in everywhere if _is_in(site, search.county, search.town)]
    here.sort(key=lambda site: not left(site, search.product))  # stable: places stay in order
    counts = Counter((site.county, site.town) for site in everywhere if site.county)
    return Found(here, [PlaceCount(*place, number) for place, number in counts.items()])


def towns(sites: Sequence[SiteStock], county: str) -> list[str]:
    """The towns of a county that have sites."""
    return sorted({site.town for site in sites if site.county == county and site.town})


def of_place(sites: Sequence[SiteStock], county: str, town: str) -> list[SiteStock]:
    """Every site of a county, or of one of its towns."""
    return [site for site in sites if _is_in(site, county, town)]


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


def _is_in(site: SiteStock, county: str, town: str) -> bool:
    return county in ("", site.county) and town in ("", site.town)


class _Index:
    """The sites of the last snapshot, made ready; a new one is known by its being another."""

    def __init__(self) -> None:
        self._of: Sequence[SiteStock] = ()
        self._ready: list[_Ready] = []

    def __call__(self, sites: Sequence[SiteStock]) -> list[_Ready]:
        if sites is not self._of:
            in_order = sorted(
                sites,
                key=lambda s: (_ORDER.get(s.county, len(_ORDER)), s.town, s.name, s.site_code),
            )
            self._ready = [_Ready(site, _text(site)) for site in in_order]
            self._of = sites
        return self._ready


_made_ready: Final = _Index()


def _text(site: SiteStock) -> str:
    words = (site.site_code, site.name, f"{site.county}{site.town}", site.address, site.phone)
    return searchable(" ".join(words))
