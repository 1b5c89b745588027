import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.rules.people import InvalidEntry
from emask.rules.pickup import (
    is_pickup_number,
    normalise_kiosk_number,
    normalise_pickup_number,
    normalise_slip_number,
    pickup_number,
    slip_number,
)

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


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 11), st.integers(1, 9))
def test_a_slip_shows_every_single_wrong_digit(digits: str, place: int, by: int) -> None:
    number = slip_number(digits)
    assert normalise_slip_number(f"{number[:4]} {number[4:8]}-{number[8:]}") == number
    wrong = str((int(number[place]) + by) % 10)
    with pytest.raises(InvalidEntry) as refused:
        normalise_slip_number(number[:place] + wrong + number[place + 1 :])
    assert refused.value.reason == "wrong_check_digit"


@pytest.mark.parametrize("typed", ["", "12345678901", "1234567890123", "12345678901x"])
def test_what_is_no_slips_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        normalise_slip_number(typed)
    assert (refused.value.field, refused.value.reason) == ("slip_number", "wrong_shape")
    with pytest.raises(ValueError, match="eleven digits"):
        slip_number(typed[:10])


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("00000 572-4", "000005724"),
        ("3F2A 9c01", "3f2a9c01"),
        ("０００００５７２", "00000572"),  # an entry's number may have digits alone
    ],
)
def test_a_kiosk_takes_the_beginning_of_an_entrys_number_too(typed: str, entry: str) -> None:
    assert normalise_kiosk_number(typed) == entry


@pytest.mark.parametrize("typed", ["3f2a9c0", "3f2a9c012", "3f2a9c0g"])
def test_what_is_neither_is_refused_as_a_pickup_number(typed: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        normalise_kiosk_number(typed)
    assert (refused.value.field, refused.value.reason) == ("pickup_number", "wrong_shape")


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
