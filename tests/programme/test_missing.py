"""The money of packs that never come goes back, and everything else follows from that."""

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from emask.counter.service import undo_sale
from emask.delivery import missing_queries
from emask.delivery.collection import standing_of
from emask.delivery.confirmation import Outcome, confirm_file
from emask.delivery.consignment_figures import (
    NothingToDecide,
    Trouble,
    send_again,
    troubled,
)
from emask.delivery.consignments import settle
from emask.delivery.missing import lost_parcels, shortages_waiting
from emask.delivery.model import NotSoMany
from emask.delivery.packing import packing_list
from emask.delivery.returns import scan_back
from emask.delivery.standing import check_order_stands
from emask.payment.service import money_of, order_of
from emask.rules.calendar import at
from emask.rules.labels import Label, label_number
from emask.rules.refusals import NeverCame
from emask.rules.states import OrderState
from programme.missing import (
    CHAIN,
    back,
    come,
    give_lost,
    give_short,
    paid,
    report,
    rows,
    tell,
    unsound,
)
from programme.play import STORES, Play

DURING = at(date(2020, 3, 27), 10)


async def state(play: Play, number: int = 0) -> OrderState:
    progress = await play.progress(number)
    assert progress is not None
    return progress.state


async def test_a_shortage_that_stays_is_given_back(play: Play) -> None:
    await paid(play, 2)
    await give_short(play, await report(play))
    progress = await play.progress(0)
    assert progress is not None
    assert progress.state is OrderState.CANCELLED
    assert (progress.never_came, progress.delayed) == (True, False)
    assert await rows(play, "SELECT amount, reason, way, state FROM refund") == [
        (22, "never_came", "transfer", "due")
    ]
    told = "SELECT payload->'total' FROM outbox WHERE kind = 'never_came'"
    assert await rows(play, told) == [(22,)]
    async with play.system.db.transaction() as tx:
        money = await money_of(tx, play.round.id)
        assert await shortages_waiting(tx, play.round.id) == []
        bought = [
            await order_of(tx, person_id=play.person_id(n), round_id=play.round.id) for n in (0, 1)
        ]
    assert [order and order.bought for order in bought] == [False, True]
    assert (money.received, money.orders_paid, money.refunds_due) == (44, 22, 22)
    assert money.balanced
    assert await rows(play, "SELECT ended_by FROM shortage") == [("operator",)]
    log = await rows(play, "SELECT actor, act, detail->>'reason' FROM audit_log ORDER BY seq")
    assert log[-1] == ("operator", "give_back_short", "pallet burnt")
    assert await unsound(play) == []


async def test_who_got_no_masks_may_buy_some(play: Play) -> None:
    await paid(play)
    shortage_id = await report(play)
    await play.until(at(date(2020, 3, 29), 10))  # a Sunday: everybody's day
    await give_short(play, shortage_id)
    await play.buy(0)
    await play.until(play.round.pickup_ends_at + timedelta(hours=1))
    assert await state(play) is OrderState.CANCELLED
    assert await unsound(play) == []


async def test_a_purchase_that_had_deferred_it_can_still_be_undone(play: Play) -> None:
    await paid(play)
    shortage_id = await report(play)
    await play.buy(0)
    await give_short(play, shortage_id)
    ((sale_id,),) = await rows(play, "SELECT sale_id FROM counter_sale")
    assert isinstance(sale_id, UUID)
    await undo_sale(
        *(play.system.db, play.clock),
        person_id=play.person_id(0),
        sale_id=sale_id,
        reason="mistyped",
        by="pharmacist",
    )
    assert await rows(play, "SELECT FROM claim") == []
    assert await unsound(play) == []


async def test_whoever_gives_up_a_pack_that_came_late_is_told_as_everybody_else(
    play: Play,
) -> None:
    await paid(play, 2)
    shortage_id = await report(play)
    await play.until(at(date(2020, 3, 28), 10))
    await come(play, shortage_id)
    told = "SELECT person_id FROM outbox WHERE kind = 'forfeited'"
    await play.until(play.round.pickup_ends_at + timedelta(hours=1))
    assert await rows(play, told) == [(play.person_id(1),)]
    await play.until(at(date(2020, 4, 10), 10))
    assert await state(play) is OrderState.FORFEITED
    assert {person_id for (person_id,) in await rows(play, told)} == {
        *(play.person_id(number) for number in (0, 1))
    }


async def test_who_was_drawn_last_is_given_back_first(play: Play) -> None:
    await paid(play, 8)
    standing = {number: await play.progress(number) for number in range(8)}
    ranks = {n: each.rank for n, each in standing.items() if each and each.store}
    first, last = sorted((n for n in (0, 4)), key=lambda n: ranks[n] or 0)
    shortage_id = await report(play, packs=2)
    await give_short(play, shortage_id)
    assert await state(play, last) is OrderState.CANCELLED
    assert await state(play, first) is OrderState.PAID
    with pytest.raises(NotSoMany) as refused:
        await give_short(play, shortage_id, packs=2)
    assert refused.value.there == 1
    await come(play, shortage_id)
    with pytest.raises(NotSoMany):
        await give_short(play, shortage_id)
    assert await unsound(play) == []


async def _listed(play: Play) -> list[tuple[int, int]]:
    async with play.system.db.transaction() as tx:
        lines = await packing_list(tx, round_id=play.round.id, chain=CHAIN)
    return [(line.packs, line.short) for line in lines]


async def test_what_was_given_back_is_on_no_list_of_its_centre(play: Play, tmp_path: Path) -> None:
    await paid(play, 8)
    shortage_id = await report(play)
    assert await _listed(play) == [(2, 1)]
    await give_short(play, shortage_id)
    assert await _listed(play) == [(1, 0)]
    said = tmp_path / "packed.csv"
    said.write_text(f"store_code,step,packs\r\n{STORES[0].code},packed,1\r\n", encoding="utf-8")
    async with play.system.db.transaction() as tx:
        assert await confirm_file(
            tx,
            path=said,
            round_id=play.round.id,
            chain=CHAIN,
            at=await play.clock.now(),
            by="centre",
        ) == (1, [])
    await give_short(play, await report(play))
    assert await _listed(play) == []


async def test_a_lost_parcel_is_given_back_once(play: Play) -> None:
    await paid(play)
    await play.until(DURING)
    lost = await tell(play, 0, "lost")
    async with play.system.db.transaction() as tx:
        assert [each.trade_no for each in await lost_parcels(tx, play.round.id)] == [lost]
    await give_lost(play, lost)
    for again in (give_lost(play, lost), _send_again(play, lost)):
        with pytest.raises(NothingToDecide):
            await again
    async with play.system.db.transaction() as tx:
        assert await lost_parcels(tx, play.round.id) == []
        standing = await standing_of(tx, play.person_id(0), play.round.id)
    with pytest.raises(NeverCame):
        check_order_stands(standing, DURING.date())
    assert await rows(play, "SELECT decision, decided_by FROM consignment") == [
        ("refund", "operator")
    ]
    assert await unsound(play) == []


async def test_what_is_lost_is_found_without_a_look_at_every_parcel(play: Play) -> None:
    await paid(play, 8)
    await play.until(DURING)
    for number in (4, 0):
        await tell(play, number, "lost", trade_no=f"LOST{number}")
        await play.clock.set(await play.clock.now() + timedelta(hours=1))
    async with play.system.db.transaction() as tx:
        first = await missing_queries.lost_parcels(tx, play.round.id, most=1)
        assert [each.trade_no for each in first] == ["LOST4"]
        await tx.execute("SET LOCAL enable_seqscan = off")
        cursor = await tx.execute(
            "EXPLAIN " + missing_queries.LOST, {"round": play.round.id, "most": 9}
        )
        plan = "".join(line for (line,) in await cursor.fetchall())
    assert "using consignment_lost" in plan


async def _send_again(play: Play, trade_no: str) -> None:
    await send_again(
        play.system.db, play.clock, trade_no=trade_no, reason="found none", operator="operator"
    )


async def test_a_pack_that_turns_up_later_is_looked_at_and_goes_back(play: Play) -> None:
    await paid(play)
    lost = await tell(play, 0, "lost")
    await give_lost(play, lost)
    await play.until(DURING)
    await tell(play, 0, "arrived", trade_no=lost)
    async with play.system.db.transaction() as tx:
        assert (await settle(tx, most=9, at=DURING)).arrived == {}
        (trouble,) = await troubled(tx, play.system.vault, play.round.id)
    assert trouble.trouble is Trouble.CAME_AFTER_ALL
    assert await state(play) is OrderState.CANCELLED
    ((number, bag),) = await rows(
        play,
        "SELECT number, bag_number FROM shipment JOIN parcel USING (round_id, chain, store_code)",
    )
    label = label_number(Label(shipment=str(number), bag=int(str(bag))))
    async with play.system.db.transaction() as tx:
        assert (await scan_back(tx, text=label, chain=CHAIN, at=DURING)).outcome is Outcome.NOTED
    assert await unsound(play) == []


async def test_what_is_not_lost_any_more_is_not_given_back(play: Play) -> None:
    await paid(play)
    lost = await tell(play, 0, "lost")
    await play.until(DURING)
    await tell(play, 0, "arrived", trade_no=lost)
    with pytest.raises(NothingToDecide):
        await give_lost(play, lost)


async def test_what_was_lost_in_time_is_not_given_up(play: Play) -> None:
    await paid(play)
    await play.until(DURING)
    lost = await tell(play, 0, "lost")
    await play.until(play.round.pickup_ends_at + timedelta(hours=1))
    assert await state(play) is OrderState.FORFEITED
    await give_lost(play, lost)
    assert await state(play) is OrderState.CANCELLED
    assert await unsound(play) == []


async def test_a_number_of_bags_that_came_back_is_not_of_one_that_was_lost(play: Play) -> None:
    await paid(play, 8)
    await play.until(DURING)
    ((bag,),) = await rows(
        *(play, "SELECT bag_number FROM parcel WHERE person_id = %s"), play.person_id(0)
    )
    number = 0 if bag == 1 else 4  # the lower bag of the store
    lost = await tell(play, number, "lost")
    await play.until(play.round.pickup_ends_at + timedelta(hours=1))
    await back(play, 1)
    await give_lost(play, lost)
    assert await state(play, number) is OrderState.CANCELLED
    assert await unsound(play) == []


async def test_what_was_given_up_and_lost_on_its_way_back_is(play: Play) -> None:
    await paid(play)
    await play.until(play.round.pickup_ends_at + timedelta(hours=1))
    lost = await tell(play, 0, "lost")
    with pytest.raises(NothingToDecide):
        await give_lost(play, lost)
    assert await state(play) is OrderState.FORFEITED
