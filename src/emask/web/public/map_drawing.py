"""Sites as points on a drawing: no tiles and no coastline, the sites alone show where they are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, cos, radians
from typing import Final, NamedTuple

from emask.opendata.feed import SiteStock

WIDTH: Final = 600
"""Of the drawing, in its own units."""
MARGIN: Final = 24
_LOWEST: Final = 240
_HIGHEST: Final = 800
_KM_A_DEGREE: Final = 111.2
"""Of latitude, and of longitude at the equator."""
_LEAST_KM: Final = 1.0
"""Across the drawing: a single site is not blown up."""
_RULERS: Final = (50, 20, 10, 5, 2, 1, 0.5, 0.2)


class Point(NamedTuple):
    """Where something stands on the drawing, from its upper left corner."""

    x: float
    y: float


class Pin(NamedTuple):
    """A site of the list beside the map, under its number there."""

    number: int
    site: SiteStock
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is drawn, the lowest first.

    Args:
        height: of the drawing; its width is :data:`WIDTH`.
        others: every site of the place, as one path of dots.
        sold_out: those that match and have nothing left, likewise.
        in_stock: those that match and have something left, likewise.
        pins: those that the list shows, with their numbers.
        ruler_km: the length of the ruler in kilometres.
        ruler: the same in units of the drawing.
    """

    height: int
    others: str
    sold_out: str
    in_stock: str
    pins: Sequence[Pin]
    ruler_km: float
    ruler: float


class Frame(NamedTuple):
    """How degrees become points: the north-western corner, and units a kilometre."""

    west: float
    north: float
    km_a_degree_east: float
    scale: float
    height: int

    def point(self, site: SiteStock) -> Point | None:
        """Where a site stands; None where its place is not known."""
        if site.longitude is None or site.latitude is None:
            return None
        east = (site.longitude - self.west) * self.km_a_degree_east
        south = (self.north - site.latitude) * _KM_A_DEGREE
        return Point(round(MARGIN + east * self.scale, 1), round(MARGIN + south * self.scale, 1))


def draw(
    everyone: Sequence[SiteStock],
    matching: Sequence[SiteStock],
    listed: Iterable[tuple[int, SiteStock]],
) -> Drawing | None:
    """The sites of a place; None if none of their places is known.

    Args:
        everyone: all sites of the place, which make up its shape.
        matching: those that were searched for.
        listed: those that the list shows, by their numbers there.
    """
    frame = frame_of(everyone)
    if frame is None:
        return None
    found = {site.site_code for site in matching}
    ruler_km = next(km for km in _RULERS if km * frame.scale <= WIDTH / 3)
    return Drawing(
        height=frame.height,
        others=_dots(frame, (site for site in everyone if site.site_code not in found)),
        sold_out=_dots(frame, (site for site in matching if not site.adult + site.child)),
        in_stock=_dots(frame, (site for site in matching if site.adult + site.child)),
        pins=[Pin(number, site, at) for number, site in listed if (at := frame.point(site))],
        ruler_km=ruler_km,
        ruler=round(ruler_km * frame.scale, 1),
    )


def frame_of(sites: Sequence[SiteStock]) -> Frame | None:
    """The frame that holds all sites whose places are known; north is up."""
    xs = [site.longitude for site in sites if site.longitude is not None]
    ys = [site.latitude for site in sites if site.latitude is not None]
    if not xs:
        return None
    middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    km_east = _KM_A_DEGREE * cos(radians(middle_y))
    wide = max((max(xs) - min(xs)) * km_east, _LEAST_KM)
    high = max((max(ys) - min(ys)) * _KM_A_DEGREE, _LEAST_KM)
    scale = min((WIDTH - 2 * MARGIN) / wide, (_HIGHEST - 2 * MARGIN) / high)
    height = max(min(ceil(high * scale) + 2 * MARGIN, _HIGHEST), _LOWEST)
    return Frame(
        west=middle_x - (WIDTH / 2 - MARGIN) / scale / km_east,
        north=middle_y + (height / 2 - MARGIN) / scale / _KM_A_DEGREE,
        km_a_degree_east=km_east,
        scale=scale,
        height=height,
    )


def _dots(frame: Frame, sites: Iterable[SiteStock]) -> str:
    """One path: a line without length at each site, which a round cap makes a dot."""
    points = (frame.point(site) for site in sites)
    return "".join(f"M{at.x:g} {at.y:g}h0" for at in points if at)
