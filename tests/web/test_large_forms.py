"""A form that is longer than any of ours is not read to its end."""

from collections.abc import AsyncIterator

import httpx
import pytest

from emask.web.app import _MOST_BYTES
from web.visitor import Visitor

HEADERS = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("told", [True, False], ids=["by length", "in parts"])
async def test_it_is_refused_on_a_page_of_its_language(
    client: httpx.AsyncClient, *, language: str, told: bool
) -> None:
    visitor = Visitor(client, language)
    await visitor.go("/identify/device")
    token = visitor.form("answer").values["_csrf_token"]
    body = f"_csrf_token={token}&answer=".encode() + b"A" * _MOST_BYTES

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096]

    content: bytes | AsyncIterator[bytes] = body if told else parts()
    path = f"/{language}/identify/device"
    answer = await client.post(path, content=content, headers=HEADERS)
    assert answer.status_code == 413
    words = {"zh": "送出的內容讀不出來", "en": "could not be read"}
    assert words[language] in answer.text


async def test_one_just_as_long_as_allowed_is_read(visitor: Visitor) -> None:
    await visitor.go("/identify/device")
    page = await visitor.submit(answer="A" * (_MOST_BYTES - 500))
    assert page.status != 413
