"""A made-up network of shops: the same ones every time, spread over the country.

Codes begin with T, so that none is taken for a real shop beside which it may stand.
"""

from typing import NamedTuple

from emask.counter.model import Location, Site, SiteKind
from emask.rounds.model import Chain, Store

# Sixteen shops in about the chains' real proportions; the first four are one of each.
_CHAINS = (
    *(Chain.SE, Chain.FM, Chain.HL, Chain.OK, Chain.SE, Chain.FM, Chain.SE, Chain.FM),
    *(Chain.SE, Chain.FM, Chain.HL, Chain.SE, Chain.SE, Chain.FM, Chain.SE, Chain.SE),
)


class _Place(NamedTuple):
    county: str
    town: str
    zip_code: str
    longitude: float  # of about its middle, in degrees
    latitude: float


# The number of places has no factor in common with the chains', roads' or names', so that they
# combine in every way.
_PLACES = (
    _Place("臺北市", "中正區", "100", 121.52, 25.03),
    _Place("新北市", "板橋區", "220", 121.46, 25.01),
    _Place("臺中市", "西屯區", "407", 120.65, 24.17),
    _Place("高雄市", "鳳山區", "830", 120.35, 22.62),
    _Place("桃園市", "中壢區", "320", 121.23, 24.96),
    _Place("臺南市", "永康區", "710", 120.25, 23.01),
    _Place("臺北市", "大安區", "106", 121.54, 25.03),
    _Place("新北市", "新莊區", "242", 121.44, 25.03),
    _Place("基隆市", "仁愛區", "200", 121.74, 25.13),
    _Place("新竹市", "東區", "300", 120.98, 24.8),
    _Place("新竹縣", "竹北市", "302", 121.01, 24.83),
    _Place("苗栗縣", "頭份市", "351", 120.91, 24.69),
    _Place("彰化縣", "員林市", "510", 120.57, 23.96),
    _Place("南投縣", "埔里鎮", "545", 120.96, 23.97),
    _Place("雲林縣", "斗六市", "640", 120.54, 23.71),
    _Place("嘉義市", "西區", "600", 120.44, 23.48),
    _Place("嘉義縣", "民雄鄉", "621", 120.43, 23.56),
    _Place("屏東縣", "屏東市", "900", 120.49, 22.68),
    _Place("宜蘭縣", "羅東鎮", "265", 121.77, 24.68),
    _Place("花蓮縣", "花蓮市", "970", 121.6, 23.98),
    _Place("臺東縣", "臺東市", "950", 121.15, 22.76),
    _Place("澎湖縣", "馬公市", "880", 119.57, 23.57),
    _Place("金門縣", "金城鎮", "893", 118.32, 24.43),
    _Place("連江縣", "南竿鄉", "209", 119.95, 26.16),
    _Place("臺中市", "北屯區", "406", 120.69, 24.17),
    _Place("高雄市", "三民區", "807", 120.32, 22.65),
    _Place("桃園市", "桃園區", "330", 121.3, 25.0),
    _Place("臺北市", "內湖區", "114", 121.59, 25.08),
    _Place("新北市", "三重區", "241", 121.49, 25.07),
)
_ROADS = ("中正路", "中山路", "民生路", "和平路", "復興路", "信義路", "光復路")
_WORDS = ("安康", "長青", "明德", "永樂", "新興", "福德", "文化", "成功", "大同", "自強", "幸福")


def made_up_stores(count: int) -> list[Store]:
    """So many convenience stores; four or more include every chain."""
    return [_store(number) for number in range(count)]


def made_up_sites(count: int) -> list[Site]:
    """So many counters; every fifth is a health centre, the rest are pharmacies."""
    return [_site(number) for number in range(count)]


def _store(number: int) -> Store:
    place = _PLACES[number % len(_PLACES)]
    return Store(
        chain=_CHAINS[number % len(_CHAINS)],
        code=f"T{number + 1:05}",
        name=f"{place.town[:2]}{_WORDS[number % len(_WORDS)]}店",
        address=_address(place, number),
        county=place.county,
        town=place.town,
        zip_code=place.zip_code,
    )


def _site(number: int) -> Site:
    place = _PLACES[number % len(_PLACES)]
    public = number % 5 == 1
    name = f"{place.county}{place.town}衛生所" if public else f"{_WORDS[number % 11]}藥局"
    return Site(
        site_code=f"T{number + 1:09}",
        kind=SiteKind.HEALTH_CENTRE if public else SiteKind.PHARMACY,
        name=name,
        address=_address(place, number),
        phone=f"(00)555{number + 1:05}",
        location=_location(place, number // len(_PLACES)),
    )


def _location(place: _Place, round_about: int) -> Location:
    """A point some streets away from the middle of the town, each site's another one."""
    return Location(
        longitude=round(place.longitude + round_about % 3 * 0.004, 4),
        latitude=round(place.latitude + round_about // 3 * 0.004, 4),
    )


def _address(place: _Place, number: int) -> str:
    road = _ROADS[number % len(_ROADS)]
    return f"{place.county}{place.town}{road}{number // len(_PLACES) * 2 + 1}號"
