"""Several providers as one: who sends when one of them fails, and how fast."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.notices.ports import Sms, SmsNotTaken
from emask.partners.sms.failover import FailoverSender, Limits
from emask.partners.sms.outcomes import NotAllTaken

LIMITS = Limits(calls=4, least=2, error_rate=0.5, rest=60, per_second=1000)


class Provider:
    """Does as it was last told: takes all, none, the first alone, or does not answer."""

    def __init__(self, does: str = "all") -> None:
        self.does = does
        self.calls: list[list[str]] = []
        self.taken: list[str] = []

    async def send(self, messages: Sequence[Sms]) -> list[str]:
        ids = [message.message_id for message in messages]
        self.calls.append(ids)
        await asyncio.sleep(0)
        match self.does:
            case "all":
                self.taken += ids
                return [f"id-{one}" for one in ids]
            case "first":
                self.taken += ids[:1]
                raise NotAllTaken({ids[0]: f"id-{ids[0]}"})
            case "silent":
                raise NotAllTaken({}, frozenset(ids))
            case _:
                raise SmsNotTaken


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def seconds(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def failover(
    first: Provider, second: Provider, time: Time, *, limits: Limits = LIMITS
) -> FailoverSender:
    return FailoverSender(
        [("first", first), ("second", second)],
        limits=limits,
        seconds=time.seconds,
        sleep=time.sleep,
    )


def sms(*names: str) -> list[Sms]:
    return [Sms(message_id=name, number="0912345678", text="口罩") for name in names]


async def test_the_preferred_one_sends() -> None:
    first, second = Provider(), Provider()
    sender = failover(first, second, Time())
    assert await sender.send(sms("a", "b")) == ["first:id-a", "first:id-b"]
    assert second.calls == []


async def test_what_one_does_not_take_goes_to_the_next_under_the_same_id() -> None:
    first, second = Provider("first"), Provider()
    sender = failover(first, second, Time())
    assert await sender.send(sms("a", "b", "c")) == ["first:id-a", "second:id-b", "second:id-c"]
    assert second.calls == [["b", "c"]]


async def test_one_that_fails_often_rests_and_is_tried_with_one_message() -> None:
    first, second, time = Provider("none"), Provider(), Time()
    sender = failover(first, second, time)
    for name in "abc":
        await sender.send(sms(name))
    assert first.calls == [["a"], ["b"]]

    time.now += 60
    await sender.send(sms("d", "e"))
    assert first.calls[2:] == [["d"]]
    await sender.send(sms("f"))
    assert first.calls[3:] == []

    time.now += 60
    first.does = "all"
    assert await sender.send(sms("g", "h")) == ["first:id-g", "first:id-h"]
    assert first.calls[3:] == [["g"], ["h"]]
    first.does = "none"
    await sender.send(sms("i"))
    assert first.calls[5:] == [["i"]]


async def test_while_one_call_tries_it_the_others_go_elsewhere() -> None:
    first, second, time = Provider("none"), Provider(), Time()
    sender = failover(first, second, time)
    for name in "ab":
        await sender.send(sms(name))
    time.now += 60
    first.does = "all"
    trying, other = await asyncio.gather(sender.send(sms("c")), sender.send(sms("d")))
    assert [*trying, *other] == ["first:id-c", "second:id-d"]


async def test_a_few_failures_among_many_calls_are_borne() -> None:
    first, second = Provider(), Provider()
    sender = failover(first, second, Time())
    for name in "abcdefghi":
        first.does = "none" if name in "dh" else "all"
        await sender.send(sms(name))
    assert len(first.calls) == 9
    assert second.taken == ["d", "h"]


async def test_what_was_not_answered_goes_nowhere_else_at_once() -> None:
    first, second = Provider("silent"), Provider()
    sender = failover(first, second, Time())
    for _ in range(2):
        with pytest.raises(NotAllTaken) as failure:
            await sender.send(sms("a"))
        assert failure.value.unanswered == {"a"}
    assert second.calls == []
    # It is due again while the first one rests.
    assert await sender.send(sms("a")) == ["second:id-a"]


async def test_when_nobody_takes_the_rest_what_was_taken_is_not_sent_again() -> None:
    first, second = Provider("first"), Provider("none")
    sender = failover(first, second, Time())
    with pytest.raises(NotAllTaken) as failure:
        await sender.send(sms("a", "b"))
    assert failure.value.taken == {"a": "first:id-a"}
    second.does = "all"
    first.does = "none"
    assert await sender.send(sms("a", "b")) == ["first:id-a", "second:id-b"]
    assert first.calls[1:] == [["b"]]


async def test_without_its_memory_what_was_taken_would_be_sent_again() -> None:
    first, second = Provider("first"), Provider("none")
    sender = failover(first, second, Time())
    with pytest.raises(NotAllTaken):
        await sender.send(sms("a", "b"))
    sender._taken.clear()
    first.does = "all"
    await sender.send(sms("a", "b"))
    assert first.taken == ["a", "a", "b"]


async def test_when_all_rest_nobody_is_called() -> None:
    first, second = Provider("none"), Provider("none")
    sender = failover(first, second, Time())
    for _ in range(5):
        with pytest.raises(SmsNotTaken):
            await sender.send(sms("a"))
    assert (len(first.calls), len(second.calls)) == (2, 2)


async def test_messages_go_no_faster_than_they_may() -> None:
    time = Time()
    limits = Limits(per_second=100)
    sender = failover(Provider(), Provider(), time, limits=limits)
    for batch in range(4):
        await sender.send(sms(*(f"{batch}-{number}" for number in range(500))))
    assert time.now == 1000 + 3 * 5


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["all", "none", "first"]),
            st.sampled_from(["all", "none", "first"]),
            st.integers(0, 40),
        ),
        max_size=20,
    )
)
async def test_whoever_answers_is_asked_once_for_each(steps: list[tuple[str, str, int]]) -> None:
    first, second, time = Provider(), Provider(), Time()
    sender = failover(first, second, time)
    waiting = sms(*"abcdef")
    for first.does, second.does, seconds in [*steps, ("all", "all", 60), ("all", "all", 60)]:
        time.now += seconds
        try:
            ids = await sender.send(waiting)
        except SmsNotTaken:
            continue
        assert len(ids) == len(waiting)
    assert sorted(first.taken + second.taken) == list("abcdef")
