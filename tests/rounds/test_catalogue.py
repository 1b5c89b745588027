"""Rounds and policies as data: the first round of the Q&A, and what a mistake in a file tells."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from emask.rounds.catalogue import (
    BUILT_IN,
    RoundFieldError,
    RoundFileError,
    built_in_policies,
    built_in_round,
    fields_of,
    round_from_fields,
    round_from_file,
)
from emask.rules.calendar import Channel, DeferredClaim, Product, Round, at


def march(day: int) -> date:
    return date(2020, 3, day)


FIRST = Round(
    id="2020-1",
    opens_at=at(march(12), 9),
    closes_at=at(march(18), 20),
    pay_from=at(march(19), 8),
    pay_until=at(march(21), 20),
    release_at=at(march(22), 8),
    pickup_from=march(26),
    pickup_until=date(2020, 4, 1),
    quota=2_333_333,
    product=Product.ADULT_MASK,
    pieces=3,
    price=5,
    handling_fee=7,
    interval_days=7,
    child_born_from=date(2007, 1, 1),
    deferred_claim=DeferredClaim.FULL,
)


def test_b2_b6_b13_the_first_round_is_built_in() -> None:
    assert built_in_round("2020-1") == FIRST
    assert built_in_round("2020-1").amount_due == 22


def test_a_later_rule_is_data_too() -> None:
    nine = built_in_round("2020-nine")
    assert (nine.pieces, nine.interval_days, nine.amount_due) == (9, 14, 52)


def test_the_windows_of_the_built_in_rounds_follow_one_another() -> None:
    rounds = [built_in_round(round_id) for round_id in BUILT_IN]
    assert [each.id for each in rounds] == list(BUILT_IN)
    assert all(one.pickup_until < other.pickup_from for one, other in pairwise(rounds))


def test_no_other_round_is_built_in() -> None:
    with pytest.raises(LookupError, match="2019-1"):
        built_in_round("2019-1")


def test_b1_b17_the_counter_policy_of_march_equals_the_first_round() -> None:
    policy = next(each for each in built_in_policies() if each.valid_from == march(5))
    assert (policy.adult_pieces, policy.child_pieces, policy.price) == (3, 5, 5)
    assert (policy.interval_days, policy.child_born_from) == (7, date(2007, 1, 1))
    assert policy.odd_even
    assert policy.children_exempt
    assert not policy.adult_may_buy_child_masks


def test_policies_begin_with_the_scheme_and_stand_in_order() -> None:
    days = [policy.valid_from for policy in built_in_policies()]
    assert days[0] == date(2020, 2, 6)
    assert days == sorted(set(days))


@pytest.mark.parametrize("round_id", BUILT_IN)
def test_a_round_survives_being_written_as_text(round_id: str) -> None:
    entered = replace(
        built_in_round(round_id),
        channels=frozenset({Channel.KIOSK}),
        closed_to_buyers_of="2020-0",
        deferred_claim=DeferredClaim.WINDOW_START,
    )
    assert round_from_fields(fields_of(entered)) == entered


def test_a_table_may_be_written_as_people_write() -> None:
    table = {
        "Opens at": "2020/03/12 ０９：００",
        "quota": "2,333,333 份",
        "product": "成人口罩",
        "pieces per pack": "３",
        "interval": "7 天",
        "price per piece": "5元",
        "channels": "computer、mobile, counter",
        "closed_to_buyers_of": "",
    }
    assert round_from_fields({**fields_of(FIRST), **table}) == FIRST


def test_what_may_be_left_out_has_its_usual_value() -> None:
    fields = fields_of(FIRST)
    for optional in ("product", "deferred_claim", "channels", "release_at"):
        del fields[optional]
    assert round_from_fields(fields) == replace(FIRST, release_at=FIRST.pay_until)


def test_a_time_with_its_own_zone_keeps_its_instant() -> None:
    fields = {**fields_of(FIRST), "opens_at": "2020-03-12 01:00+00:00"}
    assert round_from_fields(fields).opens_at == datetime(2020, 3, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("opens_at", "the twelfth"),
        ("opens_at", ""),
        ("pickup_from", "3/26"),
        ("quota", "many"),
        ("quota", "0"),
        ("quota", "-5"),
        ("product", "soap"),
        ("deferred_claim", "half"),
        ("channels", "computer, fax"),
        ("closes_at", "2020-03-11 20:00"),
        ("pickup_until", "2020-03-25"),
        ("colour", "blue"),
    ],
)
def test_a_mistake_names_its_field(field: str, text: str) -> None:
    with pytest.raises(RoundFieldError) as mistake:
        round_from_fields({**fields_of(FIRST), field: text})
    assert mistake.value.field == field
    assert str(mistake.value).startswith(f"{field}: ")


def test_a_missing_field_is_named() -> None:
    fields = fields_of(FIRST)
    del fields["price"]
    with pytest.raises(RoundFieldError, match="price: is missing"):
        round_from_fields(fields)


def test_a_file_may_use_the_types_of_toml(tmp_path: Path) -> None:
    text = "\n".join(
        [
            *('id = "2020-1"', "opens_at = 2020-03-12 09:00:00", "closes_at = 2020-03-18 20:00:00"),
            *("pay_from = 2020-03-19 08:00:00", "pay_until = 2020-03-21T20:00:00"),
            *("release_at = 2020-03-22T08:00:00+08:00", "pickup_from = 2020-03-26"),
            *("pickup_until = 2020-04-01", "quota = 2333333", "pieces = 3", "price = 5"),
            *("handling_fee = 7", "interval_days = 7", "child_born_from = 2007-01-01"),
            'channels = ["counter", "mobile", "computer"]',
        ]
    )
    path = tmp_path / "first.toml"
    path.write_text(text)
    assert round_from_file(path) == FIRST


@pytest.mark.parametrize(
    ("text", "told"),
    [("quota = [", "round.toml: "), ('id = "x"\n', "round.toml: opens_at: is missing")],
)
def test_a_mistake_in_a_file_names_file_and_field(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "round.toml"
    path.write_text(text)
    with pytest.raises(RoundFileError) as mistake:
        round_from_file(path)
    assert str(mistake.value).startswith(told)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RoundFileError, match=r"gone\.toml"):
        round_from_file(tmp_path / "gone.toml")
