"""Receipts move a notice forward only, and none is lost for coming early."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from draw.town import Town
from emask.notices import receipt_queries
from emask.notices.ports import Delivery, Handed, Receipt, Sms, SmsNotTaken
from emask.notices.service import ask_for_receipts, drain, record_receipt
from notices.provider import Provider
from notices.waiting import later, wait_for_sending

FINAL = [Delivery.DELIVERED, Delivery.EXPIRED, Delivery.CANCELLED, Delivery.FAILED]


async def hear(
    town: Town, provider_id: str, delivery: Delivery, at: datetime | None = None
) -> None:
    receipt = Receipt(provider_id=provider_id, delivery=delivery, at=at)
    await record_receipt(town.db, town.clock, receipt.of("p"))


async def standing(town: Town) -> tuple[object, ...]:
    ((state, delivery),) = await town.rows("SELECT state, delivery FROM outbox")
    return state, delivery


async def sent(town: Town) -> str:
    """One notice that was sent; the provider's own id of it."""
    await wait_for_sending(town, 1)
    provider = Provider()
    await drain(town.db, town.clock, town.vault, provider)
    (own_id,) = provider.handed
    return own_id


@pytest.mark.parametrize("delivery", Delivery)
async def test_a_receipt_is_noted_with_its_time(town: Town, delivery: Delivery) -> None:
    own_id = await sent(town)
    done = await town.clock.now() - timedelta(minutes=3)
    await hear(town, own_id, delivery, done)
    state = {"waiting": "sent", "delivered": "delivered"}.get(delivery, "undelivered")
    assert await standing(town) == (state, delivery)
    assert await town.value("SELECT told_at FROM outbox") == done


@pytest.mark.parametrize("later_word", Delivery)
@pytest.mark.parametrize("first", FINAL)
async def test_what_has_ended_stays_so(town: Town, first: Delivery, later_word: Delivery) -> None:
    own_id = await sent(town)
    await hear(town, own_id, first)
    ended = await standing(town)
    await hear(town, own_id, later_word)
    assert await standing(town) == ended


async def test_without_the_guard_it_would_be_told_anew(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = receipt_queries.FORWARD.replace("{new}", "%(delivery)s::text")
    unguarded = receipt_queries.APPLY.replace(guard, "true")
    assert unguarded != receipt_queries.APPLY
    monkeypatch.setattr(receipt_queries, "APPLY", unguarded)
    own_id = await sent(town)
    await hear(town, own_id, Delivery.DELIVERED)
    await hear(town, own_id, Delivery.WAITING)
    assert await standing(town) == ("sent", "waiting")


@pytest.mark.parametrize("word", FINAL)
async def test_of_the_unknown_more_may_become_known(town: Town, word: Delivery) -> None:
    own_id = await sent(town)
    await hear(town, own_id, Delivery.UNKNOWN)
    await hear(town, own_id, Delivery.WAITING)
    assert await standing(town) == ("undelivered", "unknown")
    await hear(town, own_id, word)
    assert (await standing(town))[1] == word


class Hasty(Provider):
    """Its receipt comes before its answer."""

    def __init__(self, town: Town, *words: Delivery) -> None:
        super().__init__()
        self._town = town
        self._words = words

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        for message in messages:
            for word in self._words:
                await hear(self._town, message.message_id, word)
        return await super().send(messages)


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ([Delivery.DELIVERED], ("delivered", "delivered")),
        ([Delivery.WAITING, Delivery.FAILED], ("undelivered", "failed")),
        ([Delivery.DELIVERED, Delivery.WAITING], ("delivered", "delivered")),
        ([Delivery.WAITING], ("sent", "waiting")),
    ],
)
async def test_a_receipt_before_the_response_is_kept(
    town: Town, words: list[Delivery], end: tuple[str, str]
) -> None:
    await wait_for_sending(town, 1)
    assert await drain(town.db, town.clock, town.vault, Hasty(town, *words)) == 1
    assert await standing(town) == end
    assert await town.value("SELECT count(*) FROM early_receipt") == 0


async def test_a_receipt_of_nobodys_message_is_forgotten_in_the_end(town: Town) -> None:
    own_id = await sent(town)
    await hear(town, "stranger", Delivery.DELIVERED)
    assert await standing(town) == ("sent", None)
    assert await town.value("SELECT count(*) FROM early_receipt") == 1
    await later(town, 8 * 24 * 60)
    await drain(town.db, town.clock, town.vault, Provider())
    assert await town.value("SELECT count(*) FROM early_receipt") == 0
    await hear(town, own_id, Delivery.DELIVERED)
    assert await standing(town) == ("delivered", "delivered")


async def test_an_id_that_is_used_again_is_the_latest_message(town: Town) -> None:
    await wait_for_sending(town, 2)
    await town.rows(
        "UPDATE outbox o SET state = 'sent', provider = 'p', provider_id = 'p:1',"
        " sent_at = created_at - n * interval '1 day' FROM (SELECT person_id,"
        " row_number() OVER () AS n FROM outbox) AS s WHERE s.person_id = o.person_id RETURNING 1"
    )
    await hear(town, "1", Delivery.DELIVERED)
    states = await town.rows("SELECT state FROM outbox ORDER BY sent_at DESC")
    assert states == [("delivered",), ("sent",)]


async def test_two_receipts_at_once_leave_the_first_end(town: Town) -> None:
    own_id = await sent(town)
    await asyncio.gather(*(hear(town, own_id, word) for word in [*FINAL, Delivery.WAITING]))
    state, word = await standing(town)
    assert (state == "delivered") == (word == "delivered")
    assert word in set(FINAL)


class Knowing(Provider):
    """Can be asked about its messages."""

    def __init__(self, *words: Delivery) -> None:
        super().__init__()
        self.words = words
        self.asked: list[int] = []
        self.away = False

    async def query(self, provider_ids: Sequence[str]) -> list[Receipt]:
        self.asked.append(len(provider_ids))
        if self.away:
            raise SmsNotTaken
        return [
            Receipt(provider_id=each, delivery=word, at=None)
            for each in provider_ids
            for word in self.words
        ]


async def test_a_receipt_that_never_came_is_asked_for_hours_later(town: Town) -> None:
    await wait_for_sending(town, 150)
    provider = Knowing(Delivery.DELIVERED)
    await drain(town.db, town.clock, town.vault, provider)
    assert await ask_for_receipts(town.db, town.clock, provider) == 0
    await later(town, 6 * 60)
    assert await ask_for_receipts(town.db, town.clock, provider) == 100
    assert await ask_for_receipts(town.db, town.clock, provider) == 50
    assert await ask_for_receipts(town.db, town.clock, provider) == 0
    assert provider.asked == [100, 50]


async def test_a_provider_that_does_not_answer_is_asked_again_hours_later(town: Town) -> None:
    await wait_for_sending(town, 1)
    provider = Knowing(Delivery.DELIVERED)
    await drain(town.db, town.clock, town.vault, provider)
    provider.away = True
    await later(town, 6 * 60)
    for _ in range(3):
        assert await ask_for_receipts(town.db, town.clock, provider) == 0
    assert provider.asked == [1]
    provider.away = False
    await later(town, 6 * 60)
    assert await ask_for_receipts(town.db, town.clock, provider) == 1


@pytest.mark.parametrize("words", [[], [Delivery.WAITING]])
async def test_after_two_days_without_a_word_it_is_unknown(
    town: Town, words: list[Delivery]
) -> None:
    await wait_for_sending(town, 1)
    provider = Knowing(*words)
    await drain(town.db, town.clock, town.vault, provider)
    for _ in range(7):
        await later(town, 6 * 60)
        assert await ask_for_receipts(town.db, town.clock, provider) == 0
    assert (await standing(town))[0] == "sent"
    await later(town, 6 * 60)
    assert await ask_for_receipts(town.db, town.clock, provider) == 1
    assert await standing(town) == ("undelivered", "unknown")
