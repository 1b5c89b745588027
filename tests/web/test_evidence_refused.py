"""Evidence that is not this visit's own: each kind is told by its code, with the way to go on."""

import re
from datetime import timedelta

import pytest

from emask.identity.model import NewPerson
from emask.identity.site import Site
from emask.identity.site_tokens import Purpose, SiteTokens
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.sandbox.cards import card_evidence, card_record, evidence_of
from emask.sandbox.certificates import PIN
from emask.sandbox.system import Sandbox
from emask.web.demo.stage import CURTAIN
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.steps import ID_NUMBERS, MOBILES
from web.visitor import Sheet, Visitor

MING: NewPerson = CAST[0].person
ELSEWHERE = Site(origin="http://elsewhere.test")


async def show_card(visitor: Visitor, evidence: str) -> Sheet:
    """What the agent read, with the right password."""
    await visitor.go("/identify/card")
    return await visitor.submit(evidence=evidence, password=PASSWORD)


def told(page: Sheet, code: str) -> bool:
    """The refusal, its hotline and the other ways."""
    return code in page.text and "0800-030-598" in page.text and "/zh/identify" in page.links


async def test_a_reading_serves_once(visitor: Visitor, system: System) -> None:
    evidence = card_evidence(system.identity.tokens, MING, at=CURTAIN)
    assert (await show_card(visitor, evidence)).path == "/zh/store"
    assert told(await show_card(visitor, evidence), "evidence_replayed")


async def test_a_reading_is_over_after_minutes(visitor: Visitor, system: System) -> None:
    evidence = card_evidence(system.identity.tokens, MING, at=CURTAIN)
    await advance_to(system, CURTAIN + timedelta(minutes=5))
    assert told(await show_card(visitor, evidence), "evidence_expired")


async def test_a_reading_for_another_site_is_refused(visitor: Visitor, system: System) -> None:
    tokens = SiteTokens(system.site_keys, ELSEWHERE)
    evidence = card_evidence(tokens, MING, at=CURTAIN)
    assert told(await show_card(visitor, evidence), "evidence_foreign_origin")


@pytest.mark.parametrize("purpose", Purpose)
async def test_a_token_that_is_not_ours_or_not_for_this_is_refused(
    visitor: Visitor, system: System, purpose: Purpose
) -> None:
    token = system.identity.tokens.issue(purpose, now=CURTAIN)
    if purpose is Purpose.READ:
        token = token[:-8] + "AAAAAAAA"
    assert told(await show_card(visitor, evidence_of(token, card_record(MING))), "evidence_altered")


async def test_half_a_card_is_no_card(visitor: Visitor, system: System) -> None:
    token = system.identity.tokens.issue(Purpose.READ, now=CURTAIN)
    half = evidence_of(token, card_record(MING)[:30])
    refused = await show_card(visitor, half)
    assert refused.status == 422
    assert told(refused, "card_malformed")


async def test_a_signature_answers_its_own_challenge_once(
    visitor: Visitor, system: System, sandbox: Sandbox
) -> None:
    page = await visitor.go("/identify/certificate")
    challenge = visitor.form("challenge").values["challenge"]
    evidence = await sandbox.certificates.sign(
        id_number=MING.id_number, pin=PIN, challenge=challenge, at=CURTAIN
    )
    other = system.identity.tokens.issue(Purpose.SIGN, now=CURTAIN)
    assert told(await visitor.submit(challenge=other, evidence=evidence), "certificate_invalid")
    for path, code in (("/zh/store", ""), (page.path, "evidence_replayed")):
        await visitor.go("/identify/certificate")
        answered = await visitor.submit(challenge=challenge, evidence=evidence)
        assert answered.path == path
        assert code in answered.text


async def test_an_unlock_on_another_sites_page_is_refused(
    visitor: Visitor, sandbox: Sandbox
) -> None:
    await visitor.go("/identify/mobile")
    own = {"id_number": ID_NUMBERS["ming"], "mobile": MOBILES["ming"], "demo_phone": "ming"}
    page = await visitor.submit(**own)
    found = re.search(r"data-passkey-options>(.*?)</script>", page.html)
    assert found
    options = found[1]
    answer = await sandbox.phone.create(options, origin=ELSEWHERE.origin, handset="demo-phone-ming")
    refused = await visitor.submit(answer=answer)
    assert told(refused, "evidence_foreign_origin")
    touched = await sandbox.phone.touch(
        options, origin=sandbox.site.origin, handset="demo-phone-ming"
    )
    await visitor.go("/identify/bind")
    refused = await visitor.submit(answer=touched)
    assert told(refused, "unlock_failed")
    assert "/zh/identify/bind" in refused.links  # the permit is still good
