"""Where a person stands at every stage of a round, and what there is to do."""

from datetime import date

from emask.delivery.shortages import report_shortage
from emask.preorder.service import cancel_preorder
from emask.programme.progress import NextAction, Progress
from emask.rules.calendar import at
from emask.rules.price import Method
from emask.rules.states import OrderState
from emask.sandbox.population import made_up_people
from programme.play import STORES, Play


async def _standing(play: Play, number: int) -> Progress:
    progress = await play.progress(number)
    assert progress is not None
    return progress


async def test_without_a_preorder_there_is_none(play: Play) -> None:
    play.people = list(made_up_people(1))
    assert await play.progress(0) is None


async def test_registered_then_cancelled(play: Play) -> None:
    await play.register(1)
    standing = await _standing(play, 0)
    assert (standing.state, standing.next_action) == (OrderState.REGISTERED, NextAction.AMEND)
    assert standing.store == STORES[0]
    assert (standing.rank, standing.entries, standing.pickup_number) == (None, None, None)
    await cancel_preorder(
        play.system.db, play.clock, person_id=play.person_id(0), round_id=play.round.id
    )
    standing = await _standing(play, 0)
    assert (standing.state, standing.next_action) == (OrderState.CANCELLED, NextAction.REGISTER)
    await play.until(play.round.closes_at)
    assert (await _standing(play, 0)).next_action is NextAction.NONE


async def test_nothing_of_the_draw_shows_before_it_is_published(play: Play) -> None:
    await play.register(9)
    await play.until(at(date(2020, 3, 19), 7))
    standing = await _standing(play, 0)
    assert (standing.state, standing.next_action) == (OrderState.REGISTERED, NextAction.WAIT)
    assert standing.rank is None


async def test_from_the_draw_to_the_next_purchase(play: Play) -> None:
    await play.register(9)
    await play.until(play.round.pay_from)
    selected = await play.selected()
    (unlucky,) = {*range(9)} - {*selected}
    standing = await _standing(play, unlucky)
    assert (standing.state, standing.next_action) == (OrderState.NOT_SELECTED, NextAction.NONE)
    assert (standing.rank, standing.entries, standing.quota) == (9, 9, 8)

    payer, late = selected[0], selected[1]
    standing = await _standing(play, payer)
    assert (standing.state, standing.next_action) == (OrderState.AWAITING_PAYMENT, NextAction.PAY)
    assert (standing.amount, standing.methods) == (22, (Method.ATM,))
    await play.pay([payer])
    standing = await _standing(play, payer)
    assert (standing.state, standing.next_action) == (OrderState.PAID, NextAction.WAIT)
    assert (standing.collect_from, standing.next_purchase) == (
        date(2020, 3, 26),
        date(2020, 4, 2),
    )

    await play.until(play.round.pay_until)
    assert (await _standing(play, late)).next_action is NextAction.NONE
    await play.until(play.round.release_at)
    assert (await _standing(play, late)).state is OrderState.LAPSED

    await play.until(at(date(2020, 3, 22), 10))
    await play.buy(payer)
    assert (await _standing(play, payer)).collect_from == date(2020, 3, 29)  # B10
    await play.until(play.round.pickup_opens_at)
    standing = await _standing(play, payer)
    assert (standing.state, standing.next_action) == (OrderState.ARRIVED, NextAction.COLLECT)
    assert standing.pickup_number is not None
    await play.until(at(date(2020, 3, 29), 9))
    await play.collect(payer)
    standing = await _standing(play, payer)
    assert (standing.state, standing.next_action) == (OrderState.COLLECTED, NextAction.NONE)
    assert standing.pickup_number is None
    assert standing.next_purchase == date(2020, 4, 5)


async def test_what_nobody_collects_is_forfeited(play: Play) -> None:
    await play.register(2)
    await play.until(play.round.pay_from)
    await play.pay([0])
    await play.until(play.round.pickup_ends_at)
    standing = await _standing(play, 0)
    assert (standing.state, standing.next_action) == (OrderState.FORFEITED, NextAction.NONE)
    assert not standing.delayed


async def test_who_waits_for_a_missing_pack_waits_on(play: Play) -> None:
    await play.register(2)
    await play.until(play.round.pay_from)
    await play.pay([0])
    await play.until(at(date(2020, 3, 22), 9))
    store = (await _standing(play, 0)).store
    assert store is not None
    async with play.system.db.transaction() as tx:
        await report_shortage(
            tx,
            round=play.round,
            chain=store.chain,
            store_code=store.code,
            packs=1,
            at=at(date(2020, 3, 22), 9),
            by="centre",
        )
    await play.until(play.round.pickup_ends_at)
    standing = await _standing(play, 0)
    assert (standing.state, standing.next_action) == (OrderState.PAID, NextAction.WAIT)
    assert standing.delayed
