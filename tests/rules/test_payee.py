"""Where a refund goes, however it is typed."""

import pytest

from emask.rules.entries import InvalidEntry
from emask.rules.payee import last_digits, normalise_account, normalise_bank_code


@pytest.mark.parametrize("typed", ["700", " ７００ ", "7-0-0", "70 0"])
def test_a_bank_code_is_three_digits(typed: str) -> None:
    assert normalise_bank_code(typed) == "700"


@pytest.mark.parametrize("typed", ["", "70", "7000", "7OO", "٧٠٠"])
def test_nothing_else_is_one(typed: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        normalise_bank_code(typed)
    assert "3 碼數字" in refused.value.zh
    assert "3 digits" in refused.value.en


@pytest.mark.parametrize(
    "typed", ["0001 2345 678901", "0001-2345-678901", "０００１２３４５６７８９０１"]
)
def test_an_account_keeps_its_zeros(typed: str) -> None:
    assert normalise_account(typed) == "00012345678901"


@pytest.mark.parametrize("typed", ["12345", "1" * 17, "123456A", "123456\n7a"])
def test_what_is_no_account_is_told_without_being_repeated(typed: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        normalise_account(typed)
    assert typed not in f"{refused.value} {refused.value.zh} {refused.value.en}"


def test_pages_show_the_end_alone() -> None:
    assert last_digits("00012345678901") == "8901"
    assert last_digits("123456") == "3456"
