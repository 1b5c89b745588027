import json
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from string import Formatter

import pytest

from emask.rules import refusals
from emask.rules.calendar import Language, at
from emask.rules.people import Document
from emask.rules.price import Method
from emask.rules.refusals import REFUSALS, Refusal

STABLE_CODES = """
    no_preorder out_of_stock product_not_for_adult wrong_pin pin_locked certificate_expired
    certificate_untrusted evidence_replayed not_open_yet closed child_not_eligible
    product_not_online interval_not_over already_bought wrong_day_odd_even would_void_preorder
    unknown_store store_closed not_registered card_unknown card_inactive wrong_password locked_out
    certificate_invalid certificate_revoked certificate_not_bound nationals_only not_own_number
    prepaid_line company_line not_on_mobile_network line_unknown unlock_failed device_code_wrong
    device_code_expired not_selected payment_not_open payment_closed method_not_allowed
    already_paid not_paid not_arrived too_early already_collected pickup_over wrong_store
    wrong_pickup_number document_mismatch forfeited
"""
IDENTITY_CODES = """
    not_registered card_unknown card_inactive wrong_password locked_out wrong_pin pin_locked
    certificate_invalid certificate_expired certificate_untrusted certificate_revoked
    certificate_not_bound evidence_replayed nationals_only not_own_number prepaid_line company_line
    not_on_mobile_network line_unknown unlock_failed device_code_wrong device_code_expired
    device_not_bound computer_only
    evidence_altered evidence_expired evidence_foreign_origin evidence_cross_origin card_malformed
    revocation_unknown line_unproven operator_unreachable passkey_synced
"""
ADDED_CODES = """
    channel_not_offered device_not_bound computer_only documents_missing proxy_limit
    evidence_altered evidence_expired evidence_foreign_origin evidence_cross_origin card_malformed
    revocation_unknown line_unproven operator_unreachable passkey_synced family_code_wrong
    cancelled never_came not_drawn_yet pickup_number_needed slip_unknown slip_expired undo_over
    undo_elsewhere site_inactive sale_number_used
"""
LANGUAGES: tuple[Language, ...] = ("zh", "en")
NEVER_SAID = ("請", "抱歉", "無效", "非法", "禁止")
A_FACT: dict[object, object] = {
    date | None: date(2020, 3, 29),
    datetime | None: at(date(2020, 3, 21), 20),
    str | None: "健康藥局",
    int | None: 3,
    tuple[str, ...] | None: (Document.NHI_CARD, Document.NATIONAL_ID),
}

every_code = pytest.mark.parametrize("code", sorted(REFUSALS))
both_languages = pytest.mark.parametrize("language", LANGUAGES)


def with_all_facts(refusal: type[Refusal]) -> Refusal:
    return refusal(**{f.name: A_FACT[f.type] for f in fields(refusal)})


def templates(refusal: type[Refusal]) -> Iterator[str]:
    yield from (refusal.zh, refusal.en)


def test_every_stable_code_has_its_class() -> None:
    assert set(REFUSALS) == {*STABLE_CODES.split(), *ADDED_CODES.split()}


@every_code
def test_a_class_is_called_like_its_code(code: str) -> None:
    refusal = REFUSALS[code]
    assert refusal.__name__ == "".join(part.capitalize() for part in code.split("_"))
    assert getattr(refusals, refusal.__name__) is refusal
    assert str(refusal()) == code
    assert refusal.status in {403, 404, 409, 410, 422, 423, 429, 503}


@every_code
@both_languages
def test_a_refusal_says_rule_and_fact_and_what_next(code: str, language: Language) -> None:
    refusal = with_all_facts(REFUSALS[code])
    lines = refusal.text(language).split("\n")
    assert 2 <= len(lines) <= 3
    assert all(lines)
    assert refusal.next_step(language)
    assert "{" not in refusal.text(language) + refusal.next_step(language)
    assert refusal.title(language) == lines[0].rstrip("。.")


@every_code
@both_languages
def test_a_refusal_without_facts_still_speaks(code: str, language: Language) -> None:
    refusal = REFUSALS[code]()
    assert refusal.data == {}
    lines = refusal.text(language).split("\n")
    assert all(lines)
    assert "{" not in refusal.text(language)
    assert "None" not in refusal.text(language)
    assert refusal.title(language) == with_all_facts(REFUSALS[code]).title(language)


@every_code
def test_each_language_is_spoken_when_it_is_asked_for(code: str) -> None:
    refusal = REFUSALS[code]()
    for words in (refusal.title, refusal.text, refusal.next_step):
        assert words("en").isascii()
        assert not words("zh").isascii()


@every_code
def test_both_languages_tell_the_same_facts(code: str) -> None:
    named = [
        [name for _, name, _, _ in Formatter().parse(template) if name]
        for template in templates(REFUSALS[code])
    ]
    assert named[0] == named[1]
    assert set(named[0]) <= {field.name for field in fields(REFUSALS[code])}


@every_code
def test_the_words_tell_what_to_do_and_do_not_scold(code: str) -> None:
    refusal = REFUSALS[code]
    chinese = refusal.zh + refusal().next_step("zh")
    assert not [word for word in NEVER_SAID if word in chinese]
    assert not [word for word in ("invalid", "illegal", "forbidden", "sorry") if word in refusal.en]


@every_code
def test_data_is_plain(code: str) -> None:
    refusal = with_all_facts(REFUSALS[code])
    assert set(refusal.data) == {field.name for field in fields(refusal)}
    assert json.loads(json.dumps(refusal.data)) == refusal.data


def test_a6_every_identity_failure_ends_with_the_hotline() -> None:
    identity_codes = set(IDENTITY_CODES.split())
    assert {code for code, refusal in REFUSALS.items() if refusal.identity} == identity_codes
    for code, refusal in REFUSALS.items():
        for language in LANGUAGES:
            step = refusal().next_step(language)
            named = all(number in step for number in ("0800-030-598", "4128-678", "(02)4128-678"))
            assert named is (code in identity_codes)


@pytest.mark.parametrize("code", ["card_unknown", "card_inactive", "locked_out"])
def test_what_is_refused_at_counters_and_kiosks_too_does_not_speak_of_signing_in(
    code: str,
) -> None:
    refusal = REFUSALS[code]
    assert "登入" not in refusal.zh + refusal.next_zh
    assert not re.search(r"sign(ing)? in", refusal.en + refusal.next_en)


def test_dates_are_written_out_and_lists_are_words() -> None:
    interval = refusals.IntervalNotOver(next_date=date(2020, 3, 29), bought_on=date(2020, 3, 22))
    assert interval.text("zh").split("\n")[1:] == [
        "上次購買日是3月22日（星期日）。",
        "3月29日（星期日）起可以再購買。",
    ]
    assert interval.text("en").endswith("You can buy again from Sunday 29 March 2020.")
    assert interval.data == {"next_date": "2020-03-29", "bought_on": "2020-03-22"}
    opening = refusals.NotOpenYet(opens_at=datetime(2020, 3, 12, 1, tzinfo=UTC))
    assert opening.text("zh").endswith("3月12日（星期四）上午 9:00開始登記。")
    assert opening.data == {"opens_at": "2020-03-12T01:00:00+00:00"}
    method = refusals.MethodNotAllowed(allowed=(Method.WEB_ATM, Method.ATM))
    assert "網路銀行、ATM" in method.text("zh")
    assert "online banking, ATM transfer" in method.text("en")
    assert method.data == {"allowed": "web_atm,atm"}


def test_a_line_whose_fact_is_unknown_is_left_out() -> None:
    assert refusals.IntervalNotOver(next_date=date(2020, 3, 29)).text("zh").split("\n") == [
        "兩次購買之間要隔滿規定的天數。",
        "3月29日（星期日）起可以再購買。",
    ]


def test_braces_in_a_fact_are_text() -> None:
    assert "{until}" in refusals.OutOfStock(site_name="{until}").text("zh")
