"""Several providers as one: who is well, and how fast messages go."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.notices.ports import Handed, NotAllTaken, Receipt, Sms, SmsNotTaken
from emask.partners.sms.failover import FailoverSender, Limits

LIMITS = Limits(calls=4, least=2, error_rate=0.5, rest=60, per_second=1000)


class Provider:
    """Takes all that it is handed, or fails; both counted."""

    remembers = timedelta()
    at_once = 500

    def __init__(self, name: str, *, well: bool = True) -> None:
        self.name = name
        self.well = well
        self.calls = 0
        self.open = False

    @property
    def providers(self) -> Sequence[Self]:
        return (self,)

    async def ready(self) -> Sequence[Self]:
        self.open = True
        return (self,)

    async def aclose(self) -> None:
        self.open = False

    async def query(self, provider_ids: Sequence[str]) -> list[Receipt]:
        return []

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        self.calls += 1
        if not self.well:
            raise NotAllTaken({}, frozenset({messages[0].message_id}))
        return [Handed(message.message_id) for message in messages]


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def seconds(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def failover(*providers: Provider, time: Time, limits: Limits = LIMITS) -> FailoverSender:
    return FailoverSender(providers, limits=limits, seconds=time.seconds, sleep=time.sleep)


def sms(count: int = 1) -> list[Sms]:
    return [Sms(message_id=f"m{n}", number="0912345678", text="口罩") for n in range(count)]


async def names(sender: FailoverSender) -> list[str]:
    return [provider.name for provider in await sender.ready()]


async def fail(sender: FailoverSender, times: int) -> None:
    for _ in range(times):
        with pytest.raises(SmsNotTaken):
            await sender.providers[0].send(sms())


async def test_the_preferred_one_comes_first() -> None:
    assert await names(failover(Provider("a"), Provider("b"), time=Time())) == ["a", "b"]


async def test_one_that_fails_often_rests_and_is_tried_with_one_message() -> None:
    first, time = Provider("a", well=False), Time()
    sender = failover(first, Provider("b"), time=time)
    await fail(sender, 1)
    assert await names(sender) == ["a", "b"]
    await fail(sender, 1)
    assert await names(sender) == ["b"]

    time.now += 60
    trying, _ = await sender.ready()
    assert (trying.name, trying.at_once) == ("a", 1)
    await fail(sender, 1)
    assert await names(sender) == ["b"]

    time.now += 60
    first.well = True
    trying, _ = await sender.ready()
    await trying.send(sms())
    assert trying.at_once == 500
    assert await names(sender) == ["a", "b"]


async def test_a_few_failures_among_many_calls_are_borne() -> None:
    first = Provider("a")
    sender = failover(first, Provider("b"), time=Time())
    for name in "abcdefghi":
        first.well = name not in "dh"
        if first.well:
            await sender.providers[0].send(sms())
        else:
            await fail(sender, 1)
        assert await names(sender) == ["a", "b"]


async def test_when_all_rest_nobody_is_ready() -> None:
    first = Provider("a", well=False)
    sender = failover(first, time=Time())
    await fail(sender, 2)
    assert await names(sender) == []


async def test_messages_go_no_faster_than_they_may() -> None:
    time = Time()
    sender = failover(Provider("a"), Provider("b"), time=time, limits=Limits(per_second=100))
    for _ in range(4):
        for provider in await sender.ready():
            await provider.send(sms(250))
    await sender.ready()
    assert time.now == 1000 + 4 * 5


async def test_sessions_open_when_somebody_wants_to_send_and_end_together() -> None:
    first, second = Provider("a"), Provider("b")
    sender = failover(first, second, time=Time())
    assert not first.open
    await sender.ready()
    assert first.open
    assert second.open
    await sender.aclose()
    assert not first.open
    assert not second.open


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=20))
async def test_who_is_well_again_is_found_out(steps: list[tuple[bool, int]]) -> None:
    first, time = Provider("a"), Time()
    sender = failover(first, time=time)
    for first.well, seconds in [*steps, (True, 60), (True, 60)]:
        time.now += seconds
        for provider in await sender.ready():
            try:
                await provider.send(sms())
            except SmsNotTaken:
                assert not first.well
    assert await names(sender) == ["a"]
