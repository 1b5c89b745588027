"""Who is handed a notice, and to whom it may go when nobody heard the answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from draw.town import Town
from emask.notices.ports import Handed, NotAllTaken, Sms, SmsNotTaken
from emask.notices.service import alone, drain, send_again, stranded
from emask.partners.sms import FailoverSender, Limits
from notices.provider import Provider
from notices.waiting import later, states, wait_for_sending

FAST = Limits(per_second=1_000_000)


@dataclass
class Moody(Provider):
    """Does as it was last told: takes all, none, the first alone, refuses, or does not answer."""

    does: str = "all"

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        first = messages[0].message_id
        match self.does:
            case "none":
                raise SmsNotTaken
            case "first":
                raise NotAllTaken({first: (await super().send(messages[:1]))[0]})
            case "silent":
                await super().send(messages)
                raise NotAllTaken({}, frozenset(each.message_id for each in messages))
            case "refuse":
                return [Handed(None, "v") for _ in messages]
            case _:
                return await super().send(messages)


async def send(town: Town, *providers: Provider) -> int:
    sender = FailoverSender(providers, limits=FAST)
    return await drain(town.db, town.clock, town.vault, sender)


async def by_provider(town: Town) -> dict[tuple[str, str | None], int]:
    rows = await town.rows("SELECT state, provider, count(*) FROM outbox GROUP BY 1, 2")
    return {(state, provider): number for state, provider, number in rows}


async def test_what_one_does_not_take_goes_to_the_next_under_the_same_name(town: Town) -> None:
    await wait_for_sending(town, 25)
    first, second = Moody(name="a", does="first"), Moody(name="b", at_once=10)
    assert await send(town, first, second) == 25
    assert await by_provider(town) == {("sent", "a"): 1, ("sent", "b"): 24}
    assert set((first.handed + second.handed).values()) == {1}
    names = await town.rows(
        "SELECT 1 FROM outbox WHERE NOT starts_with(provider_id, provider || ':')"
    )
    assert names == []


async def test_what_nobody_takes_is_nobodys_and_waits(town: Town) -> None:
    await wait_for_sending(town, 3)
    first, second = Moody(name="a", does="none"), Moody(name="b", does="none")
    assert await send(town, first, second) == 0
    assert await by_provider(town) == {("waiting", None): 3}
    second.does = "all"
    await later(town, 5)
    assert await send(town, first, second) == 3


async def test_what_was_not_answered_goes_to_the_same_one_alone(town: Town) -> None:
    await wait_for_sending(town, 3)
    first, second = Moody(name="a", does="silent"), Moody(name="b")
    assert await send(town, first, second) == 0
    assert await by_provider(town) == {("waiting", "a"): 3}
    first.does = "none"  # of this try; of the one before nobody knows
    await later(town, 5)
    assert await send(town, first, second) == 0
    first.does = "all"
    await later(town, 10)
    assert await send(town, first, second) == 3
    assert second.handed == {}
    assert list(first.handed.values()) == [2, 2, 2]


async def test_once_its_provider_forgets_it_is_unclear(town: Town) -> None:
    await wait_for_sending(town, 3)
    first, second = Moody(name="a", does="silent"), Moody(name="b")
    await send(town, first, second)
    first.does = "none"
    for _ in range(12):
        await later(town, 60)
        assert await send(town, first, second) == 0
    first.does = "all"
    await later(town, 60)
    assert await send(town, first, second) == 0
    assert await by_provider(town) == {("unclear", "a"): 3}
    assert set(first.handed.values()) == {1}


async def test_where_nothing_is_known_again_no_answer_is_unclear_at_once(town: Town) -> None:
    await wait_for_sending(town, 30)
    centre = Moody(remembers=timedelta(), at_once=10, does="silent")
    assert await send(town, centre) == 0
    assert await states(town) == {"waiting": 30}
    centre.does = "all"
    assert await send(town, centre) == 20
    await later(town, 5)
    assert await send(town, centre) == 0
    assert await states(town) == {"sent": 20, "unclear": 10}
    assert set(centre.handed.values()) == {1}


async def test_without_the_note_it_would_arrive_twice(town: Town) -> None:
    await wait_for_sending(town, 10)
    centre = Moody(remembers=timedelta(), at_once=10, does="silent")
    await send(town, centre)
    await town.rows("UPDATE outbox SET provider = NULL, handed_at = NULL RETURNING 1")
    centre.does = "all"
    await later(town, 5)
    assert await send(town, centre) == 10
    assert set(centre.handed.values()) == {2}


async def test_a_provider_that_is_gone_leaves_its_own_unclear(town: Town) -> None:
    await wait_for_sending(town, 2)
    await send(town, Moody(name="a", does="silent"))
    await later(town, 5)
    assert await send(town, Moody(name="b")) == 0
    assert await by_provider(town) == {("unclear", "a"): 2}


async def test_what_is_refused_for_good_has_failed_with_the_code(town: Town) -> None:
    await wait_for_sending(town, 2)
    assert await send(town, Moody(does="refuse"), Moody(name="b")) == 0
    told = await town.rows("SELECT DISTINCT state, provider, delivery, provider_id FROM outbox")
    assert told == [("failed", "p", "v", None)]


async def test_one_provider_that_rests_is_tried_with_one_notice(town: Town) -> None:
    await wait_for_sending(town, 20)
    seconds = [0.0]
    first, second = Moody(name="a", at_once=5, does="none"), Moody(name="b", at_once=5)
    sender = FailoverSender(
        [first, second], limits=Limits(least=2, per_second=1e9), seconds=lambda: seconds[0]
    )
    assert await drain(town.db, town.clock, town.vault, sender) == 20
    assert await by_provider(town) == {("sent", "b"): 20}
    await wait_for_sending(town, 7)
    seconds[0], first.does = 60.0, "silent"
    assert await drain(town.db, town.clock, town.vault, sender) == 0
    assert await drain(town.db, town.clock, town.vault, sender) == 6
    assert len(first.handed) == 1


class Meanwhile(Provider):
    """While it sends, the notice becomes true once more."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town = town

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        now = await self._town.clock.now() + timedelta(minutes=1)
        await self._town.rows(
            "UPDATE outbox SET created_at = %s, next_at = %s, provider = NULL, handed_at = NULL"
            " RETURNING 1",
            *(now, now),
        )
        return await super().send(messages)


async def test_what_was_queued_anew_meanwhile_is_not_taken_for_sent(town: Town) -> None:
    await wait_for_sending(town, 1)
    provider = Meanwhile(town)
    assert await drain(town.db, town.clock, town.vault, provider) == 0
    assert await states(town) == {"waiting": 1}
    await later(town, 1)
    plain = Provider()
    assert await drain(town.db, town.clock, town.vault, plain) == 1
    assert not provider.handed.keys() & plain.handed.keys()


async def test_an_operator_may_send_again_what_is_unclear_or_failed(town: Town) -> None:
    await wait_for_sending(town, 3)
    centre = Moody(remembers=timedelta(), does="silent")
    await send(town, centre)
    await later(town, 5)
    await wait_for_sending(town, 2, kind="lapsed")
    centre.does = "refuse"
    await send(town, centre)
    async with town.db.transaction() as tx:
        unclear, refused = await stranded(tx)
    assert (unclear.kind, unclear.state, unclear.provider) == ("forfeited", "unclear", "p")
    assert (refused.kind, refused.state, refused.delivery) == ("lapsed", "failed", "v")
    assert (unclear.number, refused.number) == (3, 2)
    assert await send_again(town.db, town.clock, which=unclear, operator="duty") == 3
    assert await send_again(town.db, town.clock, which=unclear, operator="duty") == 0
    centre.does = "all"
    assert await send(town, centre) == 3
    assert len(centre.handed) == 6, "a provider must not take them for the first ones"
    noted = await town.rows("SELECT actor, act, subject, detail ->> 'count' FROM audit_log")
    assert noted == [("duty", "send_again", "2020-1", "3")]


class Begun(Provider):
    """Tells when it has been handed something, and answers a while later."""

    def __init__(self) -> None:
        super().__init__(remembers=timedelta(), at_once=10, delay=0.3)
        self.begun = asyncio.Event()

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        self.begun.set()
        return await super().send(messages)


async def test_who_is_told_to_stop_waits_for_the_answer(town: Town) -> None:
    await wait_for_sending(town, 20)
    centre = Begun()
    sending = asyncio.create_task(send(town, centre))
    await centre.begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert await by_provider(town) == {("sent", "p"): 10, ("waiting", None): 10}


async def test_the_rest_may_be_left_for_the_next_time(town: Town) -> None:
    await wait_for_sending(town, 25)
    provider = Provider(at_once=10)
    assert await drain(town.db, town.clock, town.vault, provider, most=15) == 20
    assert await drain(town.db, town.clock, town.vault, provider, most=15) == 5


async def test_one_sends_at_a_time(town: Town) -> None:
    async with alone(town.db) as mine, alone(town.db) as other:
        assert mine
        assert not other
    async with alone(town.db) as mine:
        assert mine


async def test_another_one_is_waited_for_briefly(town: Town) -> None:
    sending = asyncio.Event()

    async def send_a_little() -> None:
        async with alone(town.db) as mine:
            assert mine
            sending.set()
            await asyncio.sleep(0.2)

    first = asyncio.create_task(send_a_little())
    await sending.wait()
    async with alone(town.db) as mine:
        assert mine
    await first
