"""The stock of counter sites as the two files that mask maps have read since 2020."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import StringIO
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from emask.rules.calendar import TAIPEI

MASKDATA_HEADER: Final = (
    *("醫事機構代碼", "醫事機構名稱", "醫事機構地址", "醫事機構電話"),
    *("成人口罩剩餘數", "兒童口罩剩餘數", "來源資料時間"),
)
TIME_FORMAT: Final = "%Y/%m/%d %H:%M:%S"
"""Of every time in both files, in Taipei."""
UNKNOWN_PERIODS: Final = "N" * 21
"""The service periods of a site that has not told its hours."""

_Pieces = Annotated[int, Meta(ge=0)]
_Time = Annotated[str, Meta(pattern=r"^\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}$")]
_Periods = Annotated[str, Meta(pattern="^[NY]{21}$")]
_DAYS: Final = "一二三四五六日"
_PERIODS: Final = [
    f"星期{day}{half}" for half in ("上午", "下午", "晚上") for day in _DAYS
]  # in the order of the 21 letters
_OPEN: Final = {"N": "看診", "Y": "休診"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStock:
    """A pharmacy or health centre with what it has left, in pieces.

    Args:
        site_code: ten characters, not always digits.
        name: as it is published, like address and phone.
        address: likewise.
        phone: likewise.
        longitude: degrees east (WGS 84), None like `latitude` where the place is not known.
        latitude: degrees north.
        county: empty where unknown, as are all further texts.
        town: of the county.
        cunli: village or neighbourhood.
        website: of the site.
        note: on how masks are sold there, by the authorities.
        custom_note: the same by the site itself.
        service_periods: 21 letters, N open and Y closed: mornings from Monday on, then
            afternoons, then evenings.
        adult: pieces for adults.
        child: pieces for children.
        changed_at: when the stock last changed.
        holidays: days on which it is closed, its own and everybody's; the files do not tell them.
    """

    site_code: str
    name: str
    address: str
    phone: str
    longitude: float | None
    latitude: float | None
    county: str
    town: str
    cunli: str
    website: str
    note: str
    custom_note: str
    service_periods: str
    adult: int
    child: int
    changed_at: datetime
    holidays: Sequence[date] = ()

    @property
    def updated(self) -> str:
        """`changed_at` as the files write it."""
        return self.changed_at.astimezone(TAIPEI).strftime(TIME_FORMAT)


class Properties(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is told of a site; never null."""

    id: str
    name: str
    phone: str
    address: str
    mask_adult: _Pieces
    mask_child: _Pieces
    updated: _Time
    available: str
    note: str
    custom_note: str
    website: str
    county: str
    town: str
    cunli: str
    service_periods: _Periods


class _GeoJson(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"
):
    """An object of GeoJSON (RFC 7946), whose type is told first."""


class Place(_GeoJson, frozen=True, tag="Point"):
    """Longitude, then latitude, in degrees (WGS 84)."""

    coordinates: tuple[float, float]


class Feature(_GeoJson, frozen=True, tag="Feature"):
    """A site on the map."""

    properties: Properties
    geometry: Place


class Points(_GeoJson, frozen=True, tag="FeatureCollection"):
    """The sites whose place is known."""

    features: list[Feature]


def maskdata_csv(sites: Iterable[SiteStock]) -> bytes:
    """Every site, in the order of their codes: UTF-8 without byte-order mark, LF, hardly quoted."""
    rows = (
        (s.site_code, s.name, s.address, s.phone, s.adult, s.child, s.updated)
        for s in _in_order(sites)
    )
    return csv_file(MASKDATA_HEADER, rows)


def points_json(sites: Iterable[SiteStock]) -> bytes:
    """The sites whose place is known, in the same order, as GeoJSON."""
    features = [feature for site in _in_order(sites) if (feature := _feature(site))]
    return msgspec.json.encode(Points(features=features))


def csv_file(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Values are quoted only where a comma or a quotation mark in them demands it."""
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def hours_in_words(service_periods: str) -> str:
    """Opening hours as the maps show them, half-day by half-day; empty where they are unknown."""
    if service_periods == UNKNOWN_PERIODS:
        return ""
    told = zip(_PERIODS, service_periods, strict=True)
    return "、".join(period + _OPEN[letter] for period, letter in told)


def _in_order(sites: Iterable[SiteStock]) -> list[SiteStock]:
    return sorted(sites, key=lambda site: site.site_code)


def _feature(site: SiteStock) -> Feature | None:
    if site.longitude is None or site.latitude is None:
        return None
    return Feature(
        properties=Properties(
            id=site.site_code,
            name=site.name,
            phone=site.phone,
            address=site.address,
            mask_adult=site.adult,
            mask_child=site.child,
            updated=site.updated,
            available=hours_in_words(site.service_periods),
            note=site.note,
            custom_note=site.custom_note,
            website=site.website,
            county=site.county,
            town=site.town,
            cunli=site.cunli,
            service_periods=site.service_periods,
        ),
        geometry=Place(coordinates=(site.longitude, site.latitude)),
    )
