from collections.abc import Callable
from datetime import date

import pytest

from emask.rules.people import (
    InvalidEntry,
    normalise_household_number,
    normalise_mobile,
    normalise_nhi_card,
    parse_birth_date,
)


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678",
        "0912-345-678",
        " 0912 345 678 ",
        "０９１２３４５６７８",
        "+886912345678",
        "+886 912-345-678",
        "+886 0912 345 678",
        "886912345678",
        "912345678",
    ],
)
def test_a_mobile_number_in_any_form(typed: str) -> None:
    assert normalise_mobile(typed) == "0912345678"


def test_a9_the_number_on_the_card() -> None:
    assert normalise_nhi_card("0000 1234-5678") == "000012345678"
    assert normalise_nhi_card("００００１２３４５６７８") == "000012345678"


def test_a_household_number() -> None:
    assert normalise_household_number("f123-4567") == "F1234567"


@pytest.mark.parametrize(
    "typed",
    [
        "1983-07-15",
        "1983/7/15",
        "1983.7.15",
        "19830715",
        "072/07/15",
        "72-7-15",
        "0720715",
        "民國72年7月15日",
        "民國 72 年 7 月 15 日",
        "１９８３－０７－１５",
    ],
)
def test_a_birth_date_in_either_calendar(typed: str) -> None:
    assert parse_birth_date(typed) == date(1983, 7, 15)


def test_years_of_three_digits_are_the_republics() -> None:
    assert parse_birth_date("109/02/29") == date(2020, 2, 29)
    assert parse_birth_date("民國189年12月31日") == date(2100, 12, 31)


@pytest.mark.parametrize(
    ("parse", "field", "typed", "reason"),
    [
        (normalise_mobile, "mobile", "0212345678", "wrong_shape"),
        (normalise_mobile, "mobile", "091234567", "wrong_shape"),
        (normalise_mobile, "mobile", "+8860212345678", "wrong_shape"),
        (normalise_mobile, "mobile", "", "wrong_shape"),
        (normalise_nhi_card, "nhi_card", "00001234567", "wrong_shape"),
        (normalise_nhi_card, "nhi_card", "0000123456789", "wrong_shape"),
        (normalise_nhi_card, "nhi_card", "٠٠٠٠١٢٣٤٥٦٧٨", "wrong_shape"),
        (normalise_household_number, "household_number", "12345678", "wrong_shape"),
        (normalise_household_number, "household_number", "F12345678", "wrong_shape"),
        (parse_birth_date, "birth_date", "15 July 1983", "wrong_shape"),
        (parse_birth_date, "birth_date", "1983-07-15x", "wrong_shape"),
        (parse_birth_date, "birth_date", "1983-02-29", "no_such_day"),
        (parse_birth_date, "birth_date", "9983-07-15", "no_such_year"),
        (parse_birth_date, "birth_date", "1000-01-01", "no_such_year"),
        (parse_birth_date, "birth_date", "民國前99年7月15日", "no_such_year"),
        (parse_birth_date, "birth_date", "7200715", "no_such_year"),
        (parse_birth_date, "birth_date", "0721315", "no_such_day"),
    ],
)
def test_what_cannot_be_understood_says_what_to_type(
    parse: Callable[[str], object], field: str, typed: str, reason: str
) -> None:
    with pytest.raises(InvalidEntry) as refused:
        parse(typed)
    entry = refused.value
    assert (entry.field, entry.reason) == (field, reason)
    assert str(entry) == f"{field}: {reason}"  # never what was typed
    assert entry.text("zh") == entry.zh
    assert entry.text("en") == entry.en


@pytest.mark.parametrize("field", ["id_number", "mobile", "nhi_card", "pickup_number", "other"])
@pytest.mark.parametrize("reason", ["wrong_shape", "wrong_check_digit", "no_such_day"])
def test_the_words_of_an_entry_tell_what_to_do(field: str, reason: str) -> None:
    entry = InvalidEntry(field, reason)
    assert "輸入" in entry.zh
    assert entry.en.startswith("Enter ")
    assert not set("請歉") & set(entry.zh)


def test_hints_follow_the_reason() -> None:
    assert InvalidEntry("id_number", "wrong_shape").zh.endswith("例如 A123456789")
    assert "檢查碼" in InvalidEntry("id_number", "wrong_check_digit").zh
    assert "check digit" in InvalidEntry("id_number", "wrong_check_digit").en
