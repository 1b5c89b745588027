"""The kit finds nothing wrong with the sandbox, and each thing that is broken on purpose."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.ecpay.calls import read_answer
from emask.partners.ecpay.mac import FIELD, signed
from emask.partners.ecpay.wire import FORM_TYPE, form_body, read_form
from emask.partners.logistics.calls import CREATE, QUERY, STORE_LIST, STORE_MAP, sign
from emask.partners.logistics.changes import C2C_LABELS
from emask.partners.logistics.conformance import (
    CHECKS,
    Finding,
    Heard,
    Outcome,
    Subject,
    check_chains,
)
from emask.partners.logistics.conformance.__main__ import main
from emask.partners.logistics.conformance.ear import HttpEar
from emask.partners.logistics.kinds import SubType
from emask.partners.logistics.parcel_query import NOT_FOUND
from emask.rounds.model import Chain
from emask.sandbox.chains import Pushes
from partners.logistics import STORES
from sandbox.chains_world import LOGISTICS, World


@pytest.fixture
async def world(db: Database, clock: SetClock) -> World:
    return await World.stand(db, clock)


@dataclass
class WorldEar:
    """Hears what the sandbox tells when time passes; `lost` bodies are not heard."""

    world: World
    change: Callable[[bytes], bytes] = lambda body: body
    content_type: str = FORM_TYPE
    url: str = "https://shop.test/parcels"

    async def heard(self, trade_no: str) -> Sequence[Heard]:
        await self.world.pass_time(days=2)
        bodies = [self.change(body) for body in self.world.bodies]
        return [Heard(content_type=self.content_type, body=body) for body in bodies if body]


async def check(
    world: World,
    chain: Chain | None = None,
    *,
    client: httpx2.AsyncClient | None = None,
    ear: WorldEar | None = None,
) -> list[Finding]:
    stores = {each: code for each, code in STORES.items() if chain in (None, each)}
    subject = Subject(
        logistics=LOGISTICS,
        client=client or world.client,
        clock=world.clock,
        stores=stores,
        ear=ear or WorldEar(world),
    )
    return await check_chains(subject)


def wrong(findings: Sequence[Finding]) -> dict[str, str]:
    return {each.check: each.reason for each in findings if each.outcome is Outcome.FAILED}


async def test_the_sandbox_passes(world: World) -> None:
    findings = await check(world)
    assert not wrong(findings)
    assert len(findings) == len(Chain) * len(CHECKS)
    assert {each.check for each in findings if each.outcome is Outcome.NOT_TRIED} == {
        "numbers what is handed in"
    }


Forward = Callable[[str, Mapping[str, str]], Awaitable[httpx2.Response]]
Fault = Callable[[str, dict[str, str], Forward], Awaitable[httpx2.Response]]


def broken(world: World, fault: Fault) -> httpx2.AsyncClient:
    """The sandbox behind something that spoils what goes through it."""

    async def forward(path: str, fields: Mapping[str, str]) -> httpx2.Response:
        answer = await world.client.post(
            LOGISTICS.base + path, content=form_body(fields), headers={"content-type": FORM_TYPE}
        )
        kept = {"content-type": answer.headers["content-type"]}
        return httpx2.Response(answer.status_code, content=answer.content, headers=kept)

    async def spoil(request: httpx2.Request) -> httpx2.Response:
        path = str(request.url).removeprefix(LOGISTICS.base)
        return await fault(path, read_form(request.content), forward)

    return httpx2.AsyncClient(transport=httpx2.MockTransport(spoil))


def anew(fields: Mapping[str, str], **changed: str) -> dict[str, str]:
    kept = {name: value for name, value in fields.items() if name != FIELD} | changed
    return sign(kept, LOGISTICS.account_named(kept["MerchantID"]))


def raw(fields: Mapping[str, str], head: str = "") -> httpx2.Response:
    told = head + "&".join(f"{name}={value}" for name, value in fields.items())
    return httpx2.Response(200, text=told)


def answered(answer: httpx2.Response) -> dict[str, str]:
    return read_answer(answer.content.removeprefix(b"1|"))


def on(call: str, spoil: Callable[[httpx2.Response], httpx2.Response]) -> Fault:
    """What is wrong with the answers to one call, refusals left alone."""

    async def fault(path: str, fields: dict[str, str], forward: Forward) -> httpx2.Response:
        answer = await forward(path, fields)
        return spoil(answer) if path == call and not answer.text.startswith("0|") else answer

    return fault


def asked(change: Callable[[str, dict[str, str]], dict[str, str]]) -> Fault:
    """What is overlooked in what was asked."""

    async def fault(path: str, fields: dict[str, str], forward: Forward) -> httpx2.Response:
        return await forward(path, change(path, fields))

    return fault


async def takes_numbers_again(
    path: str, fields: dict[str, str], forward: Forward
) -> httpx2.Response:
    answer = await forward(path, fields)
    if path == CREATE and "重覆" in answer.text:
        return raw(anew(fields, AllPayLogisticsID="1", RtnCode="300"), "1|")
    return answer


def says_instead(word: str, other: str) -> Fault:
    async def fault(path: str, fields: dict[str, str], forward: Forward) -> httpx2.Response:
        answer = await forward(path, fields)
        if path == QUERY and word in answer.text:
            return httpx2.Response(500, text=f"0|{other}")
        return answer

    return fault


def of_its_kind(path: str, fields: dict[str, str]) -> dict[str, str]:
    if path != CREATE or fields["LogisticsSubType"] not in list(SubType):
        return fields
    account = LOGISTICS.account_for(SubType(fields["LogisticsSubType"]))
    if fields["MerchantID"] == account.merchant_id:
        return fields
    return anew(fields, MerchantID=account.merchant_id)


def any_amount(path: str, fields: dict[str, str]) -> dict[str, str]:
    return anew(fields, GoodsAmount="22") if fields.get("GoodsAmount") == "0" else fields


def without_phones(answer: httpx2.Response) -> httpx2.Response:
    told = json.loads(answer.text)
    for store in told["StoreList"][0]["StoreInfo"]:
        del store["StorePhone"]
    return httpx2.Response(200, json=told)


BROKEN: list[tuple[set[str], Fault]] = [
    ({"creates a parcel"}, on(CREATE, lambda said: raw(answered(said)))),
    (
        {"creates a parcel"},
        on(CREATE, lambda said: raw(anew(answered(said), RtnCode="1"), "1|")),
    ),
    (
        {"creates a parcel"},
        on(CREATE, lambda said: raw(anew(answered(said), MerchantTradeNo="EK1"), "1|")),
    ),
    (
        {"creates a parcel"},
        on(CREATE, lambda said: httpx2.Response(200, text=said.text.replace("BookingNote=&", ""))),
    ),
    (
        {"creates a parcel"},
        on(
            CREATE,
            lambda said: raw(
                signed(
                    {name: value for name, value in answered(said).items() if name != FIELD},
                    LOGISTICS.c2c.keys,
                ),
                "1|",
            ),
        ),
    ),
    ({"creates a parcel"}, on(CREATE, lambda said: httpx2.Response(500, text=said.text[2:]))),
    (
        {"numbers what is handed in", "shows labels"},
        on(CREATE, lambda said: raw(anew(answered(said), CVSPaymentNo=""), "1|")),
    ),
    ({"takes a number once"}, takes_numbers_again),
    (
        {"creates nothing for strangers", "answers no strangers"},
        asked(lambda _, fields: anew(fields) if FIELD in fields else fields),
    ),
    ({"keeps accounts apart"}, asked(of_its_kind)),
    ({"refuses unfit parcels"}, asked(any_amount)),
    (
        {"finds a parcel"},
        on(QUERY, lambda said: raw(anew(answered(said), LogisticsStatus="9999"))),
    ),
    (
        {"finds a parcel"},
        on(QUERY, lambda said: raw(anew(answered(said), LogisticsType="CVS"))),
    ),
    (
        {"finds a parcel", "takes a number once"},
        on(QUERY, lambda said: raw(answered(said) | {"LogisticsStatus": "3022"})),
    ),
    ({"says what it does not find"}, says_instead(NOT_FOUND, "no")),
    ({"answers no strangers"}, says_instead("驗證錯誤", NOT_FOUND)),
    ({"lists its stores"}, on(STORE_LIST, without_phones)),
    ({"lists its stores"}, on(STORE_LIST, lambda _: httpx2.Response(200, json={"RtnCode": 0}))),
    ({"lists its stores"}, on(STORE_LIST, lambda _: httpx2.Response(200, json=[]))),
    ({"shows a map"}, on(STORE_MAP, lambda _: httpx2.Response(404))),
    (
        {"shows labels"},
        on(C2C_LABELS[SubType.OKMARTC2C], lambda _: httpx2.Response(200, html="<p>")),
    ),
]


@pytest.mark.parametrize(("expected", "fault"), BROKEN)
async def test_what_is_broken_is_found_and_nothing_else(
    world: World, expected: set[str], fault: Fault
) -> None:
    findings = await check(world, Chain.OK, client=broken(world, fault))
    assert wrong(findings).keys() == expected
    assert all(wrong(findings).values())


async def test_a_stale_question_is_asked(world: World) -> None:
    now = str(int((await world.clock.now()).timestamp()))
    fresh = asked(lambda path, fields: anew(fields, TimeStamp=now) if path == QUERY else fields)
    findings = await check(world, Chain.OK, client=broken(world, fresh))
    assert "answers no stale questions" in wrong(findings)


@pytest.mark.parametrize(
    ("change", "content_type"),
    [
        (lambda _: b"", FORM_TYPE),
        (lambda body: body.replace(b"300", b"3000"), FORM_TYPE),
        (lambda body: body + b"&a=1&a=2", FORM_TYPE),
        (lambda body: form_body(anew(read_form(body), RtnCode="9999")), FORM_TYPE),
        (lambda body: form_body(anew(read_form(body), UpdateStatusDate="now")), FORM_TYPE),
        (lambda body: form_body(anew(read_form(body), AllPayLogisticsID="1")), FORM_TYPE),
        (lambda body: body, "application/json"),
    ],
)
async def test_what_is_told_badly_is_found(
    world: World, change: Callable[[bytes], bytes], content_type: str
) -> None:
    ear = WorldEar(world, change, content_type)
    assert wrong(await check(world, Chain.OK, ear=ear)).keys() == {"tells of its parcels"}


async def test_without_an_ear_nothing_is_told(world: World) -> None:
    subject = Subject(
        logistics=LOGISTICS,
        client=world.client,
        clock=world.clock,
        stores={Chain.SE: STORES[Chain.SE]},
    )
    findings = await check_chains(subject)
    assert not wrong(findings)
    assert findings[-1].outcome is Outcome.NOT_TRIED


async def test_whoever_does_not_answer_fails_and_the_rest_is_not_tried(world: World) -> None:
    async def silent(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no")

    client = httpx2.AsyncClient(transport=httpx2.MockTransport(silent))
    findings = await check(world, Chain.SE, client=client)
    assert wrong(findings)["creates a parcel"].endswith("is not answered: ConnectError")
    assert {each.outcome for each in findings} == {Outcome.FAILED, Outcome.NOT_TRIED}


async def test_an_ear_hears_over_http() -> None:
    async with HttpEar(url="", host="127.0.0.1", port=0, wait=5) as ear:
        async with httpx2.AsyncClient() as client:
            url = f"http://127.0.0.1:{ear.port}/told"
            answer = await client.post(url, data={"MerchantTradeNo": "EK1"})
            assert (answer.status_code, answer.text) == (200, "1|OK")
            with pytest.raises(httpx2.HTTPError):
                await client.get(url)
        [heard] = await ear.heard("EK1")
        assert read_form(heard.body) == {"MerchantTradeNo": "EK1"}
        assert heard.content_type == FORM_TYPE


async def test_the_sandbox_tells_an_ear_over_http(world: World) -> None:
    async with (
        HttpEar(url="", host="127.0.0.1", port=0, wait=20) as ear,
        httpx2.AsyncClient() as client,
    ):
        ear.url = f"http://127.0.0.1:{ear.port}/told"
        pushes = Pushes(world.db, client, LOGISTICS, world.mischief)
        subject = Subject(
            logistics=LOGISTICS,
            client=world.client,
            clock=world.clock,
            stores={Chain.OK: STORES[Chain.OK]},
            ear=ear,
        )
        checking = asyncio.create_task(check_chains(subject))
        while not checking.done():
            await pushes.tell_due(await world.clock.now())
            await asyncio.sleep(0.05)
        assert not wrong(await checking)


async def test_an_ear_waits_no_longer_than_it_may() -> None:
    async with HttpEar(url="", host="127.0.0.1", port=0, wait=0.2) as ear:
        assert not await ear.heard("EK1")


def test_the_command_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    words = "--base http://127.0.0.1:9 --b2c 1 --c2c 2 --store SE 131386 --store OK 1328"
    keys = {f"EMASK_CHAIN_{kind}": "k" for kind in ("B2C_KEY", "B2C_IV", "C2C_KEY", "C2C_IV")}
    assert main(words.split(), keys) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * len(CHECKS)
    assert lines[0].startswith("SE  failed     creates a parcel: /Express/Create is not answered")
