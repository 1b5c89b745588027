"""Who is told what, once, in the language of the pre-order."""

from collections import Counter
from uuid import UUID

from draw.town import MOBILE, Town, crowd, somebody
from emask.delivery import packing
from emask.delivery.forfeits import forfeit_uncollected
from emask.entitlement.service import claim_paid_preorder
from emask.notices import service
from emask.notices.service import drain
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain
from emask.rounds.service import save_round
from emask.rules.calendar import at as taipei
from emask.sandbox.sms import SandboxSms


async def kinds(town: Town) -> Counter[str]:
    return Counter(str(row[0]) for row in await town.rows("SELECT kind FROM outbox"))


async def drawn(town: Town, number: int = 50) -> None:
    await town.enter(crowd(number))
    await town.draw()
    await town.publish()


async def notify(town: Town) -> int:
    async with town.db.transaction() as tx:
        return await service.notify_draw(tx, round=town.round, at=town.round.pay_from)


async def test_everybody_on_the_list_is_told_the_result_once(town: Town) -> None:
    await drawn(town)
    assert await notify(town) == 50
    assert await notify(town) == 0
    assert await kinds(town) == {"selected": 20, "not_selected": 30}
    told = await town.rows(
        "SELECT selected, kind FROM outbox JOIN draw_result USING (person_id)"
        " WHERE selected <> (kind = 'selected')"
    )
    assert told == []


async def test_the_texts_reach_the_phones_in_the_language_of_the_preorder(
    town: Town, sms: SandboxSms
) -> None:
    await town.enter([somebody(language="en"), somebody(language="zh")])
    await town.draw()
    await town.publish()
    await notify(town)
    assert await drain(town.db, town.clock, town.vault, sms) == 2
    chinese, english = sorted(
        [each.text for each in await sms.messages_for(MOBILE)], key=lambda text: text.isascii()
    )
    assert chinese.startswith("【口罩預購】中籤。3/21 20:00前")
    assert english.startswith("[Mask pre-order] You are selected. Pay NT$22 by 20:00 on 21 Mar")


async def test_the_not_selected_are_told_when_the_next_round_opens(
    town: Town, sms: SandboxSms
) -> None:
    following = built_in_round("2020-2")
    async with town.db.transaction() as tx:
        await save_round(tx, following)
    await drawn(town, 21)
    await notify(town)
    await drain(town.db, town.clock, town.vault, sms)
    (text,) = [each.text for each in await sms.messages_for(MOBILE) if "未中籤" in each.text]
    assert f"下一輪{following.opens_at.month}/{following.opens_at.day}" in text


async def test_only_the_unpaid_are_reminded(town: Town) -> None:
    await drawn(town, 10)
    await town.rows(
        "UPDATE orders SET state = 'paid', paid_at = changed_at"
        " WHERE person_id IN (SELECT person_id FROM orders LIMIT 4)"
    )
    async with town.db.transaction() as tx:
        reminded = await service.notify_unpaid(tx, round=town.round, at=town.round.pay_until)
    assert reminded == 6
    paid = await town.rows(
        "SELECT person_id FROM outbox n JOIN orders o USING (person_id)"
        " WHERE n.kind = 'pay_reminder' AND o.state = 'paid'"
    )
    assert paid == []


async def paid_orders(town: Town, number: int) -> list[UUID]:
    await drawn(town, number)
    people = [row[0] for row in await town.rows("SELECT person_id FROM orders")]
    await town.rows("UPDATE orders SET state = 'paid', paid_at = changed_at")
    for person_id in people:
        async with town.db.transaction() as tx:
            await claim_paid_preorder(
                tx, person_id=person_id, round=town.round, today=town.round.pay_from.date()
            )
    return people


async def arrive(town: Town) -> None:
    async with town.db.transaction() as tx:
        await packing.pack(tx, round=town.round, at=town.round.release_at)
        await packing.ship(tx, round=town.round, at=town.round.release_at)
        await packing.arrive(tx, round=town.round, at=town.round.pickup_opens_at)


async def test_arrival_sends_the_pick_up_number_and_the_own_first_day(
    town: Town, sms: SandboxSms
) -> None:
    people = await paid_orders(town, 3)
    await town.rows(
        "UPDATE claim SET during = daterange('2020-03-29', '2020-04-05') WHERE person_id = %s",
        people[0],
    )
    await arrive(town)
    await town.clock.set(town.round.pickup_opens_at)
    async with town.db.transaction() as tx:
        assert (
            await service.notify_arrival(tx, round=town.round, at=town.round.pickup_opens_at) == 3
        )
        assert (
            await service.notify_arrival(tx, round=town.round, at=town.round.pickup_opens_at) == 0
        )
    await drain(town.db, town.clock, town.vault, sms)

    texts = [each.text for each in await sms.messages_for(MOBILE)]
    numbers = [str(row[0]) for row in await town.rows("SELECT pickup_number FROM parcel")]
    assert all(any(number in text for text in texts) for number in numbers)
    deferred = await town.value("SELECT pickup_number FROM parcel WHERE person_id = %s", people[0])
    (text,) = [text for text in texts if str(deferred) in text]
    assert "3/29至4/1" in text


async def test_who_waits_for_a_missing_pack_is_told_so_once_and_of_no_arrival(
    town: Town, sms: SandboxSms
) -> None:
    people = await paid_orders(town, 3)
    async with town.db.transaction() as tx:
        await packing.pack(tx, round=town.round, at=town.round.release_at)
        await packing.ship(tx, round=town.round, at=town.round.release_at)
    shortage = await town.value(
        "INSERT INTO shortage (round_id, chain, packs, reported_at, reported_by)"
        " SELECT %s, chain, 1, now(), 'centre' FROM parcel LIMIT 1 RETURNING shortage_id",
        town.round.id,
    )
    await town.rows(
        "UPDATE parcel SET hold = 'short', shortage_id = %s WHERE person_id = %s",
        *(shortage, people[0]),
    )
    at = town.round.pickup_opens_at
    await town.clock.set(at)
    async with town.db.transaction() as tx:
        await packing.arrive(tx, round=town.round, at=at)
        assert await service.notify_arrival(tx, round=town.round, at=at) == 2
        assert await service.notify_delays(tx, round=town.round, at=at) == 1
        assert await service.notify_delays(tx, round=town.round, at=at) == 0
    await drain(town.db, town.clock, town.vault, sms)
    texts = [each.text for each in await sms.messages_for(MOBILE)]
    assert len([text for text in texts if "晚幾天到店" in text]) == 1


async def test_the_word_of_one_store_is_told_to_its_own_people(town: Town) -> None:
    await paid_orders(town, 6)
    await arrive(town)
    at, told = town.round.pickup_opens_at, 0
    stores = await town.rows("SELECT chain, store_code, packs FROM shipment")
    for chain, code, packs in stores:
        async with town.db.transaction() as tx:
            told += await service.notify_arrival_at(
                tx, round=town.round, chain=Chain(str(chain)), store_code=str(code), at=at
            )
        assert told == (await kinds(town))["arrived"]
        assert isinstance(packs, int)
        told -= packs
        assert told == 0
        await town.rows("DELETE FROM outbox")
    assert await told_of_arrival(town) == 6


async def test_who_changed_the_store_is_told_of_the_second_arrival_too(town: Town) -> None:
    person_id, other = await paid_orders(town, 2)
    await arrive(town)
    assert await told_of_arrival(town) == 2
    chain, code = (await town.rows("SELECT chain, store_code FROM store WHERE open LIMIT 1"))[0]
    await town.rows(
        "UPDATE parcel SET chain = %s, store_code = %s WHERE person_id = %s",
        *("FM" if chain != "FM" else "SE", code, person_id),
    )
    assert await told_of_arrival(town) == 1
    assert await told_of_arrival(town) == 0
    reopened = "UPDATE parcel SET reopened_until = '2020-04-20' WHERE person_id = %s"
    await town.rows(reopened, other)
    assert await told_of_arrival(town) == 1
    last = await town.rows(
        "SELECT payload ->> 'collect_until' FROM outbox WHERE person_id = %s"
        " ORDER BY reference DESC LIMIT 1",
        other,
    )
    assert last == [("2020-04-20",)]


async def told_of_arrival(town: Town) -> int:
    async with town.db.transaction() as tx:
        return await service.notify_arrival(tx, round=town.round, at=town.round.pickup_opens_at)


async def test_the_last_day_and_the_forfeit_are_told_to_whom_they_concern(town: Town) -> None:
    people = await paid_orders(town, 5)
    await arrive(town)
    await town.rows("UPDATE orders SET state = 'collected' WHERE person_id = %s", people[0])
    last_day = taipei(town.round.pickup_until, 8)
    async with town.db.transaction() as tx:
        assert await service.notify_last_day(tx, round=town.round, at=last_day) == 4
        ended = town.round.pickup_ends_at
        await forfeit_uncollected(tx, round=town.round, at=ended)
        assert await service.notify_forfeits(tx, round=town.round, at=ended) == 4
    told = await town.rows("SELECT kind FROM outbox WHERE person_id = %s", people[0])
    assert told == []
