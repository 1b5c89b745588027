"""Whichever is first has it: the hand-over, the pack that comes after all, or the money back."""

import asyncio
from datetime import timedelta

import pytest

from delivery.world import until_waiting
from emask.database.pool import Transaction
from emask.delivery import forfeits_queries, missing_queries, packing_queries
from emask.delivery.consignment_figures import NothingToDecide
from emask.delivery.model import NotSoMany
from emask.entitlement import queries as entitlement_queries
from emask.rules.refusals import NeverCame
from emask.rules.states import OrderState
from programme.missing import back, come, give_lost, give_short, paid, report, rows, tell, unsound
from programme.play import Play
from programme.test_missing import DURING, state

Outcomes = list[BaseException | None]


async def till_and_operator(play: Play, *, till_first: bool) -> Outcomes:
    """Both have read that the pack is at its store, and lost, before either goes on."""
    await paid(play)
    await play.until(DURING)
    lost = await tell(play, 0, "lost")
    acts = [play.collect(0), give_lost(play, lost)]
    async with play.system.db.transaction() as holder:
        await holder.execute("SELECT FROM orders FOR UPDATE")
        tasks = []
        for waiting, act in enumerate(acts if till_first else reversed(acts), start=1):
            tasks.append(asyncio.create_task(act))
            await until_waiting(play.system.db, waiting)
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_what_is_handed_over_is_not_given_back(play: Play) -> None:
    handed, refused = await till_and_operator(play, till_first=True)
    assert handed is None
    assert isinstance(refused, NothingToDecide)
    assert await state(play) is OrderState.COLLECTED
    assert await rows(play, "SELECT FROM refund") == []
    assert await rows(play, "SELECT decision FROM consignment") == [(None,)]
    assert await unsound(play) == []


async def test_what_is_given_back_is_not_handed_over(play: Play) -> None:
    given, refused = await till_and_operator(play, till_first=False)
    assert given is None
    assert isinstance(refused, NeverCame)
    assert await state(play) is OrderState.CANCELLED
    assert await rows(play, "SELECT FROM collection") == []
    assert await unsound(play) == []


async def test_without_their_guards_somebody_has_pack_and_money(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguarded = missing_queries.END_LOST.replace("o.state IN ('paid', 'arrived')", "true")
    monkeypatch.setattr(missing_queries, "END_LOST", unguarded)
    claims = entitlement_queries.DELETE_PREORDERS.replace(" AND NOT collected", "")
    monkeypatch.setattr(entitlement_queries, "DELETE_PREORDERS", claims)
    assert await till_and_operator(play, till_first=True) == [None, None]
    assert len(await rows(play, "SELECT FROM refund JOIN collection USING (person_id)")) == 1


async def operator_and_centre(play: Play) -> Outcomes:
    """An operator gives up the pack that its centre finds at the same moment."""
    await paid(play)
    shortage_id = await report(play)
    async with play.system.db.transaction() as holder:
        await holder.execute("SELECT FROM parcel FOR UPDATE")
        given = asyncio.create_task(give_short(play, shortage_id))
        await until_waiting(play.system.db, 1)
        found = asyncio.create_task(come(play, shortage_id))
        await until_waiting(play.system.db, 2)
    return list(await asyncio.gather(given, found, return_exceptions=True))


async def _released(play: Play) -> list[tuple[object, ...]]:
    """Packs that are sent for orders that have ended."""
    return await rows(
        play,
        "SELECT FROM parcel JOIN orders USING (person_id, round_id)"
        " WHERE state = 'cancelled' AND hold IS DISTINCT FROM 'short'",
    )


async def test_what_is_given_up_does_not_come(play: Play) -> None:
    given, found = await operator_and_centre(play)
    assert given is None
    assert isinstance(found, NotSoMany)
    assert await _released(play) == []


async def test_unless_both_may_look_at_once(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hold_nothing(_: Transaction) -> None: ...

    # the report comes before it, and needs no guard here
    await_both = operator_and_centre(play)
    monkeypatch.setattr(packing_queries, "hold_parcels", hold_nothing)
    assert await await_both == [None, None]
    assert len(await _released(play)) == 1


async def operator_and_lorry(play: Play) -> Outcomes:
    """A centre counts two bags back, at the moment when one of them is given up as lost."""
    await paid(play, 8)
    await play.until(DURING)
    lost = await tell(play, 0, "lost")
    await play.until(play.round.pickup_ends_at + timedelta(hours=1))
    async with play.system.db.transaction() as holder:
        await holder.execute(
            "SELECT FROM orders WHERE person_id = %s FOR UPDATE", (play.person_id(0),)
        )
        given = asyncio.create_task(give_lost(play, lost))
        await until_waiting(play.system.db, 1)
        counted = asyncio.create_task(back(play, 2))
        await until_waiting(play.system.db, 2)
    return list(await asyncio.gather(given, counted, return_exceptions=True))


async def test_bags_are_counted_of_what_is_not_given_back(play: Play) -> None:
    given, counted = await operator_and_lorry(play)
    assert given is None
    assert isinstance(counted, NotSoMany)
    assert counted.there == 1
    assert await unsound(play) == []


async def test_unless_a_bag_may_be_given_back_while_it_is_counted(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hold_nothing(_: Transaction) -> None: ...

    monkeypatch.setattr(forfeits_queries, "hold_packing", hold_nothing)
    assert await operator_and_lorry(play) == [None, None]
    assert await rows(play, "SELECT packs FROM centre_stock") == [(1,)]  # and two were told
