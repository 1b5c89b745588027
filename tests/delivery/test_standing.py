"""Which refusal comes first at the till."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from delivery.world import FIRST, OTHER, OURS, day
from emask.delivery.standing import Order, Standing, check_collection
from emask.rules.people import Residency
from emask.rules.refusals import (
    AlreadyCollected,
    Forfeited,
    NoPreorder,
    NotArrived,
    NotPaid,
    NotSelected,
    PickupOver,
    Refusal,
    TooEarly,
    WrongStore,
)
from emask.rules.states import OrderState

AT_STORE = Order(
    state=OrderState.ARRIVED,
    chain=OURS[0],
    store_code=OURS[1],
    store_name="杭州店",
    store_open=True,
)
READY = Standing(
    residency=Residency.NATIONAL,
    preordered=True,
    cancelled=False,
    drawn=True,
    order=AT_STORE,
    pay_from=FIRST.pay_from,
    pay_until=FIRST.pay_until,
    pickup_from=FIRST.pickup_from,
    pickup_until=FIRST.pickup_until,
    claimed_from=FIRST.pickup_from,
    reopened_until=None,
    short=False,
    collected_at=None,
    collected_by=None,
)
DEFERRED = replace(READY, claimed_from=date(2020, 3, 29))


def check(standing: Standing, now: datetime, store: tuple[object, str] = OURS) -> Refusal | None:
    try:
        check_collection(standing, chain=OURS[0], store_code=str(store[1]), now=now)
    except Refusal as refusal:
        return refusal
    return None


def in_state(state: OrderState, standing: Standing = READY) -> Standing:
    return replace(standing, order=replace(AT_STORE, state=state))


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        (day(3, 26, 0), None),  # Q&A B6: from 3/26 …
        (day(4, 1, 23, 59), None),  # … to 4/1, both included
        (day(4, 2, 0), Forfeited),
        (day(3, 25, 23, 59), TooEarly),
    ],
)
def test_days_of_collection(now: datetime, refused: type[Refusal] | None) -> None:
    refusal = check(READY, now)
    assert (type(refusal) if refusal else None) is refused


def test_the_first_day_is_the_claims() -> None:
    early = check(DEFERRED, day(3, 28, 23, 59))  # B10
    assert isinstance(early, TooEarly)
    assert early.from_date == date(2020, 3, 29)
    assert check(DEFERRED, day(3, 29, 0)) is None


def test_without_a_claim_the_round_decides() -> None:
    assert isinstance(check(replace(READY, claimed_from=None), day(3, 25)), TooEarly)


@pytest.mark.parametrize(
    ("standing", "refused"),
    [
        (replace(READY, order=None, preordered=False), NoPreorder),
        (replace(READY, order=None), NotSelected),
        (replace(READY, order=None, drawn=False), NotPaid),
        (in_state(OrderState.AWAITING_PAYMENT), NotPaid),
        (in_state(OrderState.LAPSED), NotPaid),
        (in_state(OrderState.COLLECTED), AlreadyCollected),
        (in_state(OrderState.FORFEITED), Forfeited),
        (in_state(OrderState.PAID), NotArrived),
    ],
)
def test_each_state_has_its_own_words(standing: Standing, refused: type[Refusal]) -> None:
    """In any store and on any day of collection."""
    assert type(check(standing, day(3, 26))) is refused
    assert type(check(standing, day(3, 26), OTHER)) is refused


def test_not_there_comes_before_wrong_store_before_too_early() -> None:
    assert type(check(in_state(OrderState.PAID, DEFERRED), day(3, 27), OTHER)) is NotArrived
    wrong = check(DEFERRED, day(3, 27), OTHER)
    assert isinstance(wrong, WrongStore)
    assert wrong.store_name == "7-11 杭州店"
    assert type(check(DEFERRED, day(3, 27))) is TooEarly


def test_what_is_uncollected_after_the_last_day_is_given_up() -> None:
    for state in (OrderState.ARRIVED, OrderState.PAID, OrderState.FORFEITED):
        over = check(in_state(state), day(4, 2, 0))
        assert isinstance(over, Forfeited)
        assert over.pickup_until == FIRST.pickup_until


def test_who_waits_for_a_missing_pack_gives_nothing_up() -> None:
    waiting = replace(in_state(OrderState.PAID), short=True)
    late = check(waiting, day(4, 2, 0))
    assert isinstance(late, NotArrived)
    assert late.expected is None
    assert type(check(replace(waiting, reopened_until=date(2020, 4, 20)), day(4, 21))) is NotArrived
    assert type(check(replace(waiting, short=False), day(4, 2, 0))) is Forfeited


def test_a_reopened_order_has_its_own_last_day() -> None:
    reopened = replace(READY, reopened_until=date(2020, 4, 20))
    assert check(reopened, day(4, 20, 23, 59)) is None
    over = check(reopened, day(4, 21, 0))
    assert isinstance(over, PickupOver)
    assert over.pickup_until == date(2020, 4, 20)


def test_the_expected_day_is_told_only_while_it_lies_ahead() -> None:
    ahead, late = (
        check(in_state(OrderState.PAID), day(3, 25)),
        check(in_state(OrderState.PAID), day(3, 26)),
    )
    assert isinstance(ahead, NotArrived)
    assert ahead.expected == FIRST.pickup_from
    assert isinstance(late, NotArrived)
    assert late.expected is None
