from datetime import date, datetime, timedelta

import pytest

from emask.rules.calendar import Channel, Round, at
from emask.rules.price import (
    Method,
    MoneyOutcome,
    amount_due,
    check_method,
    check_payment_open,
    judge_money,
    methods_for,
)
from emask.rules.refusals import (
    AlreadyPaid,
    MethodNotAllowed,
    NoPreorder,
    NotSelected,
    PaymentClosed,
    PaymentNotOpen,
    Refusal,
)
from emask.rules.states import OrderState

IN_TIME = at(date(2020, 3, 20), 12)
SECOND = timedelta(seconds=1)
PAID = (OrderState.PAID, OrderState.ARRIVED, OrderState.COLLECTED, OrderState.FORFEITED)


def test_b14_methods_follow_the_channel() -> None:
    assert [method.zh for method in methods_for(Channel.COMPUTER)] == ["網路銀行", "信用卡", "ATM"]
    for channel in (Channel.MOBILE, Channel.COUNTER, Channel.KIOSK):
        assert methods_for(channel) == (Method.ATM,)
    assert [method.en for method in Method] == ["online banking", "credit card", "ATM transfer"]


def test_b14_an_order_by_phone_is_paid_by_atm_only() -> None:
    check_method(Channel.MOBILE, Method.ATM)
    for method in Method:
        check_method(Channel.COMPUTER, method)
    with pytest.raises(MethodNotAllowed) as refused:
        check_method(Channel.MOBILE, Method.CREDIT_CARD)
    assert refused.value.allowed == (Method.ATM,)
    assert refused.value.data == {"allowed": "atm"}


def test_b13_what_an_order_costs(round_one: Round) -> None:
    assert amount_due(round_one) == 22


def judged(
    round_: Round,
    *,
    state: OrderState = OrderState.AWAITING_PAYMENT,
    amount: int = 22,
    valued_at: datetime = IN_TIME,
    known_at: datetime | None = None,
) -> MoneyOutcome:
    return judge_money(
        round=round_,
        state=state,
        amount=amount,
        valued_at=valued_at,
        known_at=known_at or valued_at + SECOND,
    )


def test_money_in_time_settles(round_one: Round) -> None:
    assert judged(round_one) is MoneyOutcome.SETTLES
    assert judged(round_one, valued_at=round_one.pay_from) is MoneyOutcome.SETTLES


def test_money_valued_before_the_deadline_and_known_before_the_release_counts(
    round_one: Round,
) -> None:
    last_value, last_news = round_one.pay_until - SECOND, round_one.release_at - SECOND
    assert judged(round_one, valued_at=last_value, known_at=last_news) is MoneyOutcome.SETTLES
    assert judged(round_one, valued_at=round_one.pay_until) is MoneyOutcome.LATE
    known_late = judged(round_one, valued_at=last_value, known_at=round_one.release_at)
    assert known_late is MoneyOutcome.LATE


@pytest.mark.parametrize("amount", [21, 23, 15, 44])
def test_wrong_money_does_not_settle(round_one: Round, amount: int) -> None:
    assert judged(round_one, amount=amount) is MoneyOutcome.WRONG_AMOUNT


def test_money_before_payment_opens_is_early(round_one: Round) -> None:
    assert judged(round_one, valued_at=round_one.pay_from - SECOND) is MoneyOutcome.EARLY
    assert judged(round_one, state=OrderState.REGISTERED) is MoneyOutcome.EARLY


@pytest.mark.parametrize("state", PAID)
@pytest.mark.parametrize("amount", [22, 1])
def test_money_for_a_paid_order_is_double(round_one: Round, state: OrderState, amount: int) -> None:
    assert judged(round_one, state=state, amount=amount) is MoneyOutcome.DOUBLE


def test_money_for_a_lapsed_order_is_late(round_one: Round) -> None:
    assert judged(round_one, state=OrderState.LAPSED) is MoneyOutcome.LATE
    assert judged(round_one, state=OrderState.LAPSED, amount=1) is MoneyOutcome.LATE


@pytest.mark.parametrize("state", [OrderState.NOT_SELECTED, OrderState.CANCELLED])
def test_money_for_what_was_never_due(round_one: Round, state: OrderState) -> None:
    assert judged(round_one, state=state) is MoneyOutcome.NOT_SELECTED


@pytest.mark.parametrize("state", OrderState)
def test_simulated_money_does_nothing(round_one: Round, state: OrderState) -> None:
    outcome = judge_money(
        round=round_one,
        state=state,
        amount=22,
        valued_at=IN_TIME,
        known_at=IN_TIME,
        simulated=True,
    )
    assert outcome is MoneyOutcome.SIMULATED


def test_payment_is_open_from_the_result_to_the_deadline(round_one: Round) -> None:
    for now in (round_one.pay_from, IN_TIME, round_one.pay_until - SECOND):
        check_payment_open(round_one, now, OrderState.AWAITING_PAYMENT)


@pytest.mark.parametrize(
    ("state", "now", "refusal"),
    [
        (OrderState.AWAITING_PAYMENT, at(date(2020, 3, 19), 7, 59), PaymentNotOpen),
        (OrderState.AWAITING_PAYMENT, at(date(2020, 3, 21), 20), PaymentClosed),
        (OrderState.REGISTERED, IN_TIME, PaymentNotOpen),
        (OrderState.LAPSED, IN_TIME, PaymentClosed),
        (OrderState.CANCELLED, IN_TIME, NoPreorder),
        (OrderState.NOT_SELECTED, at(date(2020, 3, 22)), NotSelected),
        *((state, at(date(2020, 3, 22)), AlreadyPaid) for state in PAID),
    ],
)
def test_payment_is_refused(
    round_one: Round, state: OrderState, now: datetime, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        check_payment_open(round_one, now, state)


def test_refusals_of_payment_name_the_dates(round_one: Round) -> None:
    with pytest.raises(PaymentNotOpen, match="payment_not_open") as early:
        check_payment_open(round_one, at(date(2020, 3, 18), 21), OrderState.AWAITING_PAYMENT)
    assert early.value.pay_from == round_one.pay_from
    with pytest.raises(PaymentClosed, match="payment_closed") as late:
        check_payment_open(round_one, at(date(2020, 3, 21), 21), OrderState.AWAITING_PAYMENT)
    assert late.value.pay_until == round_one.pay_until
