"""The numbers in the bars of labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.rules.labels import MOST_BAGS, Label, label_number, read_label

SHIPMENTS = st.from_regex(r"\A[0-9]{11}\Z")
LABELS = st.builds(Label, SHIPMENTS, st.integers(0, MOST_BAGS))


@given(LABELS)
def test_a_label_is_read_as_it_was_made(label: Label) -> None:
    assert read_label(label_number(label)) == label


@given(LABELS, st.integers(0, 17), st.integers(1, 9))
def test_every_wrong_digit_shows(label: Label, place: int, by: int) -> None:
    number = label_number(label)
    wrong = str((int(number[place]) + by) % 10)
    assert read_label(number[:place] + wrong + number[place + 1 :]) is None


@given(LABELS, st.integers(0, 16))
def test_every_swap_of_neighbours_shows(label: Label, place: int) -> None:
    number = label_number(label)
    first, second = number[place], number[place + 1]
    swapped = number[:place] + second + first + number[place + 2 :]
    assert (read_label(swapped) is None) == (first != second)


def test_scanners_and_people_may_type_as_they_like() -> None:
    number = label_number(Label("01234567890", 12))
    assert read_label(f" {number[:9]}-{number[9:]} ") == Label("01234567890", 12)
    assert read_label("".join(chr(ord(digit) + 0xFEE0) for digit in number)) is not None


@pytest.mark.parametrize("label", [Label("1", 1), Label("0" * 11, -1), Label("0" * 11, 100_000)])
def test_what_a_label_cannot_say_is_refused(label: Label) -> None:
    with pytest.raises(ValueError, match="eleven digits"):
        label_number(label)


@pytest.mark.parametrize("text", ["", "0", "1" * 17, "a" * 18, "0" * 18, "1" * 19])
def test_other_numbers_are_no_labels(text: str) -> None:
    assert read_label(text) is None
