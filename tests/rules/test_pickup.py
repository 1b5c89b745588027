import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.rules.people import InvalidEntry
from emask.rules.pickup import is_pickup_number, normalise_pickup_number, pickup_number

digits = st.text("0123456789", min_size=8, max_size=8)


def test_the_published_example_of_damms_digit() -> None:
    assert pickup_number("00000572") == "000005724"


@given(digits)
def test_made_numbers_pass(random_digits: str) -> None:
    number = pickup_number(random_digits)
    assert number.startswith(random_digits)
    assert len(number) == 9
    assert is_pickup_number(number)
    assert normalise_pickup_number(f" {number[:3]}-{number[3:6]} {number[6:]}") == number


@given(digits)
def test_every_single_wrong_digit_shows(random_digits: str) -> None:
    number = pickup_number(random_digits)
    for place, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not is_pickup_number(number[:place] + wrong + number[place + 1 :])


@given(digits)
def test_every_swap_of_neighbours_shows(random_digits: str) -> None:
    number = pickup_number(random_digits)
    for place in range(8):
        one, other = number[place], number[place + 1]
        swapped = number[:place] + other + one + number[place + 2 :]
        assert is_pickup_number(swapped) is (one == other)


def test_full_width_digits_are_digits() -> None:
    assert normalise_pickup_number("０００００５７２４") == "000005724"
    assert not is_pickup_number("０００００５７２４")


@pytest.mark.parametrize(
    "random_digits", ["", "1234567", "123456789", "1234567x", "１２３４５６７８"]
)
def test_a_number_is_made_from_eight_digits(random_digits: str) -> None:
    with pytest.raises(ValueError, match="eight digits"):
        pickup_number(random_digits)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("00000572", "wrong_shape"),
        ("0000057244", "wrong_shape"),
        ("00000572X", "wrong_shape"),
        ("000005725", "wrong_check_digit"),
    ],
)
def test_what_is_no_pickup_number_is_refused(typed: str, reason: str) -> None:
    assert not is_pickup_number(typed)
    with pytest.raises(InvalidEntry) as refused:
        normalise_pickup_number(typed)
    assert (refused.value.field, refused.value.reason) == ("pickup_number", reason)
