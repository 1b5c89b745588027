"""A hand-over taken back: within five minutes, by its store, and never another one's."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from delivery.test_collection import collect, ready
from delivery.test_slips import ELSEWHERE, HERE
from delivery.world import FIRST, Someone, World, day, until_waiting
from emask.database.audit_log import first_broken_link
from emask.database.pool import Transaction
from emask.delivery import collection_queries, undoing_queries
from emask.delivery.collection_queries import Handover
from emask.delivery.forfeits import forfeit_uncollected
from emask.delivery.model import Till, UnknownHandOver
from emask.delivery.seal import seal_holds
from emask.delivery.undoing import UNDO_WITHIN, undo_hand_over, undoable_hand_overs
from emask.entitlement.service import claims_of
from emask.rules.people import Document
from emask.rules.refusals import AlreadyCollected, UndoElsewhere, UndoOver

REASON = "拿錯袋"


async def undo(world: World, who: Someone, *, nth: int = 1, till: Till = HERE) -> None:
    await undo_hand_over(
        world.db,
        world.clock,
        person_id=who.person_id,
        round_id=FIRST.id,
        nth=nth,
        till=till,
        reason=REASON,
    )


async def collected(world: World) -> Someone:
    who = await ready(world)
    await collect(world, who)
    return who


async def standing(world: World) -> list[int]:
    """Which of the hand-overs stand."""
    return [int(str(row[0])) for row in await world.rows("SELECT nth FROM handed_over")]


async def test_the_pack_is_at_its_store_again_and_can_be_had_once_more(world: World) -> None:
    who = await collected(world)
    await undo(world, who)
    assert await world.state(who) == "arrived"
    async with world.db.transaction() as tx:
        assert [claim.collected for claim in await claims_of(tx, who.person_id)] == [False]
    await collect(world, who, by_proxy=True)
    assert await world.state(who) == "collected"
    assert await standing(world) == [2]
    with pytest.raises(AlreadyCollected):
        await collect(world, who)


async def test_both_are_kept_and_the_reason_stays_out_of_the_log(world: World) -> None:
    who = await collected(world)
    await world.clock.set(day(3, 26, 10, 2))
    await undo(world, who, till=Till(chain=HERE.chain, store_code=HERE.store_code, clerk="b"))
    rows = await world.rows("SELECT nth, undone_at, reason, clerk FROM collection_undone")
    assert rows == [(1, day(3, 26, 10, 2), REASON, "b")]
    [(actor, act, subject, detail)] = await world.rows(
        "SELECT actor, act, subject, detail FROM audit_log"
    )
    assert (actor, act, subject) == ("b", "undo_hand_over", str(who.person_id))
    assert detail == {
        "round_id": FIRST.id,
        "nth": 1,
        "handed_over_at": day(3, 26).isoformat(),
        "handed_over_by": HERE.clerk,
        "document": "nhi_card",
        "by_proxy": False,
    }
    async with world.db.transaction() as tx:
        assert await first_broken_link(tx) is None


async def test_undone_twice_is_undone_once(world: World) -> None:
    who = await collected(world)
    await undo(world, who)
    await undo(world, who)
    assert await world.value("SELECT count(*) FROM collection_undone") == 1
    await collect(world, who)
    await undo(world, who)  # the first one's form, sent again
    assert await world.state(who) == "collected"
    assert await standing(world) == [2]


async def test_five_minutes_and_no_longer(world: World) -> None:
    who = await collected(world)
    await world.clock.set(day(3, 26) + UNDO_WITHIN + timedelta(seconds=1))
    with pytest.raises(UndoOver) as over:
        await undo(world, who)
    assert over.value.collected_at == day(3, 26)
    await world.clock.set(day(3, 26) + UNDO_WITHIN)
    await undo(world, who)


async def test_not_when_collection_is_over(world: World) -> None:
    """By then it is sealed, and nobody could collect the pack any more."""
    who = await ready(world)
    await world.clock.set(day(4, 1, 23, 58))
    await collect(world, who)
    await world.clock.set(day(4, 2, 0))
    with pytest.raises(UndoOver):
        await undo(world, who)


async def test_what_the_round_has_sealed_stands_though_the_pack_had_more_days(
    world: World,
) -> None:
    who = await ready(world)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE parcel SET reopened_until = %s", (day(4, 4).date(),))
    await world.clock.set(day(4, 1, 23, 58))
    await collect(world, who)
    await world.clock.set(day(4, 2, 0))
    async with world.db.transaction() as tx:
        await forfeit_uncollected(tx, round=FIRST, at=day(4, 2, 0))
    with pytest.raises(UndoOver):
        await undo(world, who)
    async with world.db.transaction() as tx:
        assert await seal_holds(tx, round=FIRST)


async def test_only_by_its_store_and_only_what_was(world: World) -> None:
    who = await collected(world)
    with pytest.raises(UndoElsewhere) as elsewhere:
        await undo(world, who, till=ELSEWHERE)
    assert elsewhere.value.store_name == "7-11 門市100001"
    with pytest.raises(UnknownHandOver):
        await undo(world, who, nth=2)
    with pytest.raises(ValueError, match="reason"):
        await undo_hand_over(
            world.db,
            world.clock,
            person_id=who.person_id,
            round_id=FIRST.id,
            nth=1,
            till=HERE,
            reason=" ",
        )


async def undoable(world: World, till: Till = HERE) -> Sequence[int]:
    now = await world.clock.now()
    async with world.db.transaction() as tx:
        return [each.nth for each in await undoable_hand_overs(tx, till, now=now)]


async def test_a_store_sees_what_it_can_still_undo(world: World) -> None:
    who = await collected(world)
    assert await undoable(world) == [1]
    assert await undoable(world, ELSEWHERE) == []
    await undo(world, who)
    assert await undoable(world) == []
    await collect(world, who)
    assert await undoable(world) == [2]
    await world.clock.set(day(3, 26) + UNDO_WITHIN + timedelta(seconds=1))
    assert await undoable(world) == []


async def test_what_was_undone_is_sealed_too(world: World) -> None:
    who = await collected(world)
    await undo(world, who)
    async with world.db.transaction() as tx:
        await forfeit_uncollected(tx, round=FIRST, at=day(4, 2, 0))
    assert await world.value("SELECT detail ->> 'packs' FROM audit_log ORDER BY seq DESC") == "0"
    async with world.db.transaction() as tx:
        assert await seal_holds(tx, round=FIRST)
        await tx.execute("ALTER TABLE collection_undone DISABLE TRIGGER ALL")
        await tx.execute("UPDATE collection_undone SET reason = 'another'")
        assert not await seal_holds(tx, round=FIRST)
        await tx.execute("DELETE FROM collection_undone")
        assert not await seal_holds(tx, round=FIRST)


async def test_what_was_undone_stays_so(world: World) -> None:
    for change in ("UPDATE collection_undone SET reason = 'x'", "DELETE FROM collection_undone"):
        with pytest.raises(Exception, match="append-only"):
            async with world.db.transaction() as tx:
                await tx.execute(change.encode())


async def undo_while_handed_over_again(world: World) -> None:
    """A form is sent twice; between the two somebody hands the pack over once more."""
    who = await collected(world)
    async with world.db.transaction() as tx:
        first = await undoing_queries.hand_over(tx, who.person_id, FIRST.id, 1)
        assert first
        await undoing_queries.take_back(tx, first, reason=REASON, clerk="a", at=day(3, 26))
        again = Handover(
            *(who.person_id, FIRST.id, day(3, 26), HERE.chain, HERE.store_code),
            *(Document.NHI_CARD, False, "b"),
        )
        assert await collection_queries.collect(tx, again)
        second = asyncio.create_task(undo(world, who))
        await until_waiting(world.db, 1)
    await second


async def test_an_undo_takes_back_no_later_hand_over(world: World) -> None:
    await undo_while_handed_over_again(world)
    assert await standing(world) == [2]
    assert await world.value("SELECT state FROM orders") == "collected"


async def test_without_waiting_and_key_it_would(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hurry(*_: object) -> None:
        return None

    monkeypatch.setattr(undoing_queries, "hold_order", hurry)
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE collection_undone DROP CONSTRAINT collection_undone_pkey")
    await undo_while_handed_over_again(world)
    assert await standing(world) == [2]
    assert await world.value("SELECT state FROM orders") == "arrived"  # though it is handed over


async def undo_as_collection_ends(world: World) -> str:
    """Begun in the last second, while the forfeit of midnight is already under way."""
    who = await ready(world)
    await world.clock.set(day(4, 1, 23, 59))
    await collect(world, who)
    async with world.db.transaction() as tx:
        await undoing_queries.hold_undoing(tx)
        done = await undoing_queries.hand_over(tx, who.person_id, FIRST.id, 1)
        assert done
        await undoing_queries.take_back(tx, done, reason=REASON, clerk="a", at=day(4, 1, 23, 59))
        ending = asyncio.create_task(end_collection(world))
        await asyncio.wait({ending}, timeout=0.5)
    await ending
    return await world.state(who)


async def end_collection(world: World) -> None:
    async with world.db.transaction() as tx:
        await forfeit_uncollected(tx, round=FIRST, at=day(4, 2, 0))


async def test_a_pack_put_back_in_the_last_second_is_given_up(world: World) -> None:
    assert await undo_as_collection_ends(world) == "forfeited"
    async with world.db.transaction() as tx:
        assert await seal_holds(tx, round=FIRST)


async def test_without_waiting_it_would_lie_at_its_store_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hurry(_: Transaction) -> None:
        return None

    monkeypatch.setattr("emask.delivery.forfeits.wait_for_undoing", hurry)
    assert await undo_as_collection_ends(world) == "arrived"
    async with world.db.transaction() as tx:
        assert not await seal_holds(tx, round=FIRST)
