"""The public mask map: the list first, then the map, both from the open data's snapshot (B17)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from litestar import Response, get

from emask.language import source
from emask.opendata.feed import SiteStock
from emask.rounds.model import COUNTIES
from emask.rules.calendar import Product
from emask.web.citizen.store_map import counties_on_map
from emask.web.public.map_drawing import Drawing, draw
from emask.web.public.map_search import Search, find, of_place, shown, towns
from emask.web.shell.page import Page, ThisPage

SHEET: Final = 20
"""Sites on one sheet of the list."""
_LONGEST: Final = 100
_SHEET: Final = re.compile("[0-9]{1,5}")
_PRODUCTS: Final = {
    Product.ADULT_MASK: source("成人口罩"),
    Product.CHILD_MASK: source("兒童口罩"),
}


@get("/map")
async def show_map(page: ThisPage) -> Response[str]:
    """Whatever is asked for, no database is: the snapshot has it."""
    snapshot = page.system.open_data.snapshot
    search = _search(page)
    found = find(snapshot.sites, search, page.now)
    sheets = max(1, -(-len(found.sites) // SHEET))
    sheet = min(_number(page.asked("sheet")), sheets)
    first = (sheet - 1) * SHEET
    listed = list(enumerate(found.sites[first : first + SHEET], start=first + 1))
    return page.show(
        "public/mask_map.html",
        {
            "search": search,
            "number": len(found.sites),
            "listed": [(number, shown(site, page.now)) for number, site in listed],
            "sheet": sheet,
            "sheets": sheets,
            "per_sheet": SHEET,
            "products": _PRODUCTS,
            "counties": COUNTIES,
            "towns": towns(snapshot.sites, search.county),
            "drawing": _drawing(snapshot.sites, search, found.sites, listed),
            "tiles": counties_on_map(found.places),
            "town_counts": [each for each in found.places if each.county == search.county],
            "read_at": snapshot.read_at,
        },
    )


def _drawing(
    sites: Sequence[SiteStock],
    search: Search,
    matching: Sequence[SiteStock],
    listed: Iterable[tuple[int, SiteStock]],
) -> Drawing | None:
    if not search.county:
        return None
    return draw(of_place(sites, search.county, search.town), matching, listed)


def _search(page: Page) -> Search:
    """What the address asks for; what it cannot mean is passed over."""
    county = page.asked("county") if page.asked("county") in COUNTIES else ""
    known = towns(page.system.open_data.snapshot.sites, county) if county else []
    product = page.asked("product")
    return Search(
        path=page.url("/map"),
        text=page.asked("q").strip()[:_LONGEST],
        county=county,
        town=page.asked("town") if page.asked("town") in known else "",
        product=Product(product) if product in list(Product) else None,
        in_stock=page.asked("stock") == "1",
        open_now=page.asked("open") == "1",
    )


def _number(text: str) -> int:
    """The number of a sheet; the first for anything else."""
    return max(1, int(text)) if _SHEET.fullmatch(text) else 1


PUBLIC = [show_map]
