"""Messages of the run of parcels over HTTP: each until it is taken, forgeries never."""

from collections import Counter

import httpx2
import pytest

from emask.cli.bench_parcels_hearing import Message, OverHttp, WronglyAnswered

ADDRESS = "http://site.test/api/deliveries/ecpay"
GENUINE, FORGED = Message(b"RtnCode=300"), Message(b"RtnCode=1300", genuine=False)


class Site:
    """Takes what is genuine; away the first time that it is asked, and failing the second."""

    def __init__(self, *, takes: frozenset[bytes] = frozenset({GENUINE.body})) -> None:
        self.takes = takes
        self.asked = Counter[bytes]()

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked[request.content] += 1
        if self.asked.total() == 1:
            raise httpx2.ConnectError("killed")
        if self.asked.total() == 2:
            return httpx2.Response(502)
        taken = request.content in self.takes
        return httpx2.Response(200, text="1|OK" if taken else "0|CheckMacValue Error")

    def over_http(self) -> OverHttp:
        client = httpx2.AsyncClient(transport=httpx2.MockTransport(self.answer))
        return OverHttp(client, ADDRESS, pause=0)


async def test_what_nobody_answered_is_told_again() -> None:
    site = Site()
    await site.over_http().hear([GENUINE, FORGED, GENUINE])
    assert site.asked.total() == 3 + 2
    assert site.asked[GENUINE.body] >= 2


async def test_a_forgery_that_is_taken_and_a_message_that_is_not_end_it() -> None:
    for takes in (frozenset({GENUINE.body, FORGED.body}), frozenset[bytes]()):
        with pytest.raises(ExceptionGroup) as ended:
            await Site(takes=takes).over_http().hear([GENUINE, FORGED])
        assert ended.group_contains(WronglyAnswered)
