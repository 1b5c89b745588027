"""Points on a drawing: north is up, everything is inside, kilometres are alike in both ways."""

from dataclasses import replace
from math import cos, hypot, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.opendata.feed import SiteStock
from emask.web.public.map_drawing import MARGIN, WIDTH, draw, frame_of
from opendata.sites import SITE


def site_at(longitude: float, latitude: float, code: str = "1") -> SiteStock:
    return replace(SITE, site_code=code, longitude=longitude, latitude=latitude)


places = st.lists(
    st.builds(site_at, st.floats(118, 122), st.floats(21.9, 26.4)), min_size=1, max_size=30
)


@given(places)
def test_every_site_is_inside(sites: list[SiteStock]) -> None:
    frame = frame_of(sites)
    assert frame
    assert frame.height <= 800
    for site in sites:
        at = frame.point(site)
        assert at
        assert MARGIN - 0.1 <= at.x <= WIDTH - MARGIN + 0.1
        assert MARGIN - 0.1 <= at.y <= frame.height - MARGIN + 0.1


def test_north_is_up_and_east_is_right_and_a_kilometre_is_one_in_both_ways() -> None:
    here, north, east = site_at(121, 24), site_at(121, 24.1), site_at(121.1, 24)
    frame = frame_of([here, north, east])
    assert frame
    at, up, right = (frame.point(each) for each in (here, north, east))
    assert at
    assert up
    assert right
    assert up.y < at.y
    assert up.x == at.x
    assert right.x > at.x
    assert right.y == at.y
    high, wide = hypot(up.x - at.x, up.y - at.y), hypot(right.x - at.x, right.y - at.y)
    assert wide / high == pytest.approx(cos(radians(24.05)), rel=0.01)


def test_one_site_stands_in_the_middle() -> None:
    frame = frame_of([SITE])
    assert frame
    assert frame.point(SITE) == (WIDTH / 2, frame.height / 2)


def test_each_site_is_drawn_once_by_what_it_is() -> None:
    full, out = site_at(121, 24, "1"), replace(site_at(121.1, 24, "2"), adult=0)
    other, unknown = site_at(121, 24.1, "3"), replace(SITE, longitude=None, latitude=None)
    drawing = draw([full, out, other, unknown], [full, out, unknown], [(21, out), (22, unknown)])
    assert drawing
    dots = (drawing.in_stock, drawing.sold_out, drawing.others)
    assert [each.count("M") for each in dots] == [1, 1, 1]
    assert [(pin.number, pin.site) for pin in drawing.pins] == [(21, out)]
    assert 0 < drawing.ruler <= WIDTH / 3


def test_without_a_known_place_there_is_no_drawing() -> None:
    assert draw([replace(SITE, longitude=None, latitude=None)], [SITE], []) is None
    assert draw([], [], []) is None
