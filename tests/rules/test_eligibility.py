from dataclasses import replace
from datetime import date, timedelta

import pytest

from emask.rules.calendar import Channel, CounterPolicy, DayRange, Product, Round, at
from emask.rules.eligibility import (
    PreorderCase,
    check_counter_person,
    check_preorder,
    next_allowed_day,
    odd_even_allows,
)
from emask.rules.interval import Claim, Source
from emask.rules.refusals import (
    AlreadyBought,
    ChannelNotOffered,
    ChildNotEligible,
    Closed,
    IntervalNotOver,
    NotOpenYet,
    ProductNotForAdult,
    ProductNotOnline,
    Refusal,
    WrongDayOddEven,
)

ADULT = date(1983, 7, 15)
CHILD = date(2007, 1, 1)


def sale(start: date, days: int = 7) -> Claim:
    during = DayRange(start, start + timedelta(days=days))
    return Claim(during=during, source=Source.COUNTER, reference="sale", window=None)


@pytest.fixture
def case(round_one: Round) -> PreorderCase:
    return PreorderCase(
        round=round_one,
        now=at(date(2020, 3, 12), 9),
        channel=Channel.COMPUTER,
        birth_date=ADULT,
        product=Product.ADULT_MASK,
        claims=(),
    )


@pytest.fixture
def policy() -> CounterPolicy:
    return CounterPolicy(
        valid_from=date(2020, 3, 5),
        interval_days=7,
        adult_pieces=3,
        child_pieces=5,
        price=5,
        child_born_from=date(2007, 1, 1),
        odd_even=True,
    )


def test_b1_an_adult_may_preorder_on_any_day_of_the_period(case: PreorderCase) -> None:
    check_preorder(case)
    check_preorder(replace(case, now=at(date(2020, 3, 18), 19, 59)))
    check_preorder(replace(case, birth_date=date(2006, 12, 31)))


def test_b2_not_before_the_opening(case: PreorderCase) -> None:
    with pytest.raises(NotOpenYet) as refused:
        check_preorder(replace(case, now=at(date(2020, 3, 12), 8, 59)))
    assert refused.value.opens_at == at(date(2020, 3, 12), 9)


def test_b6_not_from_closing_on(case: PreorderCase) -> None:
    with pytest.raises(Closed) as refused:
        check_preorder(replace(case, now=at(date(2020, 3, 18), 20)))
    assert refused.value.closed_at == at(date(2020, 3, 18), 20)


def test_b1_a_child_cannot_buy_adult_masks(case: PreorderCase) -> None:
    with pytest.raises(ChildNotEligible) as refused:
        check_preorder(replace(case, birth_date=CHILD))
    assert refused.value.child_born_from == date(2007, 1, 1)


@pytest.mark.parametrize("birth_date", [ADULT, CHILD])
def test_b5_child_masks_are_not_online(case: PreorderCase, birth_date: date) -> None:
    with pytest.raises(ProductNotOnline):
        check_preorder(replace(case, product=Product.CHILD_MASK, birth_date=birth_date))


def test_a_round_of_child_masks_is_for_children(case: PreorderCase) -> None:
    round_ = replace(case.round, product=Product.CHILD_MASK)
    for_child = replace(case, round=round_, product=Product.CHILD_MASK, birth_date=CHILD)
    check_preorder(for_child)
    with pytest.raises(ProductNotForAdult):
        check_preorder(replace(for_child, birth_date=ADULT))
    with pytest.raises(ProductNotOnline):
        check_preorder(replace(for_child, product=Product.ADULT_MASK))


def test_a_kiosk_only_where_the_round_offers_it(case: PreorderCase) -> None:
    at_kiosk = replace(case, channel=Channel.KIOSK)
    with pytest.raises(ChannelNotOffered):
        check_preorder(at_kiosk)
    check_preorder(replace(at_kiosk, round=replace(case.round, channels=frozenset(Channel))))


def test_a_round_for_people_who_skipped_the_last_one(case: PreorderCase) -> None:
    with pytest.raises(AlreadyBought):
        check_preorder(replace(case, bought_closed_round=True))


@pytest.mark.parametrize("bought_on", [date(2020, 3, 5), date(2020, 3, 12), date(2020, 3, 19)])
def test_b7_a_counter_purchase_does_not_block_registration(
    case: PreorderCase, bought_on: date
) -> None:
    check_preorder(replace(case, claims=[sale(bought_on)]))


def test_registration_is_refused_when_claims_cover_the_whole_window(case: PreorderCase) -> None:
    check_preorder(replace(case, claims=[sale(date(2020, 3, 18), days=14)]))
    with pytest.raises(IntervalNotOver) as refused:
        check_preorder(replace(case, claims=[sale(date(2020, 3, 18), days=15)]))
    assert refused.value.next_date == date(2020, 4, 2)


def test_the_first_refusal_that_applies_is_given(case: PreorderCase) -> None:
    """Mend one fact after the other: the refusals come in the fixed order."""
    every_fault = replace(
        case,
        now=at(date(2020, 3, 1)),
        product=Product.CHILD_MASK,
        channel=Channel.KIOSK,
        birth_date=CHILD,
        bought_closed_round=True,
        claims=[sale(date(2020, 3, 18), days=15)],
    )
    mended = every_fault
    for refusal, mend in (
        (NotOpenYet, {"now": at(date(2020, 3, 19))}),
        (Closed, {"now": at(date(2020, 3, 13))}),
        (ProductNotOnline, {"product": Product.ADULT_MASK}),
        (ChannelNotOffered, {"channel": Channel.MOBILE}),
        (ChildNotEligible, {"birth_date": ADULT}),
        (AlreadyBought, {"bought_closed_round": False}),
        (IntervalNotOver, {"claims": ()}),
    ):
        with pytest.raises(Refusal) as refused:
            check_preorder(mended)
        assert type(refused.value) is refusal
        mended = replace(mended, **mend)
    check_preorder(mended)


MONDAY = date(2020, 3, 16)
ODD_DAYS, EVEN_DAYS, SUNDAY = (0, 2, 4), (1, 3, 5), 6


@pytest.mark.parametrize("digit", range(10))
def test_odd_and_even_last_digits_have_their_days(digit: int) -> None:
    own = ODD_DAYS if digit % 2 else EVEN_DAYS
    allowed = [n for n in range(7) if odd_even_allows(MONDAY + timedelta(days=n), digit)]
    assert allowed == [*own, SUNDAY]


@pytest.mark.parametrize(
    ("day", "digit", "expected"),
    [
        (MONDAY, 1, MONDAY),
        (MONDAY, 2, date(2020, 3, 17)),
        (date(2020, 3, 21), 1, date(2020, 3, 22)),  # Saturday -> Sunday, open to everyone
    ],
)
def test_the_next_allowed_day(day: date, digit: int, expected: date) -> None:
    assert next_allowed_day(day, digit) == expected


def pieces(
    policy: CounterPolicy, birth_date: date, product: Product, day: date = MONDAY, digit: int = 1
) -> int:
    return check_counter_person(
        policy, birth_date=birth_date, product=product, day=day, id_number_last_digit=digit
    )


def test_adults_and_children_buy_their_own_pieces(policy: CounterPolicy) -> None:
    assert pieces(policy, ADULT, Product.ADULT_MASK) == 3
    assert pieces(policy, CHILD, Product.CHILD_MASK) == 5


def test_an_adult_card_buys_no_child_masks(policy: CounterPolicy) -> None:
    with pytest.raises(ProductNotForAdult):
        pieces(policy, ADULT, Product.CHILD_MASK, digit=2)
    relaxed = replace(policy, adult_may_buy_child_masks=True)
    assert pieces(relaxed, ADULT, Product.CHILD_MASK) == 5


def test_a_childs_card_buys_no_adult_masks(policy: CounterPolicy) -> None:
    with pytest.raises(ChildNotEligible) as refused:
        pieces(policy, CHILD, Product.ADULT_MASK)
    assert refused.value.child_born_from == policy.child_born_from


@pytest.mark.parametrize(
    ("born", "adult", "child"),
    [
        (date(2003, 12, 31), 3, None),
        (date(2004, 1, 1), 3, 5),
        (date(2006, 12, 31), 3, 5),
        (date(2007, 1, 1), None, 5),
    ],
)
def test_the_elder_children_may_choose(
    policy: CounterPolicy, born: date, adult: int | None, child: int | None
) -> None:
    choice = replace(policy, child_born_from=date(2004, 1, 1), either_born_before=date(2007, 1, 1))
    for product, expected in ((Product.ADULT_MASK, adult), (Product.CHILD_MASK, child)):
        if expected is None:
            with pytest.raises((ChildNotEligible, ProductNotForAdult)):
                pieces(choice, born, product)
        else:
            assert pieces(choice, born, product) == expected


def test_who_must_buy_child_masks_is_told_by_the_later_line(policy: CounterPolicy) -> None:
    choice = replace(policy, either_born_before=date(2010, 1, 1))
    with pytest.raises(ChildNotEligible) as refused:
        pieces(choice, date(2012, 5, 5), Product.ADULT_MASK)
    assert refused.value.child_born_from == date(2010, 1, 1)
    without_effect = replace(policy, either_born_before=date(2000, 1, 1))
    assert pieces(without_effect, ADULT, Product.ADULT_MASK) == 3
    with pytest.raises(ChildNotEligible) as refused:
        pieces(without_effect, CHILD, Product.ADULT_MASK)
    assert refused.value.child_born_from == policy.child_born_from


def test_adults_follow_odd_and_even(policy: CounterPolicy) -> None:
    with pytest.raises(WrongDayOddEven) as refused:
        pieces(policy, ADULT, Product.ADULT_MASK, digit=2)
    assert refused.value.next_date == date(2020, 3, 17)
    assert pieces(policy, ADULT, Product.ADULT_MASK, day=date(2020, 3, 22), digit=2) == 3
    assert pieces(replace(policy, odd_even=False), ADULT, Product.ADULT_MASK, digit=2) == 3


def test_children_are_exempt_while_the_policy_says_so(policy: CounterPolicy) -> None:
    assert pieces(policy, CHILD, Product.CHILD_MASK, digit=2) == 5
    with pytest.raises(WrongDayOddEven):
        pieces(replace(policy, children_exempt=False), CHILD, Product.CHILD_MASK, digit=2)
