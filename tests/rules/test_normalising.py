"""However a number or a day is typed, it comes out the same; and nothing else comes out."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emask.rules.people import (
    InvalidEntry,
    Residency,
    make_national_id,
    make_residence_id,
    normalise_certificate_number,
    normalise_household_number,
    normalise_id,
    normalise_mobile,
    normalise_name,
    normalise_nhi_card,
    parse_birth_date,
    residency_of,
)

FULL_WIDTH = {ord(letter): chr(ord(letter) + 0xFEE0) for letter in map(chr, range(0x21, 0x7F))}
IN_BETWEEN = st.sampled_from(["", "", "", " ", "-", "　", "－", "–", "\t"])

# The interior ministry's table of the first letter.
TABLE = "A10B11C12D13E14F15G16H17I34J18K19L20M21N22O35P23Q24R25S26T27U28V29W32X30Y31Z33"
LETTERS = {letter: int(value) for letter, value in re.findall("([A-Z])([0-9]{2})", TABLE)}
WEIGHTS = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)

serials = st.integers(0, 51_999_999)
nationals = serials.map(make_national_id)
residents = serials.map(make_residence_id)
id_shaped = st.from_regex(r"[A-Z][1289A-D][0-9]{8}", fullmatch=True)


def digits_of(number: str) -> list[int]:
    """The eleven digits that the check is over: a letter in the second place gives its last."""
    second = LETTERS[number[1]] % 10 if number[1].isalpha() else int(number[1])
    return [*divmod(LETTERS[number[0]], 10), second, *map(int, number[2:])]


def fits(number: str) -> bool:
    """The check as the ministry words it: the last digit is what the others lack to ten."""
    *others, check = digits_of(number)
    total = sum(digit * weight for digit, weight in zip(others, WEIGHTS, strict=False))
    return check == (10 - total % 10) % 10


def outcome(read: Callable[[str], str], text: str) -> str | InvalidEntry:
    try:
        return read(text)
    except InvalidEntry as refused:
        return refused


older_permits = id_shaped.filter(lambda number: number[1].isalpha()).map(
    lambda number: next(number[:9] + digit for digit in "0123456789" if fits(number[:9] + digit))
)
ids = st.one_of(nationals, residents, older_permits)
cards = st.from_regex(r"[0-9]{12}", fullmatch=True)
households = st.from_regex(r"[A-Z][0-9]{7}", fullmatch=True)
certificates = st.from_regex(r"[A-Z]{2}[0-9]{14}", fullmatch=True)
mobiles = st.from_regex(r"09[0-9]{8}", fullmatch=True)


@st.composite
def typed(draw: st.DrawFn, numbers: st.SearchStrategy[str]) -> tuple[str, str]:
    """A number, and a way to type it: small letters, full width, spaces and hyphens."""
    number = draw(numbers)
    letters = []
    for letter in draw(st.sampled_from([number, number.lower()])):
        wide = draw(st.booleans())
        letters.append(letter.translate(FULL_WIDTH) if wide else letter)
        letters.append(draw(IN_BETWEEN))
    return number, "".join(letters)


@given(typed(ids))
def test_an_id_comes_out_as_it_is(number: tuple[str, str]) -> None:
    right, way = number
    assert normalise_id(way) == right
    assert normalise_id(right) == right


@given(typed(cards), typed(households), typed(certificates))
def test_so_do_numbers_without_a_check_digit(
    card: tuple[str, str], household: tuple[str, str], certificate: tuple[str, str]
) -> None:
    assert normalise_nhi_card(card[1]) == normalise_nhi_card(card[0]) == card[0]
    assert normalise_household_number(household[1]) == household[0]
    assert normalise_certificate_number(certificate[1]) == certificate[0]


@given(
    typed(mobiles), st.sampled_from(["", "+886", "886", "00886", "＋８８６ ", "(+886) ", "+886-"])
)
def test_a_mobile_number_does_in_every_country_s_way(number: tuple[str, str], code: str) -> None:
    right, way = number
    assert normalise_mobile(code + way) == right
    assert normalise_mobile(code + right[1:]) == right
    assert normalise_mobile(normalise_mobile(way)) == right


@given(id_shaped)
def test_the_check_is_the_ministrys(number: str) -> None:
    found = outcome(normalise_id, number)
    if fits(number):
        assert found == number
    else:
        assert isinstance(found, InvalidEntry)
        assert found.reason == "wrong_check_digit"


@given(ids, st.integers(2, 9), st.integers(1, 9))
def test_which_single_mistyped_digits_the_check_sees(number: str, place: int, more: int) -> None:
    """All of them where the weight shares nothing with ten: 7, 3, and both of 1.

    Under the weights 6, 4 and 2 it is blind to a digit that is off by five, under 5 to one that
    is off by an even number: ten divides the difference that these make.
    """
    weight = WEIGHTS[place + 1]
    wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]
    if weight * more % 10 == 0:
        assert weight not in (1, 3, 7)
        assert normalise_id(wrong) == wrong
        return
    with pytest.raises(InvalidEntry) as refused:
        normalise_id(wrong)
    assert refused.value.reason == "wrong_check_digit"


@given(ids, st.integers(2, 8))
def test_two_neighbours_that_change_places_are_seen(number: str, place: int) -> None:
    """The weights of neighbours differ by one, those of the last two not at all."""
    assume(place < 8 and number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    with pytest.raises(InvalidEntry):
        normalise_id(swapped)


@given(nationals, residents, older_permits)
def test_a_number_tells_whose_it_is(national: str, resident: str, older: str) -> None:
    assert residency_of(national) is Residency.NATIONAL
    assert residency_of(resident) is Residency.FOREIGN
    assert residency_of(older) is Residency.FOREIGN


WAYS: list[Callable[[date], str]] = [
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: f"{day:%Y%m%d}",
    lambda day: f"民國{day.year - 1911}年{day.month}月{day.day}日",
    lambda day: f"民國 {day.year - 1911} 年 {day.month} 月 {day.day} 日",
    lambda day: f"中華民國{day.year - 1911}年{day.month:02}月{day.day:02}日",
    lambda day: f"{day.year - 1911:03}/{day:%m/%d}",
    lambda day: f"{day.year - 1911:02}.{day.month}.{day.day}",
    lambda day: f"{day.year - 1911:03}{day:%m%d}",
]


@given(st.dates(date(1912, 1, 1), date(2100, 12, 31)), st.sampled_from(WAYS))
def test_a_day_comes_out_as_it_is(day: date, way: Callable[[date], str]) -> None:
    text = way(day)
    assert parse_birth_date(text) == parse_birth_date(text.translate(FULL_WIDTH)) == day
    assert parse_birth_date(parse_birth_date(text).isoformat()) == day


@given(st.dates(date(1850, 1, 1), date(1911, 12, 31)))
def test_so_does_one_before_the_republic(day: date) -> None:
    for era in ("民國前", "民前"):
        assert parse_birth_date(f"{era}{1912 - day.year}年{day.month}月{day.day}日") == day


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("民國元年1月1日", date(1912, 1, 1)),
        ("民國1年1月1日", date(1912, 1, 1)),
        ("民國0720715", date(1983, 7, 15)),
        ("72−7–15", date(1983, 7, 15)),
    ],
)
def test_days_that_are_typed_seldom(text: str, day: date) -> None:
    assert parse_birth_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "7/15/83",
        "720715",
        "民國1983年7月15日",
        "前5年1月1日x",
        "民國",
        "七十二年七月十五日",
        "72年7月",
    ],
)
def test_what_could_be_another_day_is_asked_again(text: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        parse_birth_date(text)
    assert (refused.value.field, refused.value.reason) == ("birth_date", "wrong_shape")
    assert "072/07/15" in refused.value.zh


READERS = [
    normalise_certificate_number,
    normalise_household_number,
    normalise_id,
    normalise_mobile,
    normalise_name,
    normalise_nhi_card,
    lambda text: parse_birth_date(text).isoformat(),
]


@given(
    st.one_of(st.text(), st.text("0123456789０１２９+-./()年月日民國前元A　"), id_shaped),
    st.sampled_from(READERS),
)
def test_whatever_is_typed_comes_out_in_one_form_or_is_refused(
    text: str, read: Callable[[str], str]
) -> None:
    found = outcome(read, text)
    if isinstance(found, InvalidEntry):
        assert found.zh.startswith("輸入")
        assert found.en.startswith("Enter ")
    else:
        assert read(found) == found


def test_names_are_tidied() -> None:
    assert normalise_name(" John　 Smith ") == "John Smith"
    assert normalise_name("王" * 100)
    for wrong in ("", " ", "王" * 101, "王\0明"):
        with pytest.raises(InvalidEntry) as refused:
            normalise_name(wrong)
        assert (refused.value.field, refused.value.reason) == ("name", "wrong_shape")
