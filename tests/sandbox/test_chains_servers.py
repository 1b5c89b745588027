"""What the sandboxed chains answer: creations, questions, lists, labels, faults, and strangers."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.delivery.creating import create_due
from emask.delivery.pace import Beat, Pace
from emask.delivery.ports import MapDevice, NoAnswer, ParcelState, Paused, Refused, UnknownParcel
from emask.partners.ecpay.mac import MacKeys
from emask.partners.ecpay.wire import form_body
from emask.partners.logistics import EcpayLogistics
from emask.partners.logistics.calls import CREATE, QUERY, STORE_LIST, STORE_MAP, sign
from emask.partners.logistics.creation import creation_fields
from emask.rounds.model import Chain, Store
from emask.rounds.stores import save_stores, set_store_open
from partners.logistics import B2C, C2C, TRADE, parcel
from partners.logistics_book import MemoryBook
from sandbox.chains_world import BASE, LOGISTICS, World, orders

STORE = Store(
    chain=Chain.FM,
    code="21",
    name="門市",
    address="臺北市大安區1號",
    county="臺北市",
    town="大安區",
    zip_code="106",
)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def world(db: Database, clock: SetClock) -> World:
    return await World.stand(db, clock)


@pytest.mark.parametrize("chain", Chain)
async def test_a_question_finds_what_was_created(world: World, chain: Chain) -> None:
    created = await world.create(parcel(chain))
    standing = await world.carrier.ask(chain, TRADE, at=await world.clock.now())
    assert standing.created == created
    assert standing.latest.state is ParcelState.ORDER_TAKEN
    assert bool(standing.shipment_no) is (chain is not Chain.OK)
    assert bool(created.payment_no) is (chain is Chain.OK)


async def test_nobody_knows_what_was_not_created(world: World) -> None:
    with pytest.raises(UnknownParcel):
        await world.carrier.ask(Chain.SE, "EP9", at=await world.clock.now())


async def test_a_question_of_another_time_is_refused(world: World) -> None:
    await world.create()
    now = await world.clock.now()
    for off in (timedelta(minutes=-3), timedelta(minutes=3)):
        assert await world.carrier.ask(Chain.SE, TRADE, at=now + off)
        with pytest.raises(Refused):
            await world.carrier.ask(Chain.SE, TRADE, at=now + off * 1.01)


async def test_a_number_is_good_for_one_parcel(world: World) -> None:
    both = [world.create() for _ in range(4)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in outcomes) == 1
    assert sum(isinstance(each, Refused) for each in outcomes) == 3


@pytest.mark.parametrize(
    ("chain", "changed"),
    [
        (Chain.SE, {"ReceiverStoreID": "999999"}),
        (Chain.FM, {"ReceiverStoreID": "6598"}),
        (Chain.SE, {"GoodsAmount": "0"}),
        (Chain.SE, {"GoodsAmount": "20001"}),
        (Chain.SE, {"CollectionAmount": "0"}),
        (Chain.OK, {"GoodsName": ""}),
        (Chain.OK, {"SenderCellPhone": ""}),
        (Chain.SE, {"ReceiverName": "王小明王小明"}),
        (Chain.SE, {"ReceiverName": ""}),
        (Chain.SE, {"ReceiverCellPhone": "0212345678"}),
        (Chain.SE, {"MerchantTradeNo": ""}),
        (Chain.SE, {"MerchantTradeDate": "yesterday"}),
        (Chain.SE, {"LogisticsType": "HOME"}),
        (Chain.SE, {"LogisticsSubType": "TCAT"}),
        (Chain.SE, {"LogisticsSubType": "OKMARTC2C"}),
        (Chain.SE, {"ServerReplyURL": ""}),
    ],
)
async def test_what_the_real_ones_refuse_is_refused(
    world: World, chain: Chain, changed: dict[str, str]
) -> None:
    fields = creation_fields(LOGISTICS, parcel(chain), at=await world.clock.now())
    told = sign(fields | changed, C2C if chain is Chain.OK else B2C)
    answer = await world.client.post(BASE + CREATE, data=told)
    assert answer.text.startswith("0|")
    assert not await world.real()


async def test_strangers_are_told_nothing(world: World) -> None:
    created = await world.create()
    keys = MacKeys("a", "b")
    stranger = EcpayLogistics(
        replace(LOGISTICS, b2c=replace(B2C, keys=keys), c2c=replace(C2C, keys=keys)), world.client
    )
    now = await world.clock.now()
    for call in (
        stranger.create(parcel(changed={"trade_no": "EP2"}), at=now),
        stranger.ask(Chain.SE, TRADE, at=now),
        stranger.stores(Chain.SE, at=now),
        stranger.fetch_labels([created], at=now),
        stranger.change_store(created, store_code="131387", at=now),
    ):
        with pytest.raises(Refused):
            await call
    assert len(await world.real()) == 1


async def test_one_account_does_not_see_the_others_parcels(world: World) -> None:
    created = await world.create(parcel(Chain.OK))
    now = await world.clock.now()
    with pytest.raises(UnknownParcel):
        await world.carrier.ask(Chain.SE, TRADE, at=now)
    with pytest.raises(Refused):
        await world.carrier.fetch_labels([replace(created, chain=Chain.SE)], at=now)


async def test_only_the_right_numbers_change_a_parcel(world: World) -> None:
    created = await world.create(parcel(Chain.OK))
    now = await world.clock.now()
    with pytest.raises(Refused):
        await world.carrier.change_store(
            replace(created, payment_no="C1"), store_code="1328", at=now
        )
    await world.carrier.change_store(created, store_code="1328", at=now)


async def test_the_stores_are_those_that_were_given(world: World) -> None:
    now = await world.clock.now()
    stores = await world.carrier.stores(Chain.SE, at=now)
    assert [store.code for store in stores] == ["131386", "131387"]
    await world.playing.close_store(Chain.SE, "131387")
    assert [store.code for store in await world.carrier.stores(Chain.SE, at=now)] == ["131386"]
    assert [store.code for store in await world.carrier.stores(Chain.FM, at=now)] == ["6598"]
    everything = await world.client.post(
        BASE + STORE_LIST, content=form_body(sign({"CvsType": "All"}, B2C)), headers=FORM
    )
    assert everything.json()["RtnCode"] == 1
    assert [each["CvsType"] for each in everything.json()["StoreList"]] == [
        "UNIMART",
        "FAMI",
        "HILIFE",
        "OKMART",
    ]


async def test_our_own_directory_counts_as_it_is_at_the_moment(world: World) -> None:
    """A store that was imported just now gets parcels, one that closes here or there does not."""
    with pytest.raises(Refused):
        await world.create(replace(parcel(Chain.FM), store_code="21"))
    async with world.db.transaction() as tx:
        await save_stores(tx, [STORE])
    assert await codes(world) == ["21", "6598"]
    await world.create(replace(parcel(Chain.FM), store_code="21"))
    await set_open(world, is_open=False)
    assert await codes(world) == ["6598"]
    await set_open(world, is_open=True)
    assert await codes(world) == ["21", "6598"]
    await world.playing.close_store(Chain.FM, "21")
    assert await codes(world) == ["6598"]
    with pytest.raises(Refused):
        await world.create(replace(parcel(Chain.FM), store_code="21", trade_no="EP2"))


async def set_open(world: World, *, is_open: bool) -> None:
    async with world.db.transaction() as tx:
        await set_store_open(tx, chain=STORE.chain, code=STORE.code, open=is_open)


async def codes(world: World) -> list[str]:
    return [each.code for each in await world.carrier.stores(Chain.FM, at=await world.clock.now())]


async def test_labels_show_each_parcel(world: World) -> None:
    created = await world.create_all(orders(3))
    page = await world.carrier.fetch_labels(created, at=await world.clock.now())
    for each in created:
        assert each.parcel_no in page.decode()
    ok = await world.create(parcel(Chain.OK))
    page = await world.carrier.fetch_labels([ok], at=await world.clock.now())
    assert ok.payment_no in page.decode()


async def test_the_map_takes_the_browser_back_with_a_store(world: World) -> None:
    form = world.carrier.store_map(
        Chain.FM,
        trade_no="EP1",
        returned="https://shop.test/chosen",
        nonce="n0nce",
        device=MapDevice.COMPUTER,
    )
    page = await world.client.post(form.action, data=dict(form.fields))
    _, choice = page.text.split("<ul>")
    assert 'action="https://shop.test/chosen"' in choice
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', choice)
    chosen = world.carrier.read_chosen(form_body({name: unescape(text) for name, text in fields}))
    assert (chosen.chain, chosen.code, chosen.nonce) == (Chain.FM, "6598", "n0nce")
    nothing = await world.client.post(form.action, data={**form.fields, "like": "沒有"})
    assert "6598" not in nothing.text


async def test_the_map_leads_nowhere_but_to_a_site(world: World) -> None:
    told = {"ServerReplyURL": "javascript:x", "LogisticsSubType": "FAMI"}
    answer = await world.client.post(BASE + STORE_MAP, data=told)
    assert answer.text.startswith("0|")


async def test_what_a_sender_says_is_text_on_pages(world: World) -> None:
    told = {"ServerReplyURL": 'https://x/"><b>', "LogisticsSubType": "FAMI", "ExtraData": "<b>"}
    answer = await world.client.post(BASE + STORE_MAP, data=told)
    assert "<b>" not in answer.text


async def test_a_403_lasts_half_an_hour_of_the_clock(world: World) -> None:
    await world.mischief.begin("chains", "forbidden")
    begin = await world.clock.now()
    for minutes in (0, 10, 29):
        await world.clock.set(begin + timedelta(minutes=minutes))
        with pytest.raises(Paused):
            await world.create()
    await world.clock.set(begin + timedelta(minutes=30))
    assert await world.create()


async def test_slow_chains_are_no_answer(world: World) -> None:
    await world.mischief.begin("chains", "slow", {"seconds": 5})
    quick = EcpayLogistics(replace(LOGISTICS, call_seconds=0.05), world.client)
    with pytest.raises(NoAnswer):
        await quick.create(parcel(), at=await world.clock.now())


async def test_a_parcel_may_exist_whose_answer_was_lost(world: World) -> None:
    await world.mischief.begin("chains", "unanswered")
    with pytest.raises(NoAnswer):
        await world.create()
    standing = await world.carrier.ask(Chain.SE, TRADE, at=await world.clock.now())
    assert standing.created.trade_no == TRADE


async def test_a_thousand_words_are_lost_and_no_parcel_is(world: World) -> None:
    await world.mischief.begin("chains", "unanswered", {"every": 3})
    await world.mischief.begin("chains", "forbidden")
    book = MemoryBook([order for chain in Chain for order in orders(25, chain)])
    pace, beat = Pace(per_second=1000, least=100, most=1000, at_once=4), Beat()
    for _ in range(20):
        turn = await create_due(book, world.carrier, world.clock, pace=pace, beat=beat, most=60)
        if turn.paused_until:
            await world.clock.set(turn.paused_until)
        if len(book.created) == len(book.orders):
            break
    assert (len(book.created), book.refused) == (100, {})
    assert len(await world.real()) == 100


@pytest.mark.parametrize("path", [CREATE, QUERY, STORE_LIST, STORE_MAP, "/nowhere"])
async def test_nonsense_is_refused(world: World, path: str) -> None:
    for fields in ({}, {"LogisticsSubType": "x"}, {"TimeStamp": "x"}):
        answer = await world.client.post(
            BASE + path, content=form_body(sign(fields, B2C)), headers=FORM
        )
        assert answer.status_code in (400, 404) or answer.text.startswith("0|")
    assert (await world.client.get(BASE + path)).status_code == 404
