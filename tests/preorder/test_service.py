"""Cancelling, and looking at one's own entry."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from emask.database.vault import Vault
from emask.preorder.intake import Intake
from emask.preorder.service import cancel_preorder, mobile_of, preorder_of
from emask.rounds.service import UnknownRound
from emask.rules.refusals import Closed, NoPreorder, NotOpenYet
from emask.rules.states import OrderState
from preorder.world import FIRST, StillClock, World, entry


async def test_cancelling(world: World, intake: Intake, still: StillClock) -> None:
    sent = entry(await world.person())
    await intake.submit(sent)
    still.instant += timedelta(hours=1)
    await cancel_preorder(world.db, still, person_id=sent.person_id, round_id=FIRST.id)
    async with world.db.transaction() as tx:
        kept = await preorder_of(tx, person_id=sent.person_id, round_id=FIRST.id)
    assert kept is not None
    assert (kept.state, kept.revision) == (OrderState.CANCELLED, 2)
    assert kept.changed_at == still.instant
    with pytest.raises(NoPreorder):
        await cancel_preorder(world.db, still, person_id=sent.person_id, round_id=FIRST.id)


async def test_nothing_to_cancel(world: World, still: StillClock) -> None:
    with pytest.raises(NoPreorder):
        await cancel_preorder(world.db, still, person_id=uuid4(), round_id=FIRST.id)
    with pytest.raises(UnknownRound):
        await cancel_preorder(world.db, still, person_id=uuid4(), round_id="2099-1")


async def test_cancelling_outside_the_period(
    world: World, intake: Intake, still: StillClock
) -> None:
    sent = entry(await world.person())
    await intake.submit(sent)
    for instant, refusal in (
        (FIRST.opens_at - timedelta(seconds=1), NotOpenYet),
        (FIRST.closes_at, Closed),
    ):
        still.instant = instant
        with pytest.raises(refusal):
            await cancel_preorder(world.db, still, person_id=sent.person_id, round_id=FIRST.id)
    assert await world.count("state = 'registered' AND revision = 1") == 1


async def test_cancelling_once_frozen(world: World, intake: Intake, still: StillClock) -> None:
    sent = entry(await world.person())
    await intake.submit(sent)
    await world.run("UPDATE round SET frozen_at = now() WHERE round_id = '2020-1'")
    with pytest.raises(Closed):
        await cancel_preorder(world.db, still, person_id=sent.person_id, round_id=FIRST.id)


async def test_cancelling_and_amending_at_once_leaves_a_whole_history(
    world: World, intake: Intake, still: StillClock
) -> None:
    """Whichever comes last wins; no revision is lost or counted twice."""
    person = await world.person()
    await intake.submit(entry(person))

    async def cancel() -> int:
        try:
            await cancel_preorder(world.db, still, person_id=person, round_id=FIRST.id)
        except NoPreorder:
            return 0
        return 1

    amending = asyncio.gather(*(intake.submit(entry(person)) for _ in range(10)))
    cancelled = sum(await asyncio.gather(*(cancel() for _ in range(10))))
    await amending
    assert await world.count(f"revision = {1 + 10 + cancelled}") == 1


async def test_there_is_no_number_without_a_preorder(world: World, vault: Vault) -> None:
    async with world.db.transaction() as tx:
        assert await preorder_of(tx, person_id=uuid4(), round_id=FIRST.id) is None
        with pytest.raises(NoPreorder):
            await mobile_of(tx, vault, person_id=uuid4(), round_id=FIRST.id)
