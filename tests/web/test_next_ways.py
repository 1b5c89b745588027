"""Every failed way in names why, what next, other ways, and the hotline (A5, A6)."""

import pytest

from emask.rules.refusals import REFUSALS
from emask.rules.refusals.base import IdentityRefusal
from emask.web.citizen.troubles import CARD_READING, PASSKEY, SIGNATURE
from emask.web.shell.next_ways import next_ways, retry_path
from web.visitor import Visitor

AGENT_CODES = {
    *("unreachable", "permission", "origin_refused", "host_refused", "token_refused"),
    *("no_reader", "no_card", "other_card", "card_removed", "card_busy", "unreadable"),
}
ANSWERED_BY_BEGINNING_AGAIN = {
    *("evidence_altered", "evidence_expired", "evidence_foreign_origin", "evidence_replayed"),
    *("evidence_cross_origin", "locked_out"),
}


def test_every_refusal_of_a_way_in_offers_another() -> None:
    codes = {code for code, each in REFUSALS.items() if issubclass(each, IdentityRefusal)}
    assert {code for code in codes if not next_ways(code)} == ANSWERED_BY_BEGINNING_AGAIN


def test_foreigners_are_offered_their_own_ways() -> None:
    paths = {way.path for way in next_ways("nationals_only")}
    assert paths == {"/identify/card", "/identify/device-code"}  # A5


def test_another_try_begins_where_it_can_succeed() -> None:
    assert retry_path("/identify/card", "wrong_password") == "/identify/card"
    assert retry_path("/identify/mobile/return", "prepaid_line") == "/identify/mobile"
    assert retry_path("/identify/bind", "unlock_failed") == "/identify/bind"
    assert retry_path("/identify/bind", "evidence_expired") == "/identify"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("/identify/card", AGENT_CODES | {"card_malformed"}),
        ("/register", AGENT_CODES | {"card_malformed"}),
        (
            "/identify/certificate",
            AGENT_CODES | {"no_certificate", "pin_cancelled", "wrong_pin", "pin_locked"},
        ),
    ],
)
async def test_every_answer_of_the_card_agent_has_its_words(
    visitor: Visitor, *, language: str, path: str, codes: set[str]
) -> None:
    visitor.language = language
    page = await visitor.go(path)
    for code in codes:
        _, _, message = page.html.partition(f'data-agent-message="{code}"')
        message, _, _ = message.partition("data-agent-message=")
        assert "hidden" in message
        assert "tel:0800030598" in message
        assert f"/{language}/identify" in message
    assert page.html.count("data-agent-message=") == len(codes)


def test_the_tables_of_words_hold_every_code() -> None:
    assert set(CARD_READING) >= AGENT_CODES
    assert set(SIGNATURE) >= AGENT_CODES
    assert set(PASSKEY) == {"cancelled", "exists", "unsupported", "insecure"}


@pytest.mark.parametrize("path", ["/identify/card", "/identify/certificate", "/identify/device"])
async def test_without_scripts_a_page_says_what_it_needs(visitor: Visitor, path: str) -> None:
    page = await visitor.go(path)
    _, _, notice = page.html.partition("<noscript>")
    assert "JavaScript" in notice.partition("</noscript>")[0]


async def test_residents_read_which_ways_are_theirs_before_they_try(visitor: Visitor) -> None:
    visitor.language = "en"
    ways = await visitor.go("/identify")
    assert "With a residence permit" in ways.text
    mobile = await visitor.go("/identify/mobile")
    assert {"/en/identify/card", "/en/identify/device-code"} <= {*mobile.links}
