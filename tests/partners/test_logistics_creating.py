"""Parcels by the thousand: evenly, through pauses and silence, and none of them twice."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.delivery.creating import UNFIT, Turn, create_due
from emask.delivery.pace import Beat, Pace
from emask.delivery.ports import (
    CreatedParcel,
    NoAnswer,
    ParcelOrder,
    ParcelStanding,
    ParcelState,
    Paused,
    Refused,
    StatusMessage,
    UnfitForParcel,
    UnknownParcel,
)
from emask.rounds.model import Chain
from partners.logistics import parcel
from partners.logistics_book import MemoryBook

BEGIN = datetime(2020, 3, 22, tzinfo=UTC)
PACE = Pace(per_second=1000, least=10, most=4000, at_once=4)


@dataclass
class Watch:
    at: datetime = BEGIN

    async def now(self) -> datetime:
        return self.at


class ForgetfulBook(MemoryBook):
    """The control: it does not remember what was asked."""

    async def note_asked(self, trade_no: str) -> None: ...


@dataclass
class Dice:
    """The same throws for the same seed."""

    seed: int
    thrown: int = 0

    def throw(self, sides: int) -> int:
        self.thrown += 1
        return crc32(f"{self.seed}:{self.thrown}".encode()) % sides


@dataclass
class Chains:
    """Takes parcels, and loses `silent` of a hundred calls and as many answers.

    `careless` ones take the same number again and again.
    """

    clock: Watch
    dice: Dice = field(default_factory=lambda: Dice(1))
    silent: int = 0
    careless: bool = False
    known: Counter[str] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)
    forbidden_after: int | None = None
    forbidden_until: datetime | None = None
    refuses: frozenset[str] = frozenset()

    async def create(self, order: ParcelOrder, *, at: datetime) -> CreatedParcel:
        await self._hear("create")
        if order.trade_no in self.refuses:
            raise Refused("create", "門市不存在")
        if order.trade_no in self.known and not self.careless:
            raise Refused("create", "重覆")
        self.known[order.trade_no] += 1
        self._lose_the_answer()
        return self._created(order.chain, order.trade_no)

    async def ask(self, chain: Chain, trade_no: str, *, at: datetime) -> ParcelStanding:
        await self._hear("ask")
        self._lose_the_answer()
        if trade_no not in self.known:
            raise UnknownParcel
        created = self._created(chain, trade_no)
        latest = StatusMessage(
            trade_no=trade_no,
            parcel_no=created.parcel_no,
            chain=chain,
            code="300",
            state=ParcelState.ORDER_TAKEN,
            updated_at=at,
        )
        return ParcelStanding(created=created, shipment_no="", latest=latest)

    async def _hear(self, call: str) -> None:
        await asyncio.sleep(0)
        at = self.clock.at
        if len(self.calls) == self.forbidden_after:
            self.forbidden_after, self.forbidden_until = None, at + timedelta(minutes=30)
        if self.forbidden_until and at < self.forbidden_until:
            self.calls.append("refused")
            raise Paused(at + timedelta(minutes=30))
        self.calls.append(call)
        if self.dice.throw(100) < self.silent:
            raise NoAnswer  # before anything was done

    def _lose_the_answer(self) -> None:
        if self.dice.throw(100) < self.silent:
            raise NoAnswer

    def _created(self, chain: Chain, trade_no: str) -> CreatedParcel:
        return CreatedParcel(trade_no=trade_no, parcel_no=f"1{trade_no[2:]}", chain=chain)


def orders(count: int) -> list[ParcelOrder]:
    return [parcel(changed={"trade_no": f"EP{n}"}) for n in range(count)]


async def turn(book: MemoryBook, chains: Chains, *, pace: Pace = PACE, most: int = 50) -> Turn:
    return await create_due(book, chains, chains.clock, pace=pace, beat=Beat(), most=most)


async def run(book: MemoryBook, chains: Chains, *, turns: int = 100) -> None:
    for _ in range(turns):
        told = await turn(book, chains)
        if told.paused_until:
            chains.clock.at = told.paused_until
        if len(book.created) + len(book.refused) == len(book.orders):
            return


async def test_all_that_is_due_is_created() -> None:
    book, chains = MemoryBook(orders(120)), Chains(Watch())
    told = [await turn(book, chains) for _ in range(4)]
    assert [each.created for each in told] == [50, 50, 20, 0]
    assert chains.calls == ["create"] * 120
    assert book.created.keys() == chains.known.keys() == {each.trade_no for each in book.orders}


async def test_a_lost_answer_is_asked_for_and_not_created_again() -> None:
    book, chains = MemoryBook(orders(200)), Chains(Watch(), silent=25)
    await run(book, chains)
    assert len(book.created) == 200
    assert set(chains.known.values()) == {1}


async def test_careless_chains_are_not_asked_twice_either() -> None:
    book, chains = MemoryBook(orders(200)), Chains(Watch(), silent=25, careless=True)
    await run(book, chains)
    assert len(book.created) == 200
    assert set(chains.known.values()) == {1}


async def test_without_the_note_they_would_be() -> None:
    """The control of the one before."""
    book, chains = ForgetfulBook(orders(200)), Chains(Watch(), silent=25, careless=True)
    await run(book, chains)
    assert max(chains.known.values()) > 1


async def test_a_pause_stops_everything_for_half_an_hour() -> None:
    book, chains = MemoryBook(orders(100)), Chains(Watch(), forbidden_after=30)
    first = await turn(book, chains, most=100)
    assert first.paused_until == BEGIN + timedelta(minutes=30)
    assert first.created >= 30 - PACE.at_once
    assert chains.calls.count("refused") <= PACE.at_once
    assert first.pace.per_second == PACE.per_second / 2
    calls = len(chains.calls)
    for minutes in (0, 10, 29):
        chains.clock.at = BEGIN + timedelta(minutes=minutes)
        assert await turn(book, chains) == Turn(
            created=0, refused=0, unanswered=0, paused_until=first.paused_until, pace=PACE
        )
    assert len(chains.calls) == calls
    chains.clock.at = BEGIN + timedelta(minutes=30)
    await run(book, chains)
    assert len(book.created) == 100
    assert set(chains.known.values()) == {1}


@pytest.mark.parametrize("seed", range(5))
async def test_killed_workers_leave_nothing_undone_and_nothing_done_twice(seed: int) -> None:
    dice = Dice(seed)
    chains = Chains(Watch(), dice=dice, silent=10, careless=True)
    book = MemoryBook(orders(150))
    for _ in range(40):
        task = asyncio.create_task(turn(book, chains))
        for _ in range(1 + dice.throw(60)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        book.held.clear()  # what a killed worker held is free after a while
    await run(book, chains)
    assert len(book.created) == 150
    assert set(chains.known.values()) == {1}


async def test_a_refusal_is_for_somebody_to_look_at() -> None:
    book = MemoryBook([*orders(5), parcel(changed={"trade_no": "EP-6"})])

    class Choosy(Chains):
        async def create(self, order: ParcelOrder, *, at: datetime) -> CreatedParcel:
            if "-" in order.trade_no:
                raise UnfitForParcel("MerchantTradeNo")
            return await super().create(order, at=at)

    chains = Choosy(Watch(), refuses=frozenset({"EP3"}))
    told = await turn(book, chains)
    assert (told.created, told.refused, told.unanswered) == (4, 2, 0)
    assert book.refused == {"EP3": "門市不存在", "EP-6": f"{UNFIT}MerchantTradeNo"}
    assert (await turn(book, chains)).refused == 0


async def test_a_number_that_the_chain_knows_is_a_parcel_of_ours() -> None:
    book, chains = MemoryBook(orders(1)), Chains(Watch())
    chains.known["EP0"] = 1
    told = await turn(book, chains)
    assert (told.created, told.refused) == (1, 0)
    assert chains.calls == ["create", "ask"]


async def test_a_question_that_is_refused_settles_nothing() -> None:
    book = MemoryBook(orders(1), asked={"EP0"})

    class Deaf(Chains):
        async def ask(self, chain: Chain, trade_no: str, *, at: datetime) -> ParcelStanding:
            raise Refused("ask", "TimeStamp Is Expired")

    chains = Deaf(Watch())
    assert (await turn(book, chains)).unanswered == 1
    assert not chains.known
    assert book.is_due("EP0")


@dataclass
class Time:
    seconds: float = 0
    begun: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def test_calls_begin_one_by_one() -> None:
    time = Time()
    beat = Beat(now=lambda: time.seconds, sleep=time.sleep)
    pace = Pace(per_second=4, least=1, most=8, at_once=2)
    for idle in (0, 0, 0, 10, 0, 0):
        time.seconds += idle
        await beat.next(pace)
        time.begun.append(time.seconds)
    assert [after - before for before, after in pairwise(time.begun)] == [
        0.25,
        0.25,
        10,
        0.25,
        0.25,
    ]


@given(st.lists(st.booleans()))
def test_a_pace_stays_within_its_bounds(refused: list[bool]) -> None:
    pace = Pace(per_second=10, least=0.5, most=40, at_once=1)
    for each in refused:
        before = pace
        pace = pace.after_refusal() if each else pace.after_quiet()
        assert pace.least <= pace.per_second <= pace.most
        assert pace.per_second <= before.per_second if each else pace.seconds <= before.seconds


@pytest.mark.parametrize(
    "odd", [{"per_second": 0}, {"per_second": 50}, {"least": 0}, {"least": 20}, {"at_once": 0}]
)
def test_no_other_pace_is_one(odd: dict[str, int]) -> None:
    told = {"per_second": 10, "least": 1, "most": 40, "at_once": 1, **odd}
    with pytest.raises(ValueError, match="bounds"):
        Pace(
            per_second=told["per_second"],
            least=told["least"],
            most=told["most"],
            at_once=told["at_once"],
        )
