"""The sandboxed operator's interfaces answer as CAMARA's definitions say, to whom may ask."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.sandbox.operator import Plan
from partners.mobile import BORN, NUMBER, OWNER, Mobile
from sandbox.consumer import BOTH, CORRELATOR, MATCH, SCOPE, TENURE, VERIFY, Consumer

E164 = "+886912345678"
PURPOSE = "dpv:FraudPreventionAndDetection"
IDENTITY = {
    "idDocument": OWNER,
    "idDocumentType": "national_id_card",
    "birthdate": BORN.isoformat(),
    "nationality": "TW",
}
TODAY = {"tenureDate": "2020-03-12"}


@pytest.fixture
async def consumer(db: Database, clock: SetClock, keys: Keys) -> Consumer:
    return Consumer(await Mobile.stand(db, clock, keys))


@pytest.mark.parametrize(
    ("body", "verified"),
    [
        ({"phoneNumber": E164}, True),
        ({"phoneNumber": "+886987654321"}, False),
        ({"hashedPhoneNumber": sha256(E164.encode()).hexdigest()}, True),
        ({"hashedPhoneNumber": sha256(E164.encode()).hexdigest().upper()}, True),
        ({"hashedPhoneNumber": sha256(b"+123456789").hexdigest()}, False),
    ],
)
async def test_a_number_is_verified_plainly_or_as_its_digest(
    consumer: Consumer, *, body: dict[str, str], verified: bool
) -> None:
    answer = await consumer.ask(VERIFY, body, await consumer.three_legged())
    assert answer.status_code == 200
    assert answer.headers["x-correlator"] == CORRELATOR
    assert answer.json() == {"devicePhoneNumberVerified": verified}


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        {"phoneNumber": ""},
        {"phoneNumber": NUMBER},
        {"phoneNumber": 886912345678},
        {"hashedPhoneNumber": "abc"},
        {"phoneNumber": E164, "hashedPhoneNumber": "0" * 64},
    ],
)
async def test_one_number_is_verified_in_the_agreed_form(consumer: Consumer, body: Any) -> None:
    token = await consumer.three_legged()
    assert await consumer.error(VERIFY, body, token) == (400, "INVALID_ARGUMENT")


async def test_a_verification_takes_its_token(consumer: Consumer) -> None:
    for body in ({"phoneNumber": E164}, {}):
        token = await consumer.three_legged()
        await consumer.ask(VERIFY, body, token)
        assert await consumer.error(VERIFY, body, token) == (401, "UNAUTHENTICATED")


async def test_of_two_verifications_at_once_one_has_the_token(consumer: Consumer) -> None:
    token = await consumer.three_legged()
    both = await asyncio.gather(
        *(consumer.ask(VERIFY, {"phoneNumber": E164}, token) for _ in range(2))
    )
    assert sorted(each.status_code for each in both) == [200, 401]


async def test_tokens_of_a_client_alone_are_good_more_than_once(consumer: Consumer) -> None:
    token = await consumer.two_legged()
    for _ in range(2):
        answer = await consumer.ask(TENURE, {**TODAY, "phoneNumber": E164}, token)
        assert answer.status_code == 200


@pytest.mark.parametrize("seconds", [299, 300])
async def test_tokens_live_for_five_minutes(
    consumer: Consumer, clock: SetClock, seconds: int
) -> None:
    three, two = await consumer.three_legged(), await consumer.two_legged()
    await clock.set(await clock.now() + timedelta(seconds=seconds))
    alive = 200 if seconds < 300 else 401
    answer = await consumer.ask(VERIFY, {"phoneNumber": E164}, three)
    assert answer.status_code == alive
    answer = await consumer.ask(TENURE, {**TODAY, "phoneNumber": E164}, two)
    assert answer.status_code == alive


async def test_each_interface_asks_for_its_scope(consumer: Consumer) -> None:
    body = {"phoneNumber": E164, **IDENTITY, **TODAY}
    three, two = await consumer.three_legged(), await consumer.two_legged()
    assert await consumer.error(VERIFY, body, two) == (403, "PERMISSION_DENIED")
    assert await consumer.error(MATCH, body, three) == (403, "PERMISSION_DENIED")
    of_match = await consumer.two_legged(f"{PURPOSE} kyc-match:match")
    assert await consumer.error(TENURE, body, of_match) == (403, "PERMISSION_DENIED")
    for path in (VERIFY, MATCH, TENURE):
        assert await consumer.error(path, body) == (401, "UNAUTHENTICATED")
        assert await consumer.error(path, body, "some") == (401, "UNAUTHENTICATED")


async def test_a_match_says_text_and_only_what_was_asked(consumer: Consumer) -> None:
    token = await consumer.two_legged()
    asked = {"idDocument": OWNER, "birthdate": "1980-05-18", "email": "a@b.example"}
    answer = await consumer.ask(MATCH, {"phoneNumber": E164, **asked}, token)
    assert answer.status_code == 200
    assert answer.json() == {
        "idDocumentMatch": "true",
        "birthdateMatch": "false",
        "emailMatch": "not_available",
    }


@pytest.mark.parametrize(
    ("plan", "owned"),
    [
        (Plan.MONTHLY, "true"),
        (Plan.PREPAID, "true"),
        (Plan.COMPANY, "false"),
        (Plan.OTHER, "false"),
    ],
)
async def test_whose_line_it_is(consumer: Consumer, plan: Plan, owned: str) -> None:
    await consumer.mobile.put(plan)
    token = await consumer.two_legged()
    answer = (await consumer.ask(MATCH, {"phoneNumber": E164, **IDENTITY}, token)).json()
    assert (answer["idDocumentMatch"], answer["birthdateMatch"]) == (owned, owned)


async def test_a_foreigners_line_is_no_nationals(consumer: Consumer) -> None:
    await consumer.mobile.put(Plan.MONTHLY, owner="A800000014")
    token = await consumer.two_legged()
    asked = {**IDENTITY, "idDocument": "A800000014"}
    answer = (await consumer.ask(MATCH, {"phoneNumber": E164, **asked}, token)).json()
    assert answer["idDocumentMatch"] == "true"
    assert (answer["idDocumentTypeMatch"], answer["nationalityMatch"]) == ("false", "false")


@pytest.mark.parametrize(
    ("plan", "contract"),
    [
        (Plan.MONTHLY, "PAYM"),
        (Plan.PREPAID, "PAYG"),
        (Plan.COMPANY, "Business"),
        (Plan.OTHER, "PAYM"),
    ],
)
async def test_how_a_line_is_paid(consumer: Consumer, plan: Plan, contract: str) -> None:
    await consumer.mobile.put(plan)
    token = await consumer.two_legged()
    answer = await consumer.ask(TENURE, {**TODAY, "phoneNumber": E164}, token)
    assert answer.json() == {"tenureDateCheck": True, "contractType": contract}


async def test_a_line_is_named_once_by_number_or_by_token(consumer: Consumer) -> None:
    numbered = {"phoneNumber": E164}
    two = await consumer.two_legged()
    assert await consumer.error(MATCH, IDENTITY, two) == (422, "MISSING_IDENTIFIER")
    assert await consumer.error(TENURE, TODAY, two) == (422, "MISSING_IDENTIFIER")
    assert await consumer.error(MATCH, numbered, two) == (
        400,
        "KNOW_YOUR_CUSTOMER.INVALID_PARAM_COMBINATION",
    )
    user = f"openid {BOTH}"
    three = await consumer.three_legged(user)
    assert (await consumer.ask(MATCH, IDENTITY, three)).status_code == 200
    assert (await consumer.ask(MATCH, {**IDENTITY, **numbered}, three)).status_code == 200
    assert await consumer.error(MATCH, {**IDENTITY, "phoneNumber": "+886987654321"}, three) == (
        403,
        "INVALID_TOKEN_CONTEXT",
    )
    assert (await consumer.ask(TENURE, TODAY, three)).status_code == 200
    assert await consumer.error(TENURE, {**TODAY, **numbered}, three) == (
        422,
        "UNNECESSARY_IDENTIFIER",
    )


@pytest.mark.parametrize("path", [MATCH, TENURE])
async def test_lines_that_are_not_there_or_not_in_service(consumer: Consumer, path: str) -> None:
    token = await consumer.two_legged()
    body = {**IDENTITY, **TODAY}
    for number in ("+886987654321", "+12025550123"):
        assert await consumer.error(path, {**body, "phoneNumber": number}, token) == (
            404,
            "IDENTIFIER_NOT_FOUND",
        )
    await consumer.mobile.put(Plan.MONTHLY, in_service=False)
    assert await consumer.error(path, {**body, "phoneNumber": E164}, token) == (
        422,
        "SERVICE_NOT_APPLICABLE",
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MATCH, {**IDENTITY, "phoneNumber": NUMBER}),
        (MATCH, {**IDENTITY, "phoneNumber": 1}),
        (MATCH, []),
        (TENURE, {"phoneNumber": E164}),
        (TENURE, {"phoneNumber": E164, "tenureDate": "yesterday"}),
        (TENURE, {"phoneNumber": E164, "tenureDate": 20200312}),
    ],
)
async def test_what_has_not_the_agreed_form_is_refused(
    consumer: Consumer, path: str, body: Any
) -> None:
    token = await consumer.two_legged()
    assert await consumer.error(path, body, token) == (400, "INVALID_ARGUMENT")


async def test_fields_are_withheld_and_left_out_on_demand(consumer: Consumer) -> None:
    token = await consumer.two_legged()
    asked = {"phoneNumber": E164, "idDocument": OWNER, "birthdate": BORN.isoformat()}
    begin = consumer.mobile.mischief.begin
    await begin("operator", "not_available", {"fields": ["idDocument"]})
    await begin("operator", "missing", {"fields": ["birthdateMatch", "contractType"]})
    assert (await consumer.ask(MATCH, asked, token)).json() == {"idDocumentMatch": "not_available"}
    tenure = await consumer.ask(TENURE, {**TODAY, "phoneNumber": E164}, token)
    assert tenure.json() == {"tenureDateCheck": True}
    await consumer.mobile.mischief.end("operator")
    answer = (await consumer.ask(MATCH, asked, token)).json()
    assert answer == {"idDocumentMatch": "true", "birthdateMatch": "true"}


async def test_tethering_is_noticed_late_on_demand(consumer: Consumer) -> None:
    await consumer.mobile.mischief.begin("operator", "tethering", {"late": True})
    assert await consumer.error(
        VERIFY, {"phoneNumber": E164}, await consumer.three_legged(SCOPE)
    ) == (403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK")


async def test_down_is_down_everywhere(consumer: Consumer) -> None:
    await consumer.mobile.mischief.begin("operator", "down")
    for path in (VERIFY, "/token", "/authorize"):
        assert await consumer.error(path, {}) == (503, "UNAVAILABLE")
