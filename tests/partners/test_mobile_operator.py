"""What the operator says becomes the refusal that fits, or none (A2, A4, A8, A10, A12)."""

import asyncio
import time
from datetime import date, timedelta

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.decisions import check_line
from emask.identity.ports import Contract, Match, Return
from emask.partners.mobile_operator import OperatorConfig, adapter
from emask.rules.refusals import (
    CompanyLine,
    EvidenceAltered,
    EvidenceReplayed,
    LineUnknown,
    LineUnproven,
    NotOnMobileNetwork,
    NotOwnNumber,
    OperatorUnreachable,
    PrepaidLine,
)
from emask.sandbox.operator import Network, Plan
from partners.mobile import NUMBER, PHONE, Mobile, adapter_through, departure, subscriber

TOKEN = "/token"
VERIFY = "/number-verification/v2/verify"
TENURE = "/kyc-tenure/v0.2/check-tenure"
MATCH = "/kyc-match/v0.4/match"


@pytest.fixture
async def mobile(db: Database, clock: SetClock, keys: Keys) -> Mobile:
    return await Mobile.stand(db, clock, keys)


async def test_ones_own_monthly_line_on_its_network_is_proven(mobile: Mobile) -> None:
    facts = await mobile.facts()
    check_line(facts)
    assert (facts.contract, facts.owner) == (Contract.MONTHLY, Match.YES)


@pytest.mark.parametrize(
    ("plan", "refusal"),
    [(Plan.PREPAID, PrepaidLine), (Plan.COMPANY, CompanyLine), (Plan.OTHER, NotOwnNumber)],
)
async def test_lines_of_other_kinds_are_refused_by_their_cause(
    mobile: Mobile, plan: Plan, refusal: type[Exception]
) -> None:
    await mobile.put(plan)
    with pytest.raises(refusal):
        await mobile.check()


async def test_a_lost_line_and_one_that_nobody_knows_are_refused(mobile: Mobile) -> None:
    await mobile.put(Plan.PREPAID, in_service=False)  # known comes before prepaid
    with pytest.raises(LineUnknown):
        await mobile.check()
    await mobile.lines.attach(PHONE, mobile="0987654321", network=Network.MOBILE)
    with pytest.raises(LineUnknown):
        await mobile.check(who=subscriber(mobile="0987654321"))


async def test_a_line_without_tenure_is_no_line(mobile: Mobile) -> None:
    mobile.between.bodies[TENURE] = lambda body: {**body, "tenureDateCheck": False}
    with pytest.raises(LineUnknown):
        await mobile.check()


async def test_another_person_is_not_the_owner(mobile: Mobile) -> None:
    with pytest.raises(NotOwnNumber):
        await mobile.check(who=subscriber(id_number="B123456780"))
    with pytest.raises(NotOwnNumber):
        await mobile.check(who=subscriber(birth_date=date(1980, 5, 18)))


async def test_a_birth_date_that_nobody_knows_is_not_asked(mobile: Mobile) -> None:
    await mobile.check(who=subscriber(birth_date=None))
    assert b"birthdate" not in mobile.between.sent[-1].content


async def test_another_sim_than_the_number_is_refused_and_nothing_else_is_asked(
    mobile: Mobile,
) -> None:
    await mobile.put(Plan.PREPAID, mobile="0987654321")
    with pytest.raises(NotOwnNumber):
        await mobile.check(who=subscriber(mobile="0987654321"))
    assert mobile.between.paths[-1] == VERIFY


async def test_of_a_prepaid_line_the_owner_is_not_asked(mobile: Mobile) -> None:
    await mobile.put(Plan.PREPAID)
    await mobile.facts()
    assert mobile.between.paths[-1] == TENURE


async def test_wifi_and_unknown_addresses_are_not_the_mobile_network(mobile: Mobile) -> None:
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check(returned=await mobile.go(departure(), address="203.0.113.9"))
    await mobile.lines.attach(PHONE, mobile=NUMBER, network=Network.WIFI)
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check()
    assert TOKEN not in mobile.between.paths


@pytest.mark.parametrize(
    "error", ["access_denied", "login_required", "interaction_required", "consent_required"]
)
async def test_an_authorisation_that_the_network_refused_is_not_on_it(
    mobile: Mobile, error: str
) -> None:
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check(returned=Return(code="", error=error))


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable", "invalid_scope", "x"])
async def test_other_errors_are_nobodys_network(mobile: Mobile, error: str) -> None:
    with pytest.raises(OperatorUnreachable):
        await mobile.check(returned=Return(code="", error=error))


async def test_coming_back_with_nothing_is_altered(mobile: Mobile) -> None:
    with pytest.raises(EvidenceAltered):
        await mobile.check(returned=Return(code="", error=""))


async def test_tethering_is_refused_whenever_the_operator_notices(mobile: Mobile) -> None:
    await mobile.mischief.begin("operator", "tethering")
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check()
    await mobile.mischief.begin("operator", "tethering", {"late": True})
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check()
    assert mobile.between.paths[-1] == VERIFY


@pytest.mark.parametrize("network", list(Network))
async def test_an_operators_token_of_ts43_is_refused(mobile: Mobile, network: Network) -> None:
    await mobile.lines.attach(PHONE, mobile=NUMBER, network=network)
    await mobile.mischief.begin("operator", "ts43")
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check()
    assert mobile.between.paths[-1] != VERIFY


async def test_without_the_look_at_the_method_a_token_of_ts43_would_pass(
    mobile: Mobile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "by_network", lambda claims: True)
    await mobile.lines.attach(PHONE, mobile=NUMBER, network=Network.WIFI)
    await mobile.mischief.begin("operator", "ts43")
    await mobile.check()


@pytest.mark.parametrize("field", ["idDocument", "idDocumentType", "birthdate", "nationality"])
@pytest.mark.parametrize("fault", ["not_available", "missing"])
async def test_what_the_operator_leaves_open_proves_nothing(
    mobile: Mobile, fault: str, field: str
) -> None:
    await mobile.mischief.begin("operator", fault, {"fields": [field]})
    with pytest.raises(LineUnproven):
        await mobile.check()


async def test_a_contract_left_open_proves_nothing_and_ends_the_asking(mobile: Mobile) -> None:
    await mobile.mischief.begin("operator", "missing", {"fields": ["contractType"]})
    with pytest.raises(LineUnproven):
        await mobile.check()
    await mobile.mischief.end("operator")
    mobile.between.bodies[TENURE] = lambda body: {**body, "contractType": "PAYM-FAMILY"}
    with pytest.raises(LineUnproven):
        await mobile.check()
    assert MATCH not in mobile.between.paths


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (VERIFY, "devicePhoneNumberVerified", "true"),
        (VERIFY, "devicePhoneNumberVerified", 1),
        (VERIFY, "devicePhoneNumberVerified", None),
        (TENURE, "tenureDateCheck", "true"),
        (TENURE, "contractType", ["PAYM"]),
        (MATCH, "idDocumentMatch", True),
        (MATCH, "idDocumentMatch", "TRUE"),
        (MATCH, "birthdateMatch", None),
        (TOKEN, "token_type", "mac"),
        (TOKEN, "access_token", 7),
        (TOKEN, "id_token", ""),
    ],
)
async def test_answers_of_another_form_are_no_answers(
    mobile: Mobile, path: str, field: str, value: object
) -> None:
    mobile.between.bodies[path] = lambda body: {**body, field: value}
    with pytest.raises(OperatorUnreachable):
        await mobile.check()


@pytest.mark.parametrize("field", ["devicePhoneNumberVerified", "tenureDateCheck", "access_token"])
async def test_answers_without_what_they_must_have_are_no_answers(
    mobile: Mobile, field: str
) -> None:
    await mobile.mischief.begin("operator", "missing", {"fields": [field]})
    with pytest.raises(OperatorUnreachable):
        await mobile.check()


@pytest.mark.parametrize("path", [TOKEN, VERIFY, TENURE, MATCH])
async def test_nonsense_and_statuses_not_agreed_on_are_no_answers(
    mobile: Mobile, path: str
) -> None:
    answers = [
        httpx2.Response(status, text="<h1>?</h1>") for status in (201, 302, 401, 404, 429, 500)
    ]
    for body in (b"", b"[]", b"\xff", b'{"x":' + b"[" * 90_000):
        answers += [httpx2.Response(200, content=body), httpx2.Response(400, content=body)]
    for mobile.between.whole[path] in answers:
        with pytest.raises(OperatorUnreachable):
            await mobile.check()


async def test_a_code_is_good_once(mobile: Mobile) -> None:
    departed = departure()
    returned = await mobile.go(departed)
    await mobile.check(returned=returned, departed=departed)
    with pytest.raises(EvidenceReplayed):
        await mobile.check(returned=returned, departed=departed)


async def test_of_a_code_that_comes_twice_at_once_one_is_taken(mobile: Mobile) -> None:
    departed = departure()
    returned = await mobile.go(departed)
    both = await asyncio.gather(
        *(mobile.facts(returned, departed=departed) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in both) == ["EvidenceReplayed", "LineFacts"]


async def test_a_code_of_another_departure_is_refused(mobile: Mobile) -> None:
    returned = await mobile.go(departure("b"))
    with pytest.raises(EvidenceReplayed):
        await mobile.check(returned=returned, departed=departure("a"))


async def test_an_expired_code_is_refused(mobile: Mobile, clock: SetClock) -> None:
    departed = departure()
    returned = await mobile.go(departed)
    await clock.set(await clock.now() + timedelta(seconds=61))
    with pytest.raises(EvidenceReplayed):
        await mobile.check(returned=returned, departed=departed)


async def test_a_code_given_out_twice_is_told_by_its_evidence_id(mobile: Mobile) -> None:
    await mobile.mischief.begin("operator", "duplicate")
    first = await mobile.facts(departed=departure("a"))
    second = await mobile.facts(departed=departure("b"))
    check_line(second)  # the operator notices nothing
    assert first.evidence_id == second.evidence_id
    await mobile.mischief.end("operator")
    assert (await mobile.facts()).evidence_id != first.evidence_id


async def test_an_operator_that_is_down_is_unreachable(mobile: Mobile) -> None:
    await mobile.adapter.authorisation_url(departure())
    await mobile.mischief.begin("operator", "down")
    with pytest.raises(OperatorUnreachable):
        await mobile.facts(Return(code="some", error=""))
    fresh = adapter_through(mobile.between, mobile.keys)
    with pytest.raises(OperatorUnreachable):
        await fresh.authorisation_url(departure())


@pytest.mark.parametrize("limits", [{"call_seconds": 0.1}, {"total_seconds": 0.1}])
async def test_an_operator_that_is_slow_is_unreachable_in_time(
    mobile: Mobile, limits: dict[str, float]
) -> None:
    departed = departure()
    returned = await mobile.go(departed)
    await mobile.mischief.begin("operator", "slow", {"seconds": 30})
    hurried = adapter_through(mobile.between, mobile.keys, **limits)
    begun = time.monotonic()
    with pytest.raises(OperatorUnreachable):
        await hurried.line(
            returned, departure=departed, subscriber=subscriber(), at=await mobile.clock.now()
        )
    assert time.monotonic() - begun < 3


def test_a_person_waits_for_eight_seconds_at_most() -> None:
    assert OperatorConfig(issuer="", client_id="").total_seconds <= 8
