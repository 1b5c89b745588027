"""Carrying out what is due: in order, once, whoever does it and however late."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, LiteralString

import pytest

from emask.database.clock import SystemClock
from emask.delivery.forfeits import reopen
from emask.draw import service as draw
from emask.programme import queries
from emask.programme.service import (
    ClockNotSettable,
    NotDueYet,
    advance_to,
    carry_out_until,
    run_due,
)
from emask.programme.steps import STEPS
from emask.programme.system import System
from emask.rounds.catalogue import built_in_round
from emask.rounds.service import save_round
from emask.rules.calendar import at
from emask.rules.states import OrderState
from programme.play import Play

_NAMES = [step.name for step in STEPS]


async def _rows(system: System, statement: LiteralString) -> list[tuple[Any, ...]]:
    async with system.db.connection() as connection:
        return await (await connection.execute(statement)).fetchall()


async def _done(system: System) -> dict[str, datetime]:
    return dict(await _rows(system, "SELECT step, done_at FROM round_step"))


async def test_everything_happens_in_order_each_at_its_instant(play: Play) -> None:
    await play.register(12)
    done = await advance_to(play.system, play.round.pickup_ends_at)
    assert [each.step for each in done] == _NAMES
    assert await _done(play.system) == {each.step: each.due for each in done}
    assert await play.clock.now() == play.round.pickup_ends_at


async def test_what_is_due_at_the_very_instant_happens(play: Play) -> None:
    assert not await advance_to(play.system, play.round.closes_at - timedelta(seconds=1))
    done = await advance_to(play.system, play.round.closes_at)
    assert [each.step for each in done] == ["close"]


async def test_notices_go_out_before_the_next_step(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.release_at)
    sent = await _rows(
        play.system, "SELECT kind, sent_at FROM outbox WHERE kind IN ('selected', 'pay_reminder')"
    )
    dues = await _done(play.system)
    expected = {"selected": dues["publish"], "pay_reminder": dues["remind"]}
    assert len(sent) == 16
    assert dict(sent) == expected


async def test_doing_it_again_changes_nothing(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.pay_from)
    before = await _rows(play.system, "SELECT * FROM outbox ORDER BY person_id, kind")
    assert await run_due(play.system, play.round.pay_from) == []
    for step in STEPS[:3]:
        await step.run(play.system, play.round, play.round.pay_from)
    assert await _rows(play.system, "SELECT * FROM outbox ORDER BY person_id, kind") == before


async def test_two_processes_carry_out_a_step_once(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.pay_from - timedelta(hours=1))
    publish = STEPS[2]
    await asyncio.gather(
        *(publish.run(play.system, play.round, play.round.pay_from) for _ in range(4))
    )
    assert await _rows(play.system, "SELECT count(*) FROM orders") == [(8,)]
    figures = await _rows(play.system, "SELECT figures FROM round_step WHERE step = 'publish'")
    assert figures == [({"orders": 8},)]


async def test_without_its_row_a_step_would_be_counted_by_everybody(play: Play) -> None:
    """What the row is for: who does not wait for it believes to be the first."""

    async def first(name: str) -> bool:
        async with play.system.db.transaction() as tx:
            begun = await queries.begin_step(
                tx, round_id=play.round.id, step=name, at=play.round.pay_from
            )
            await asyncio.sleep(0.05)
            return begun

    assert sorted(await asyncio.gather(first("same"), first("same"))) == [False, True]
    assert all(await asyncio.gather(first("one"), first("other")))


async def test_a_step_that_fails_is_not_noted(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.release_at - timedelta(hours=1))
    pack = next(step for step in STEPS if step.name == "pack")
    with pytest.raises(Exception, match=play.round.id):  # packing refuses before release_at
        await pack.run(play.system, play.round, play.round.pay_until)
    assert "pack" not in await _done(play.system)


async def test_a_late_worker_waits_for_the_beacon_and_then_goes_on(play: Play) -> None:
    await play.register(9)
    late = play.round.pay_from + timedelta(hours=2)
    await play.clock.set(late)
    assert [each.step for each in await run_due(play.system, late)] == ["close"]
    assert await run_due(play.system, late) == []
    later = late + draw.COMMITMENT + timedelta(seconds=5)
    await play.clock.set(later)
    assert [each.step for each in await run_due(play.system, later)] == ["draw", "publish"]


async def test_a_late_start_goes_on_when_the_clock_is_moved(play: Play) -> None:
    await play.register(9)
    late = play.round.pay_from - timedelta(hours=2)
    await play.clock.set(late)
    assert [each.step for each in await run_due(play.system, late)] == ["close"]
    assert await advance_to(play.system, late + timedelta(minutes=5)) == []
    done = await advance_to(play.system, play.round.pay_from)
    assert [each.step for each in done] == ["draw", "publish"]


async def test_a_draw_that_was_not_noted_is_taken_as_it_stands(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.closes_at)
    drawn_at = play.round.closes_at + timedelta(hours=1)
    await play.clock.set(drawn_at)
    beacon = play.system.partners.beacon
    await draw.run_draw(play.system.db, round=play.round, at=drawn_at, beacon=beacon)
    assert [each.step for each in await run_due(play.system, drawn_at)] == ["draw"]


async def test_a_re_collection_that_is_not_used_ends_at_its_own_last_day(play: Play) -> None:
    await play.register(3)
    await advance_to(play.system, play.round.pay_from)
    await play.pay([0, 1, 2])
    await advance_to(play.system, play.round.pickup_ends_at)
    until = play.round.pickup_until + timedelta(days=9)
    for number in (0, 1):
        await reopen(
            play.system.db,
            play.clock,
            person_id=play.person_id(number),
            round_id=play.round.id,
            until=until,
            operator="operator",
            reason="was ill",
        )
    standing = await play.progress(0)
    assert standing is not None
    assert (standing.state, standing.collect_until) == (OrderState.PAID, until)

    ended = at(until + timedelta(days=1))
    assert await advance_to(play.system, ended - timedelta(minutes=1)) == []
    done = await advance_to(play.system, ended)
    assert [(each.step, each.due) for each in done] == [("end_recollection", ended)]
    assert await advance_to(play.system, ended + timedelta(days=3)) == []
    states = await _rows(play.system, "SELECT state, count(*) FROM orders GROUP BY state")
    assert states == [("forfeited", 3)]


async def test_a_second_run_is_drawn_before_anything_is_published(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.pay_from - timedelta(hours=1))
    at_night = play.round.pay_from - timedelta(minutes=30)
    beacon = play.system.partners.beacon
    await draw.draw_again(
        play.system.db, round=play.round, at=at_night, beacon=beacon, reason="a test of it"
    )
    done = await advance_to(play.system, play.round.pay_from)
    assert [each.step for each in done] == ["publish"]
    runs = await _rows(play.system, "SELECT run, published_at FROM draw ORDER BY run")
    assert runs == [(1, None), (2, play.round.pay_from)]
    assert await _rows(play.system, "SELECT count(*) FROM orders") == [(8,)]


async def test_a_second_run_that_waits_for_its_beacon_holds_up_only_its_round(play: Play) -> None:
    await play.register(9)
    await advance_to(play.system, play.round.pay_from - timedelta(hours=1))
    late = play.round.pay_from - timedelta(minutes=1)
    beacon = play.system.partners.beacon
    await draw.draw_again(
        play.system.db, round=play.round, at=late, beacon=beacon, reason="a test of it"
    )
    await play.clock.set(play.round.pay_from)
    assert await run_due(play.system, play.round.pay_from) == []
    later = late + draw.COMMITMENT + timedelta(seconds=5)
    await play.clock.set(later)
    assert [each.step for each in await run_due(play.system, later)] == ["publish"]


async def test_nobody_moves_the_machine_s_clock(play: Play) -> None:
    with pytest.raises(ClockNotSettable):
        await advance_to(replace(play.system, clock=SystemClock()), play.round.pay_from)


async def test_one_step_after_the_other_by_hand(play: Play) -> None:
    await play.register(9)
    due = play.round.closes_at + timedelta(hours=1)
    await play.clock.set(due)
    assert await carry_out_until(play.system, round=play.round, step="close", at=due) == ["close"]
    later = due + timedelta(hours=1)
    await play.clock.set(later)
    assert await carry_out_until(play.system, round=play.round, step="draw", at=later) == ["draw"]
    with pytest.raises(NotDueYet) as early:
        await carry_out_until(play.system, round=play.round, step="publish", at=later)
    assert early.value.due == play.round.pay_from
    with pytest.raises(KeyError):
        await carry_out_until(play.system, round=play.round, step="celebrate", at=later)


async def test_rounds_fall_due_among_one_another(play: Play) -> None:
    async with play.system.db.transaction() as tx:
        await save_round(tx, built_in_round("2020-2"))
    done = await advance_to(play.system, play.round.pickup_ends_at)
    assert [each.due for each in done] == sorted(each.due for each in done)
    assert {each.round_id for each in done} == {"2020-1", "2020-2"}
