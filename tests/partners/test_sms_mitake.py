"""Mitake's answers and failures, one by one."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.notices.ports import Delivery, Handed, NotAllTaken, Sms, SmsNotTaken
from emask.partners.sms.mitake import Mitake, MitakeAccount
from emask.partners.sms.mitake_answers import (
    BadAnswer,
    BadPush,
    push_reply,
    read_push,
    read_query,
    read_sections,
)
from emask.rules.calendar import TAIPEI

ACCOUNT = MitakeAccount(base_url="http://127.0.0.1:1", username="emask", password="hush")
MESSAGES = [Sms(message_id=name, number="0912345678", text="口罩") for name in ("a", "b")]
BOTH, NONE = frozenset({"a", "b"}), frozenset[str]()
DONE = datetime(2020, 3, 19, 9, 30, 1, tzinfo=TAIPEI)


def mitake(answer: Callable[[httpx2.Request], httpx2.Response]) -> Mitake:
    return Mitake(httpx2.AsyncClient(transport=httpx2.MockTransport(answer)), ACCOUNT)


class Failing:
    """Fails every call in one way, and counts them."""

    def __init__(self, failure: type[httpx2.HTTPError] | int) -> None:
        self._failure = failure
        self.calls = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        if isinstance(self._failure, int):
            return httpx2.Response(self._failure)
        raise self._failure(f"{request.url}")


@pytest.mark.parametrize(
    ("failure", "calls", "unanswered"),
    [
        (httpx2.ConnectError, 1, NONE),
        (httpx2.ReadTimeout, 2, BOTH),
        (httpx2.RemoteProtocolError, 2, BOTH),
        (503, 1, NONE),
        (429, 1, NONE),
        (500, 2, BOTH),
        (302, 2, BOTH),
    ],
)
async def test_only_what_may_have_been_taken_is_unanswered(
    failure: type[httpx2.HTTPError] | int,
    calls: int,
    unanswered: frozenset[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    failing = Failing(failure)
    with pytest.raises(NotAllTaken) as failed:
        await mitake(failing).send(MESSAGES)
    assert failing.calls == calls
    assert failed.value.unanswered == unanswered
    assert "hush" not in caplog.text + repr(failed.value)


@pytest.mark.parametrize(
    "second",
    [
        httpx2.ConnectError("away"),
        httpx2.Response(503),
        httpx2.Response(200, text="statuscode=l\r\n"),
        httpx2.Response(200, text="[a]\r\nstatuscode=*\r\n[b]\r\nstatuscode=*\r\n"),
    ],
)
async def test_what_the_first_call_may_have_brought_is_unanswered_whatever_the_second_says(
    second: Exception | httpx2.Response,
) -> None:
    answers = [httpx2.ReadTimeout("slow"), second]

    def answer(request: httpx2.Request) -> httpx2.Response:
        told = answers.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    with pytest.raises(NotAllTaken) as failed:
        await mitake(answer).send(MESSAGES)
    assert (failed.value.taken, failed.value.unanswered) == ({}, BOTH)


async def test_what_was_taken_is_known_when_the_rest_was_not() -> None:
    def some(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, text="[a]\r\nmsgid=1\r\nstatuscode=1\r\n[b]\r\nstatuscode=*\r\n"
        )

    with pytest.raises(NotAllTaken) as failed:
        await mitake(some).send(MESSAGES)
    assert failed.value.taken == {"a": Handed("1")}


async def test_no_log_of_a_real_call_has_the_password(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    asked: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        body = b"[a]\r\nmsgid=1\r\nstatuscode=1\r\n[b]\r\nmsgid=2\r\nstatuscode=1\r\n"
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        account = replace(ACCOUNT, base_url=f"http://127.0.0.1:{port}")
        async with httpx2.AsyncClient() as client:
            assert await Mitake(client, account).send(MESSAGES) == [Handed("1"), Handed("2")]
    assert b"password=hush" in asked[0]
    assert "SmBulkSend" in caplog.text
    assert "hush" not in caplog.text


async def test_the_balance_of_nonsense_is_none() -> None:
    with pytest.raises(SmsNotTaken):
        await mitake(lambda _: httpx2.Response(200, text="statuscode=e")).balance()


def test_answers_are_read_as_sections() -> None:
    assert read_sections("[x]\r\nmsgid=7\r\nstatuscode=1\r\nDuplicate=Y\r\n") == {
        "x": {"msgid": "7", "statuscode": "1", "Duplicate": "Y"}
    }


@pytest.mark.parametrize(("answer", "code"), [("statuscode=k\r\n", "k"), ("<html>", ""), ("", "")])
def test_an_answer_to_the_whole_call_is_bad(answer: str, code: str) -> None:
    with pytest.raises(BadAnswer) as bad:
        read_sections(answer)
    assert bad.value.code == code


def test_a_query_is_read_by_its_ids() -> None:
    assert [
        (receipt.provider_id, receipt.delivery, receipt.at)
        for receipt in read_query("2\t4\t20200319093001\r\n1\tz\t\r\nnonsense\r\n")
    ] == [("2", Delivery.DELIVERED, DONE), ("1", Delivery.UNKNOWN, None)]


@pytest.mark.parametrize(
    ("flag", "word", "delivery"),
    [
        ("4", "DELIVRD", Delivery.DELIVERED),
        ("1", "", Delivery.WAITING),
        ("6", "UNDELIV", Delivery.FAILED),
        ("8", "EXPIRED", Delivery.EXPIRED),
        ("9", "DELETED", Delivery.CANCELLED),
        ("", "DELIVRD", Delivery.DELIVERED),
        ("", "SYNTAXE", Delivery.FAILED),
    ],
)
def test_a_push_is_read_by_flag_and_word(flag: str, word: str, delivery: Delivery) -> None:
    query = {"msgid": "7", "statuscode": "0", "StatusFlag": flag, "statusstr": word}
    receipt = read_push({**query, "donetime": "20200319093001"})
    assert (receipt.delivery, receipt.at) == (delivery, DONE)
    assert push_reply(receipt) == b"magicid=sms_gateway_rpack\nmsgid=7\n"


def test_a_statuscode_alone_delivers_nothing() -> None:
    with pytest.raises(BadPush):
        read_push({"msgid": "7", "statuscode": "0"})


@given(
    st.dictionaries(
        st.sampled_from(["msgid", "StatusFlag", "statusstr", "donetime"]), st.text(max_size=20)
    )
)
def test_no_push_breaks_the_reader(query: dict[str, str]) -> None:
    try:
        reply = push_reply(read_push(query))
    except BadPush:
        return
    assert reply.count(b"\n") == 2


@given(st.text(max_size=200))
def test_no_answer_breaks_the_readers(answer: str) -> None:
    read_query(answer)
    with suppress(BadAnswer):
        read_sections(answer)
