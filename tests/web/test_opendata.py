"""Open data over HTTP: for everybody, cheap to ask for again, and never from the database."""

import csv
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from io import StringIO

import httpx
import pytest

from emask.opendata.catalogue import INDEX, MASKDATA, POINTS
from emask.opendata.snapshot import OpenData
from emask.programme.system import System
from emask.web.app import create_app
from emask.web.opendata import OpenDataEndpoint
from opendata.map_of_2020 import MapOf2020
from web.places import SITE
from web.visitor import Visitor

PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
async def published(system: System) -> System:
    """The demo, whose open data have been read once."""
    await system.open_data.refresh(system.db, system.clock)
    return system


@pytest.fixture
async def reader(published: System) -> AsyncIterator[httpx.AsyncClient]:
    """Anybody, anywhere."""
    application = httpx.ASGITransport(create_app(published))
    async with httpx.AsyncClient(transport=application, base_url=SITE.origin) as opened:
        yield opened


async def test_a_map_of_2020_works_when_pointed_here(reader: httpx.AsyncClient) -> None:
    maskdata, points = await reader.get(MASKDATA), await reader.get(POINTS)
    shown = MapOf2020(maskdata.content, points.content)
    rows = list(csv.DictReader(StringIO(maskdata.text)))
    assert rows
    assert shown.popup(rows[0]["醫事機構代碼"])
    assert len(shown.markers()) <= len(rows)


async def test_pages_of_any_origin_may_read(reader: httpx.AsyncClient) -> None:
    for path in (MASKDATA, POINTS, INDEX, "/opendata/nothing"):
        answer = await reader.get(path, headers={"origin": "https://map.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers
    asked_before = await reader.options(
        POINTS,
        headers={
            "origin": "https://map.example",
            "access-control-request-method": "GET",
            "access-control-request-headers": "if-none-match",
        },
    )
    assert asked_before.status_code == 204
    assert asked_before.headers["access-control-allow-origin"] == "*"
    assert asked_before.headers["access-control-allow-headers"] == "*"
    assert "GET" in asked_before.headers["access-control-allow-methods"]


async def test_an_answer_says_what_it_is_and_how_long_it_holds(reader: httpx.AsyncClient) -> None:
    answer = await reader.get(MASKDATA, headers=PLAIN)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=30"
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["etag"].startswith('"')
    assert parsedate_to_datetime(answer.headers["last-modified"]) <= datetime.now(UTC)
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    ("asked", "packed"),
    [
        ("gzip, deflate, br", True),
        ("GZIP;q=0.5", True),
        ("br;q=1.0, *;q=0.1", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("br", False),
        ("", False),
    ],
)
async def test_it_comes_packed_where_that_is_asked_for(
    reader: httpx.AsyncClient, asked: str, *, packed: bool
) -> None:
    async with reader.stream("GET", POINTS, headers={"accept-encoding": asked}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    plain = await reader.get(POINTS, headers=PLAIN)
    assert (answer.headers.get("content-encoding") == "gzip") is packed
    assert (gzip.decompress(body) if packed else body) == plain.content
    assert (answer.headers["etag"] == plain.headers["etag"]) is not packed
    assert int(answer.headers["content-length"]) == len(body)


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_what_a_reader_has_is_not_sent_again(reader: httpx.AsyncClient, coding: str) -> None:
    headers = {"accept-encoding": coding}
    first = await reader.get(POINTS, headers=headers)
    etag, changed = first.headers["etag"], first.headers["last-modified"]
    later = format_datetime(parsedate_to_datetime(changed) + timedelta(days=1), usegmt=True)
    for known in (
        {"if-none-match": etag},
        {"if-none-match": f'"other", W/{etag}'},
        {"if-none-match": "*"},
        {"if-modified-since": changed},
        {"if-modified-since": later},
        {"if-none-match": etag, "if-modified-since": "Thu, 06 Feb 2020 00:00:00 GMT"},
    ):
        again = await reader.get(POINTS, headers=headers | known)
        assert again.status_code == 304, known
        assert again.content == b""
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"] == "public, max-age=30"
        assert again.headers["vary"] == "accept-encoding"
        assert again.headers["access-control-allow-origin"] == "*"


async def test_anything_else_is_sent(reader: httpx.AsyncClient) -> None:
    first = await reader.get(POINTS, headers=PLAIN)
    packed = await reader.get(POINTS, headers={"accept-encoding": "gzip"})
    for known in (
        {"if-none-match": '"other"'},
        {"if-none-match": packed.headers["etag"]},
        {"if-none-match": first.headers["etag"].strip('"')},
        {"if-modified-since": "Thu, 06 Feb 2020 00:00:00 GMT"},
        {"if-modified-since": "yesterday"},
        {"if-modified-since": f"Thu, 01 Jan {'9' * 20} 00:00:00 GMT"},
        {"if-none-match": '"other"', "if-modified-since": first.headers["last-modified"]},
    ):
        again = await reader.get(POINTS, headers=PLAIN | known)
        assert again.status_code == 200, known
        assert again.content == first.content


async def test_head_tells_everything_but_the_body(reader: httpx.AsyncClient) -> None:
    got, head = await reader.get(MASKDATA), await reader.head(MASKDATA)
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)
    known = {"if-none-match": got.headers["etag"]}
    assert (await reader.head(MASKDATA, headers=known)).status_code == 304
    assert (await reader.head("/opendata/nothing")).status_code == 404


async def test_what_there_is_not_is_told_in_both_languages(reader: httpx.AsyncClient) -> None:
    for language, words in (("zh-TW", "這個位址沒有開放資料。"), ("en", "There is no open data")):
        answer = await reader.get("/opendata/none.csv", headers={"accept-language": language})
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not_published"
        assert answer.json()["detail"].startswith(words)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_open_data_can_only_be_read(reader: httpx.AsyncClient, method: str) -> None:
    answer = await reader.request(method, MASKDATA)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["code"] == "read_only"


async def test_before_anything_was_read_readers_are_told_to_wait() -> None:
    endpoint = httpx.ASGITransport(OpenDataEndpoint(OpenData()))
    async with httpx.AsyncClient(transport=endpoint, base_url=SITE.origin) as early:
        answer = await early.get(MASKDATA)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"


async def test_the_next_snapshot_is_handed_out_at_once(
    reader: httpx.AsyncClient, published: System
) -> None:
    first = await reader.get(MASKDATA)
    async with published.db.connection() as tx:
        await tx.execute("UPDATE counter_site SET name = '換名藥局', changed_at = now()")
    known = {"if-none-match": first.headers["etag"]}
    assert (await reader.get(MASKDATA, headers=known)).status_code == 304
    await published.open_data.refresh_stock(published.db)
    again = await reader.get(MASKDATA, headers=known)
    assert again.status_code == 200
    assert "換名藥局" in again.text


async def test_the_index_leads_to_every_file_and_its_schema(reader: httpx.AsyncClient) -> None:
    index = (await reader.get(INDEX)).json()
    assert index["licence"]["name"]["zh"] == "政府資料開放授權條款－第1版"
    assert index["refreshed_every_seconds"] == 30
    for file in index["files"]:
        answer = await reader.get(file["path"], headers=PLAIN)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == file["media_type"]
        assert len(answer.content) == file["bytes"]
        assert answer.headers["etag"] == file["etag"]
        schema = await reader.get(file["form"])
        assert schema.status_code == 200
        assert json.loads(schema.content)


async def test_readers_reach_no_database(reader: httpx.AsyncClient, published: System) -> None:
    """There is none any more, and files are read all the same."""
    etag = (await reader.get(POINTS)).headers["etag"]
    await published.db._pool.close()
    for _ in range(200):
        assert (await reader.get(MASKDATA)).status_code == 200
        known = await reader.get(POINTS, headers={"if-none-match": etag})
        assert known.status_code == 304
    page = await reader.get("/api/health")
    assert page.status_code == 503  # the negative control: this one does ask it


@pytest.mark.parametrize(("language", "title"), [("zh", "開放資料"), ("en", "Open data")])
async def test_a_page_tells_people_of_it(
    reader: httpx.AsyncClient, language: str, title: str
) -> None:
    page = Visitor(reader, language)
    shown = await page.go("/opendata")
    assert shown.heading == title
    index = (await reader.get(INDEX)).json()
    for file in [*index["files"], {"path": INDEX, "form": "/opendata/schemas/index.schema.json"}]:
        assert file["path"] in shown.links
        assert file["form"] in shown.links
    assert index["licence"]["url"] in shown.links
    assert index["changes"][0]["text"][language] in shown.text


async def test_the_page_stands_before_anything_was_read(visitor: Visitor) -> None:
    shown = await visitor.go("/opendata")
    assert shown.status == 200
    assert MASKDATA in shown.text
    assert MASKDATA not in shown.links
