"""The sandboxed operator recognises phones by their network, clients by their keys, each once."""

from datetime import timedelta

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site_keys import SiteKeys
from emask.sandbox.mischief import Mischief
from emask.sandbox.operator import Network, NotSentBack, create_operator, go_through
from emask.sandbox.wire import Wire, caller
from partners.mobile import BASE, NUMBER, PHONE, REDIRECT, Mobile, departure
from sandbox.consumer import BOTH, SCOPE, Consumer, brought


@pytest.fixture
async def consumer(db: Database, clock: SetClock, keys: Keys) -> Consumer:
    return Consumer(await Mobile.stand(db, clock, keys))


async def document(consumer: Consumer, path: str) -> httpx2.Response:
    async with caller(consumer.mobile.wire) as client:
        return await client.get(BASE + path)


def error_of(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]


async def test_a_phone_on_its_network_gets_a_code_and_its_state(consumer: Consumer) -> None:
    answer = brought(await consumer.authorise())
    assert set(answer) == {"code", "state"}
    assert answer["state"] == "s"
    assert brought(await consumer.authorise())["code"] != answer["code"]


async def test_the_source_address_alone_says_who_is_on_the_network(consumer: Consumer) -> None:
    forged = {
        "x-forwarded-for": PHONE,
        "x-real-ip": PHONE,
        "forwarded": f'for="[{PHONE}]"',
        "x-msisdn": NUMBER,
        "host": PHONE,
    }
    url = await consumer.mobile.adapter.authorisation_url(departure())
    for address, error in ((PHONE, ""), ("fd00::2", "login_required")):
        async with caller(consumer.mobile.wire, address=address) as phone:
            phone.headers.update(forged)
            _, returned = await go_through(phone, url)
        assert returned.error == error


async def test_nothing_brings_about_a_code_by_sms_or_a_page(consumer: Consumer) -> None:
    """A10, A12: over Wi-Fi there is no other way, whatever is asked for."""
    await consumer.mobile.lines.attach(PHONE, mobile=NUMBER, network=Network.WIFI)
    for changed in (
        {"prompt": None},
        {"prompt": "login"},
        {"prompt": "consent"},
        {"login_hint": "tel:+886912345678"},
        {"login_hint": "operatortoken:abc"},
        {"acr_values": "2 otp sms"},
    ):
        assert brought(await consumer.authorise(changed)) == {
            "error": "login_required",
            "state": "s",
        }
    metadata = (await document(consumer, "/.well-known/openid-configuration")).json()
    assert metadata["grant_types_supported"] == ["authorization_code", "client_credentials"]
    assert not [name for name in metadata if "backchannel" in name]
    for path in ("/bc-authorize", "/otp", "/sms", "/one-time-password-sms/v1/send-code"):
        async with caller(consumer.mobile.wire, address=PHONE) as phone:
            assert (await phone.post(BASE + path)).status_code == 404
    for grant in (
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "refresh_token",
        "password",
    ):
        answer = await consumer.token(grant_type=grant, username=NUMBER, scope=SCOPE)
        assert error_of(answer) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "dpv:Marketing number-verification:verify"}, "invalid_scope"),
        ({"scope": "openid number-verification:verify"}, "invalid_scope"),
        ({"scope": f"{SCOPE} dpv:Marketing"}, "invalid_scope"),
        ({"scope": f"{SCOPE} sms:send"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
async def test_a_request_that_is_not_agreed_on_comes_back_with_its_error(
    consumer: Consumer, changed: dict[str, str | None], error: str
) -> None:
    assert brought(await consumer.authorise(changed)) == {"error": error, "state": "s"}


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": f"{REDIRECT}/"},
        {"redirect_uri": f"{REDIRECT}?a=1"},
        {"redirect_uri": "http://127.0.0.1:8000/"},
        {"redirect_uri": None},
        {"client_id": "somebody-else"},
        {"client_id": None},
    ],
)
async def test_nobody_is_sent_to_an_address_that_is_not_registered(
    consumer: Consumer, changed: dict[str, str | None]
) -> None:
    assert error_of(await consumer.authorise(changed)) == (400, "invalid_request")


async def test_a_parameter_that_comes_twice_is_refused(consumer: Consumer) -> None:
    assert error_of(await consumer.authorise(more="&state=t")) == (400, "invalid_request")
    assert error_of(await consumer.authorise(more="&x=%ff")) == (400, "invalid_request")


async def test_a_phone_that_is_not_sent_back_says_so(consumer: Consumer) -> None:
    async with caller(consumer.mobile.wire, address=PHONE) as phone:
        with pytest.raises(NotSentBack):
            await go_through(phone, f"{BASE}/authorize")
    with pytest.raises(NotSentBack):
        async with httpx2.AsyncClient() as phone:
            await go_through(phone, "http://127.0.0.1:1/authorize")


async def test_the_tokens_of_a_code(consumer: Consumer, clock: SetClock) -> None:
    answer = await consumer.token(code=await consumer.code())
    body = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert set(body) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 300, SCOPE)
    keys = KeySet.import_key_set((await document(consumer, "/jwks")).json())
    claims = jwt.decode(body["id_token"], keys, algorithms=["ES256"]).claims
    now = int((await clock.now()).timestamp())
    subject = claims.pop("sub")
    assert claims == {
        "iss": BASE,
        "aud": "emask",
        "iat": now,
        "exp": now + 300,
        "auth_time": now,
        "nonce": "n",
        "amr": ["nba"],
    }
    assert len(subject) == 64  # a pseudonym
    assert "d" not in (await document(consumer, "/jwks")).json()["keys"][0]


async def test_a_code_is_good_once_even_for_the_wrong_verifier(consumer: Consumer) -> None:
    code = await consumer.code()
    assert error_of(await consumer.token(code=code, code_verifier="w" * 64)) == (
        400,
        "invalid_grant",
    )
    assert error_of(await consumer.token(code=code)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changed", [{"redirect_uri": REDIRECT[:-1]}, {"code_verifier": ""}, {"code": "some"}]
)
async def test_a_code_comes_with_what_it_was_asked_for_with(
    consumer: Consumer, changed: dict[str, str]
) -> None:
    form = {"code": await consumer.code(), **changed}
    assert error_of(await consumer.token(**form)) == (400, "invalid_grant")


async def test_a_code_lives_for_a_minute(consumer: Consumer, clock: SetClock) -> None:
    early, late = await consumer.code(), await consumer.code()
    await clock.set(await clock.now() + timedelta(seconds=60))
    assert (await consumer.token(code=early)).status_code == 200
    await clock.set(await clock.now() + timedelta(seconds=1))
    assert error_of(await consumer.token(code=late)) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "scope",
    [
        "kyc-match:match",
        "dpv:FraudPreventionAndDetection",
        f"{BOTH} dpv:Marketing",
        f"{BOTH} number-verification:verify",
        f"{BOTH} openid",
        "",
    ],
)
async def test_a_client_alone_gets_the_scopes_that_need_no_user(
    consumer: Consumer, scope: str
) -> None:
    answer = await consumer.token(grant_type="client_credentials", scope=scope)
    assert error_of(answer) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "somebody-else"},
        {"sub": "somebody-else"},
        {"aud": BASE},
        {"aud": f"{BASE}/token/"},
        {"jti": None},
        {"exp": None},
        {"iat": None},
    ],
)
async def test_a_client_proves_who_it_is_to_this_endpoint(
    consumer: Consumer, changed: dict[str, str | None]
) -> None:
    made = await consumer.assertion(changed)
    answer = await consumer.token(code=await consumer.code(), client_assertion=made)
    assert error_of(answer) == (401, "invalid_client")


async def test_a_client_is_recognised_by_its_own_key(consumer: Consumer) -> None:
    for stranger in (SiteKeys(Keys.generate()).client, ECKey.generate_key("P-256")):
        made = await consumer.assertion(key=stranger)
        answer = await consumer.token(code=await consumer.code(), client_assertion=made)
        assert error_of(answer) == (401, "invalid_client")


@pytest.mark.parametrize(("iat", "exp"), [(-300, 0), (0, 301), (1, 60), (-400, 10)])
async def test_a_clients_proof_is_short_lived_and_of_now(
    consumer: Consumer, clock: SetClock, iat: int, exp: int
) -> None:
    now = int((await clock.now()).timestamp())
    made = await consumer.assertion({"iat": now + iat, "exp": now + exp})
    answer = await consumer.token(code=await consumer.code(), client_assertion=made)
    assert error_of(answer) == (401, "invalid_client")


async def test_a_clients_proof_is_good_once(consumer: Consumer) -> None:
    made = await consumer.assertion()
    assert (
        await consumer.token(code=await consumer.code(), client_assertion=made)
    ).status_code == 200
    answer = await consumer.token(code=await consumer.code(), client_assertion=made)
    assert error_of(answer) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changed",
    [
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion": "a.b.c"},
        {"client_assertion": ""},
        {"client_id": "somebody-else"},
    ],
)
async def test_a_client_without_a_proof_gets_nothing(
    consumer: Consumer, changed: dict[str, str]
) -> None:
    answer = await consumer.token(code=await consumer.code(), **changed)
    assert error_of(answer) == (401, "invalid_client")


async def test_several_processes_are_one_operator(
    consumer: Consumer, db: Database, clock: SetClock, keys: Keys
) -> None:
    code = await consumer.code()
    first = (await document(consumer, "/jwks")).json()
    other = create_operator(
        BASE,
        clock=clock,
        db=db,
        client_keys=consumer.mobile.keys.published(),
        redirect_uris=(REDIRECT,),
        mischief=Mischief(db),
        keys=keys,
    )
    consumer.mobile.wire = Wire({"/operator": other})
    assert (await consumer.token(code=code)).status_code == 200
    assert (await document(consumer, "/jwks")).json() == first
