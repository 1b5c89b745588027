"""Calling a directory: where we chose to alone, briefly, and for so much."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from emask.partners.certificates import directory
from emask.partners.certificates.directory import Directory
from partners.citizens import BASE

LIST = f"{BASE}/ca/moica.crl"


class Answering:
    """A directory with one answer to everything."""

    def __init__(self, response: httpx2.Response, *, after: float = 0) -> None:
        self._response = response
        self._after = after

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(self._after)
        return self._response

    def directory(self) -> Directory:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self), follow_redirects=True)
        return Directory(client, [f"{BASE}/ca/"])


async def test_redirects_are_not_followed() -> None:
    moved = Answering(httpx2.Response(302, headers={"location": "http://169.254.169.254/"}))
    assert await moved.directory().get(LIST) is None


async def test_an_error_is_no_answer_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert await Answering(httpx2.Response(503)).directory().get(LIST) is None
    assert caplog.messages == ["certificate directory: GET was answered by 503"]


async def test_a_long_answer_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "LARGEST", 1000)

    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield b"0" * 250

    async def got(count: int) -> bytes | None:
        response = httpx2.Response(200, content=chunks(count))
        return await Answering(response).directory().get(LIST)

    assert await got(4) == b"0" * 1000
    assert await got(5) is None
    assert await got(10**9) is None, "read no further than that"


async def test_a_slow_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "SECONDS", 0.05)
    slow = Answering(httpx2.Response(200, content=b"0"), after=5)
    assert await slow.directory().get(LIST) is None


async def test_a_connection_that_fails_is_no_answer() -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(fail))
    assert await Directory(client, [f"{BASE}/ca/"]).get(LIST) is None
