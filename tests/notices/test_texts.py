"""One segment each, in both languages, whatever the figures; and nothing that fraud could copy."""

import re
from datetime import date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emask.notices.texts import Kind, notice_text
from emask.partners.sms.segments import Alphabet, alphabet_of, count_parts
from emask.rules.calendar import TAIPEI, Language

EXTREME = {
    "total": 99_999,
    "pay_until": "2020-12-30T23:59:00+08:00",
    "next_opens_at": "2020-12-31T10:30:00+08:00",
    "collect_from": "2020-12-30",
    "collect_until": "2020-12-31",
    "pickup_number": "123456789",
}
USUAL = {
    **EXTREME,
    "total": 22,
    "pay_until": "2020-03-21T12:00:00+00:00",
    "next_opens_at": "2020-03-25T09:00:00+08:00",
    "collect_from": "2020-03-26",
    "collect_until": "2020-04-01",
}
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
HOURS = st.times().map(lambda time: time.replace(second=0, microsecond=0))
INSTANTS = st.builds(datetime.combine, DAYS, HOURS, st.just(TAIPEI)).map(datetime.isoformat)
FIGURES = st.fixed_dictionaries(
    {
        "total": st.integers(1, 99_999),
        "pay_until": INSTANTS,
        "next_opens_at": INSTANTS,
        "collect_from": DAYS.map(date.isoformat),
        "collect_until": DAYS.map(date.isoformat),
        "pickup_number": st.from_regex(r"\A[0-9]{9}\Z"),
    }
)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", Kind)
@given(figures=FIGURES)
@example(figures=USUAL)
@example(figures=EXTREME)
def test_every_text_is_one_segment(
    kind: Kind, figures: dict[str, object], language: Language
) -> None:
    text = notice_text(kind, language, figures)
    assert count_parts(text) == 1
    assert alphabet_of(text) is (Alphabet.GSM if language == "en" else Alphabet.UCS2)
    assert "{" not in text
    assert "1922" in text


def test_one_letter_more_would_be_counted() -> None:
    """The control: what is told apart is what providers are paid for."""
    assert [count_parts("測" * number) for number in (70, 71)] == [1, 2]
    assert [count_parts("a" * number) for number in (160, 161)] == [1, 2]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", Kind)
def test_no_text_links_anywhere_or_carries_a_long_number(kind: Kind, language: Language) -> None:
    text = notice_text(kind, language, USUAL).replace(str(USUAL["pickup_number"]), "")
    assert not re.search(r"https?:|www\.|\.tw|\.com|//", text)
    assert not re.search(r"\d{5,}", text)
    assert not re.search(r"抱歉|無效|非法|禁止", text)


def test_the_selected_read_what_to_pay_until_when() -> None:
    assert notice_text(Kind.SELECTED, "zh", USUAL) == (
        "【口罩預購】中籤。3/21 20:00前請自行開啟預購網站或健保App繳費22元。查詢1922"
    )
    assert notice_text(Kind.SELECTED, "en", USUAL) == (
        "[Mask pre-order] You are selected. Pay NT$22 by 20:00 on 21 Mar: open the pre-order"
        " site or NHI app yourself. Questions: 1922"
    )


@given(total=st.integers(1, 99_999))
def test_the_amount_stands_as_people_say_it(total: int) -> None:
    for kind in (Kind.SELECTED, Kind.PAY_REMINDER, Kind.PAID, Kind.REFUND):
        assert f"{total}元" in notice_text(kind, "zh", {**USUAL, "total": total})


def test_the_not_selected_read_when_the_next_round_opens_if_there_is_one() -> None:
    assert notice_text(Kind.NOT_SELECTED, "zh", USUAL) == (
        "【口罩預購】本輪未中籤。仍可持健保卡至藥局或衛生所購買；下一輪3/25 09:00開始登記。查詢1922"
    )
    assert notice_text(Kind.NOT_SELECTED, "zh", {}) == (
        "【口罩預購】本輪未中籤。仍可持健保卡至藥局或衛生所購買。查詢1922"
    )


def test_the_arrived_read_their_pick_up_number_and_first_day() -> None:
    text = notice_text(Kind.ARRIVED, "zh", USUAL)
    assert "123456789" in text
    assert "3/26至4/1" in text


def test_a_missing_figure_is_no_text() -> None:
    with pytest.raises(KeyError):
        notice_text(Kind.SELECTED, "zh", {"total": 22})
