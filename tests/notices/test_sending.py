"""Sending: everything once, whoever dies or stumbles on the way."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from draw.town import Town, somebody
from emask.notices import sending_queries as queries
from emask.notices.ports import Handed, Sms, SmsNotTaken
from emask.notices.service import drain
from emask.sandbox.sms import SandboxSms
from notices.provider import Provider
from notices.waiting import later, queue, states, wait_for_sending


async def test_everything_due_is_sent_in_batches_and_marked(town: Town) -> None:
    await wait_for_sending(town, 25)
    provider = Provider()
    assert await drain(town.db, town.clock, town.vault, provider, batch=10) == 25
    assert await drain(town.db, town.clock, town.vault, provider, batch=10) == 0
    assert len(provider.handed) == 25
    sent = await town.rows("SELECT DISTINCT state, sent_at FROM outbox")
    assert sent == [("sent", await town.clock.now())]
    ids = {str(row[0]) for row in await town.rows("SELECT provider_id FROM outbox")}
    assert ids == {f"p:{each}" for each in provider.handed}


async def test_what_is_not_due_waits(town: Town) -> None:
    (entry,) = await wait_for_sending(town, 1)
    at = await town.clock.now() + timedelta(hours=1)
    await queue(town, entry, kind="lapsed", payload={}, at=at)
    provider = Provider()
    assert await drain(town.db, town.clock, town.vault, provider) == 1
    await later(town, 60)
    assert await drain(town.db, town.clock, town.vault, provider) == 1


class DyingAfter(SandboxSms):
    """Hands over, and the process dies before it hears the answer."""

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        await super().send(messages)
        raise ConnectionResetError


async def test_who_died_between_sending_and_marking_sends_nothing_twice(
    town: Town, sms: SandboxSms
) -> None:
    await wait_for_sending(town, 3)
    with pytest.raises(ConnectionResetError):
        await drain(town.db, town.clock, town.vault, DyingAfter(town.db))
    assert await states(town) == {"waiting": 3}
    assert await drain(town.db, town.clock, town.vault, sms) == 0  # still taken by the dead one
    await later(town, 5)
    assert await drain(town.db, town.clock, town.vault, sms) == 3
    assert await sms.count() == 3


class Refusing(Provider):
    """A provider that is out of order."""

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        raise SmsNotTaken


async def test_a_provider_out_of_order_is_tried_again_ever_later_and_in_the_end_given_up(
    town: Town,
) -> None:
    await wait_for_sending(town, 1)
    assert await drain(town.db, town.clock, town.vault, Refusing()) == 0
    gaps = []
    for _ in range(23):
        due = await town.value("SELECT next_at FROM outbox")
        assert isinstance(due, datetime)
        gaps.append((due - await town.clock.now()) // timedelta(minutes=1))
        await town.clock.set(due)
        assert await drain(town.db, town.clock, town.vault, Refusing()) == 0
    assert gaps[:6] == [5, 10, 20, 40, 60, 60]
    await later(town, 60)
    provider = Provider()
    assert await drain(town.db, town.clock, town.vault, provider) == 0
    assert await states(town) == {"failed": 1}
    assert await town.value("SELECT delivery FROM outbox") == "given_up"


async def test_what_can_never_be_sent_does_not_hold_up_the_rest(town: Town) -> None:
    await wait_for_sending(town, 2)
    await wait_for_sending(town, 1, kind="selected", payload={"total": 22})
    await wait_for_sending(town, 1, kind="no such kind")
    now = await town.clock.now()
    await queue(town, somebody(), kind="forfeited", payload={}, at=now)  # without a pre-order
    (broken,) = await wait_for_sending(town, 1)
    await town.rows(
        "UPDATE preorder SET mobile = overlay(mobile placing '\\x00' from 13 for 1)"
        " WHERE person_id = %s",
        broken.person_id,
    )
    provider = Provider()
    assert await drain(town.db, town.clock, town.vault, provider, batch=2) == 2
    assert await states(town) == {"sent": 2, "failed": 4}
    why = await town.rows("SELECT DISTINCT delivery, provider FROM outbox WHERE state = 'failed'")
    assert why == [("no_text", None)]


async def test_a_notice_that_became_true_once_more_is_sent_once_more(
    town: Town, sms: SandboxSms
) -> None:
    await wait_for_sending(town, 1)
    await drain(town.db, town.clock, town.vault, sms)
    await later(town, 10)
    now = await town.clock.now()
    await town.rows(
        "UPDATE outbox SET state = 'waiting', sent_at = NULL, provider_id = NULL,"
        " created_at = %s, next_at = %s",
        *(now, now),
    )
    assert await drain(town.db, town.clock, town.vault, sms) == 1
    assert await sms.count() == 2


async def test_a_name_of_a_message_tells_nothing(town: Town) -> None:
    (entry,) = await wait_for_sending(town, 1)
    provider = Provider()
    await drain(town.db, town.clock, town.vault, provider)
    (name,) = provider.handed
    assert len(name) == 32
    assert entry.person_id.hex not in name


async def test_several_may_drain_at_once(town: Town) -> None:
    await wait_for_sending(town, 60)
    provider = Provider(delay=0.01)
    sent = await asyncio.gather(
        *(drain(town.db, town.clock, town.vault, provider, batch=7) for _ in range(4))
    )
    assert sum(sent) == 60
    assert set(provider.handed.values()) == {1}
    assert sum(each > 0 for each in sent) > 1  # else it was no race


async def test_without_the_lock_two_would_take_the_same(town: Town) -> None:
    """The negative control: the same statement without FOR UPDATE SKIP LOCKED."""
    await wait_for_sending(town, 10)
    unguarded = queries.TAKE.replace(" FOR UPDATE SKIP LOCKED", "")
    assert unguarded != queries.TAKE
    guarded = await taken_by_two(town, queries.TAKE)
    await town.rows("UPDATE outbox SET attempts = 0, next_at = created_at, handed_at = NULL")
    twice = await taken_by_two(town, unguarded)
    assert set(guarded.values()) == {1}
    assert set(twice.values()) == {2}


async def taken_by_two(town: Town, statement: str) -> Counter[object]:
    """What two takers get of which the second begins before the first commits."""
    taken: Counter[object] = Counter()
    now = await town.clock.now()
    values = {"at": now, "most": 100, "provider": "p", "known_since": now}
    async with town.db.transaction() as first, town.db.transaction() as second:
        for row in await (await first.execute(statement.encode(), values)).fetchall():
            taken[row[0]] += 1
        other = asyncio.create_task(second.execute(statement.encode(), values))
        await asyncio.wait([other], timeout=0.3)
        await first.execute("COMMIT")
        for row in await (await other).fetchall():
            taken[row[0]] += 1
    return taken
