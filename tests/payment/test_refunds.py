"""Cards are given back once, whatever gateways, workers and clocks do meanwhile."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from emask.payment import refunds
from emask.payment.ports import CardAction, CardState, Closing, Gateways, Paused, RefundRefused
from emask.payment.refund_model import RefundNotDue
from emask.rules.price import Method
from payment.card_till import CardTill, Killed
from payment.giving_back import (
    HOUR,
    family,
    give_back,
    later,
    lease,
    states,
    steps,
    till_of,
    work,
    wrong_amount,
)
from payment.market import Market


@pytest.fixture
def telling(market: Market) -> Market:
    """A gateway that tells how a card payment stands."""
    return Market(town=market.town, till=CardTill())


@pytest.fixture
def reckoning(market: Market) -> Market:
    """A gateway that only knows the clock."""
    return Market(town=market.town, till=CardTill(reckons=True))


@pytest.fixture(params=[False, True], ids=["telling", "reckoning"])
def either(market: Market, request: pytest.FixtureRequest) -> Market:
    return Market(town=market.town, till=CardTill(reckons=request.param))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (CardState.AUTHORISED, ["abandon"]),
        (CardState.TO_BE_CLOSED, ["cancel_closing", "abandon"]),
        (CardState.CLOSED, ["refund"]),
        (CardState.GIVEN_BACK, []),
    ],
)
async def test_the_whole_goes_back_from_every_state(
    telling: Market, state: CardState, expected: list[str]
) -> None:
    _, trade_no = await wrong_amount(telling)
    till_of(telling)._money(trade_no).state = state
    assert await give_back(telling) == 1
    assert till_of(telling).money[trade_no].calls == expected
    assert await steps(telling) == [
        (action, outcome) for action in expected for outcome in ("begun", "done")
    ]
    assert await states(telling) == ["done"]
    assert (await telling.money()).balanced
    assert await give_back(telling) == 0


async def test_the_parts_of_a_trade_go_back_one_after_the_other(
    either: Market,
) -> None:
    market = either
    _, trade_no = await family(market)
    assert await give_back(market) == 3
    money = till_of(market).money[trade_no]
    assert money.calls == ["close", "refund", "refund", "refund"]
    assert (money.back, await states(market)) == (66, ["done"] * 3)


async def test_a_gateway_s_own_number_is_asked_of_itself_where_no_message_has_told_it(
    telling: Market,
) -> None:
    _, trade_no = await wrong_amount(telling)
    job = await lease(telling)
    standing = await telling.till.ask(job.question, at=await telling.town.clock.now())
    (told,) = standing.messages
    assert job.refund(standing).gateway_trade_no == told.gateway_trade_no
    assert job.question.trade_no == trade_no


async def test_after_a_lost_answer_a_telling_gateway_is_asked_and_nothing_repeated(
    telling: Market,
) -> None:
    _, trade_no = await wrong_amount(telling)
    till_of(telling).close(trade_no)
    till_of(telling).lose_answer()
    assert await give_back(telling) == 0
    assert await states(telling) == ["due"]
    assert await give_back(telling) == 0  # not before its time
    await later(telling, HOUR)
    assert await give_back(telling) == 1
    assert till_of(telling).money[trade_no].back == 21
    assert [outcome for _, outcome in await steps(telling)] == ["begun", "unclear", "done"]


async def test_what_was_not_carried_out_is_gone_on_with(telling: Market) -> None:
    _, trade_no = await wrong_amount(telling)
    till_of(telling).close(trade_no)
    till_of(telling).stall()
    await give_back(telling)
    await later(telling, HOUR)
    assert await give_back(telling) == 1
    assert till_of(telling).money[trade_no].back == 21


@pytest.mark.parametrize("lost", ["lose_answer", "stall"])
async def test_an_unclear_part_is_told_by_what_is_left(telling: Market, lost: str) -> None:
    _, trade_no = await family(telling)
    till = till_of(telling)
    till.close(trade_no)
    getattr(till, lost)()
    assert await give_back(telling) == 0  # the others wait for the first
    await later(telling, HOUR)
    assert await give_back(telling) == 3
    assert till.money[trade_no].back == 66


async def test_a_part_that_nobody_can_tell_waits_for_an_operator(telling: Market) -> None:
    _, trade_no = await family(telling)
    till = till_of(telling)
    till.close(trade_no)
    till.stall()
    await give_back(telling)
    till.money[trade_no].back = 5  # somebody else has given something back
    await later(telling, HOUR)
    assert await give_back(telling) == 0
    assert sorted(await states(telling)) == ["due", "due", "unclear"]


@pytest.mark.parametrize("lost", ["lose_answer", "stall"])
async def test_a_reckoning_gateway_is_never_asked_again_blindly(
    reckoning: Market, lost: str
) -> None:
    _, trade_no = await wrong_amount(reckoning)
    till_of(reckoning).close(trade_no)
    getattr(till_of(reckoning), lost)()
    assert await give_back(reckoning) == 0
    assert await states(reckoning) == ["unclear"]
    for _ in range(3):
        await later(reckoning, timedelta(days=1))
        assert await give_back(reckoning) == 0
    assert len(till_of(reckoning).money[trade_no].calls) == (lost == "lose_answer")
    (unclear,) = await work(reckoning)
    assert unclear.unclear


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_killed_worker_leaves_its_step_unclear(either: Market, moment: str) -> None:
    market = either
    _, trade_no = await wrong_amount(market)
    till = till_of(market)
    till.close(trade_no)
    getattr(till, moment).append(Killed())
    with pytest.raises(Killed):
        await give_back(market)
    assert await steps(market) == [("refund", "begun")]
    assert await give_back(market) == 0  # it may still be at it
    await later(market, HOUR)
    ended = await give_back(market)
    assert ("refund", "unclear") in await steps(market)
    if not till.reckons:
        assert (ended, till.money[trade_no].back) == (1, 21)
    else:
        assert (ended, await states(market)) == (0, ["unclear"])
        assert till.money[trade_no].back == (21 if moment == "after" else 0)


async def test_steps_that_a_reckoning_gateway_does_not_know_of_are_remembered(
    reckoning: Market,
) -> None:
    _, trade_no = await family(reckoning, 2)
    till = till_of(reckoning)
    till.before += [None, Closing(await reckoning.town.clock.now() + HOUR)]
    assert await give_back(reckoning) == 0
    assert till.money[trade_no].calls == ["close"]
    await later(reckoning, HOUR)
    assert await give_back(reckoning) == 2
    assert till.money[trade_no].calls == ["close", "refund", "refund"]


async def test_a_closing_bank_is_asked_when_it_has_closed(telling: Market) -> None:
    _, trade_no = await wrong_amount(telling)
    until = await telling.town.clock.now() + HOUR
    till_of(telling).before.append(Closing(until))
    assert await give_back(telling) == 0
    assert await next_at(telling) == until
    assert await steps(telling) == [("abandon", "begun"), ("abandon", "not_done")]
    till_of(telling)._money(trade_no).state = CardState.CLOSING
    await later(telling, HOUR)
    assert await give_back(telling) == 0  # it tells so itself now
    assert await next_at(telling) == until + HOUR
    till_of(telling).close(trade_no)
    await later(telling, HOUR)
    assert await give_back(telling) == 1


async def test_a_paused_gateway_keeps_nobody_else_waiting(telling: Market) -> None:
    await wrong_amount(telling)
    await wrong_amount(telling)
    other = Market(town=telling.town, till=CardTill("other"))
    await wrong_amount(other)
    until = await telling.town.clock.now() + HOUR
    till_of(telling).paused_until = until
    both = Gateways([telling.till, other.till], dict.fromkeys(Method, "till"))
    asked = len(telling.till.asked)
    assert await refunds.give_back_cards(telling.town.db, telling.town.clock, both) == 1
    assert len(telling.till.asked) == asked + 1
    await later(telling, HOUR / 2)
    assert await refunds.give_back_cards(telling.town.db, telling.town.clock, both) == 0
    assert len(telling.till.asked) == asked + 1  # nobody asks for the second one either
    await later(telling, HOUR / 2)
    assert await refunds.give_back_cards(telling.town.db, telling.town.clock, both) == 2


async def test_a_pause_in_the_middle_is_kept_too(telling: Market) -> None:
    await wrong_amount(telling)
    until = await telling.town.clock.now() + HOUR
    till_of(telling).before.append(Paused(until))
    assert await give_back(telling) == 0
    assert (await next_at(telling), (await steps(telling))[-1]) == (until, ("abandon", "not_done"))


async def test_who_does_not_answer_is_asked_later(telling: Market) -> None:
    _, trade_no = await wrong_amount(telling)
    telling.till.silent_about.add(trade_no)
    assert await give_back(telling) == 0
    assert await steps(telling) == []
    telling.till.silent_about.clear()
    assert await give_back(telling) == 0
    await later(telling, HOUR)
    assert await give_back(telling) == 1


async def test_a_silent_gateway_is_not_waited_for_refund_by_refund(telling: Market) -> None:
    for _ in range(5):
        _, trade_no = await wrong_amount(telling)
        telling.till.silent_about.add(trade_no)
    asked = len(telling.till.asked)
    assert await give_back(telling) == 0
    assert len(telling.till.asked) == asked + 3


async def test_what_is_refused_is_listed_and_asked_again_in_a_day(telling: Market) -> None:
    _, trade_no = await wrong_amount(telling)
    till_of(telling).before.append(RefundRefused(CardAction.ABANDON, "10100999"))
    assert await give_back(telling) == 0
    (refused,) = await work(telling)
    assert (refused.refused, refused.detail, refused.trade_no) == (True, "10100999", trade_no)
    assert refused.next_at == await telling.town.clock.now() + timedelta(days=1)
    await later(telling, timedelta(days=1))
    assert await give_back(telling) == 1


async def test_an_operator_settles_what_is_unclear(reckoning: Market) -> None:
    person_id, trade_no = await wrong_amount(reckoning)
    till_of(reckoning).close(trade_no)
    till_of(reckoning).stall()
    with pytest.raises(RefundNotDue):
        await by_hand(reckoning, "note_given_back")  # nothing is unclear yet
    await give_back(reckoning)
    await by_hand(reckoning, "try_again")
    assert await give_back(reckoning) == 1
    assert till_of(reckoning).money[trade_no].back == 21
    assert [outcome for _, outcome in await steps(reckoning)] == [
        *("begun", "unclear", "not_done", "begun", "done")
    ]
    assert await logged(reckoning) == [("try_refund_again", str(person_id), "the bank says so")]


async def test_an_operator_knows_that_money_is_back(reckoning: Market) -> None:
    person_id, trade_no = await wrong_amount(reckoning)
    till_of(reckoning).close(trade_no)
    till_of(reckoning).lose_answer()
    await give_back(reckoning)
    await by_hand(reckoning, "note_given_back")
    with pytest.raises(RefundNotDue):
        await by_hand(reckoning, "note_given_back")
    assert await states(reckoning) == ["done"]
    assert await logged(reckoning) == [
        ("note_refund_given_back", str(person_id), "the bank says so")
    ]
    with pytest.raises(RefundNotDue):
        await refunds.try_again(
            reckoning.town.db,
            reckoning.town.clock,
            person_id=person_id,
            event_id=uuid4(),
            operator="wang",
            reason="",
        )


async def next_at(market: Market) -> datetime:
    found = await market.town.value("SELECT next_at FROM refund")
    assert isinstance(found, datetime)
    return found


async def by_hand(market: Market, act: str) -> None:
    ((person_id, event_id),) = await market.town.rows("SELECT person_id, event_id FROM refund")
    settle = {"note_given_back": refunds.note_given_back, "try_again": refunds.try_again}[act]
    await settle(
        market.town.db,
        market.town.clock,
        person_id=person_id,
        event_id=event_id,
        operator="wang",
        reason="the bank says so",
    )


async def logged(market: Market) -> list[tuple[str, str, str]]:
    rows = await market.town.rows("SELECT act, subject, detail ->> 'reason' FROM audit_log")
    return [(act, subject, reason) for act, subject, reason in rows]
