"""A made-up site as the open data know it; tests replace what they are about."""

from datetime import UTC, datetime

from emask.opendata.feed import SiteStock

SITE = SiteStock(
    site_code="5901010076",
    name="安心藥局",
    address="臺北市松山區南京東路４段１號",
    phone="(02)27120000",
    longitude=121.555235,
    latitude=25.052137,
    county="臺北市",
    town="松山區",
    cunli="東勢里",
    website="",
    note="上午九點開始販售",
    custom_note="",
    service_periods="NNNNNNYNNNNNYYNNNNNYY",
    adult=970,
    child=0,
    changed_at=datetime(2020, 2, 6, 2, 5, 9, tzinfo=UTC),
)
