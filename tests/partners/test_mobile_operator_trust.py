"""The operator's ID token: signed by it, for us, for this departure, now - or altered."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site_keys import SiteKeys
from emask.partners.mobile_operator import adapter, provider
from emask.rules.refusals import EvidenceAltered, NotOnMobileNetwork, OperatorUnreachable
from partners.mobile import BASE, Mobile, adapter_through, departure, subscriber

Claims = dict[str, Any]


@dataclass
class Forger:
    """Signs the operator's ID tokens anew, with a key that the operator publishes or not."""

    mobile: Mobile
    kid: str = "operator-1"
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))

    def publish(self, *others: dict[str, Any]) -> None:
        own = {**self.key.as_dict(private=False), "kid": self.kid}
        self.mobile.between.bodies["/jwks"] = lambda _: {"keys": [own, *others]}

    def retell(self, **changed: object) -> None:
        """Claims told otherwise; None leaves one out."""
        self.replace(lambda claims: self.signed({**claims, **changed}))

    def replace(self, token: Callable[[Claims], str]) -> None:
        def change(body: dict[str, Any]) -> dict[str, Any]:
            if "id_token" not in body:
                return body
            return {**body, "id_token": token(claims_of(body["id_token"]))}

        self.mobile.between.bodies["/token"] = change

    def signed(self, claims: Claims) -> str:
        told = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.kid}, told, self.key)


def claims_of(token: str) -> Claims:
    told: Claims = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return told


def encoded(part: Claims) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.fixture
async def mobile(db: Database, clock: SetClock, keys: Keys) -> Mobile:
    return await Mobile.stand(db, clock, keys)


@pytest.fixture
def forger(mobile: Mobile) -> Forger:
    return Forger(mobile)


async def test_a_token_that_the_operator_signs_otherwise_is_taken(
    mobile: Mobile, forger: Forger
) -> None:
    forger.publish()
    forger.retell(aud=["emask"], amr=["mnba"], azp="emask")
    await mobile.check()


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "nonce-b"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": ["emask", "somebody-else"]},
        {"aud": None},
        {"azp": "somebody-else"},
        {"iss": "http://127.0.0.1:8010/another"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"exp": None},
        {"iat": None},
        {"exp": "tomorrow"},
        {"iat": True},
    ],
)
async def test_a_token_for_somebody_or_something_else_is_altered(
    mobile: Mobile, forger: Forger, changed: Claims
) -> None:
    forger.publish()
    forger.retell(**changed)
    with pytest.raises(EvidenceAltered):
        await mobile.check()


@pytest.mark.parametrize("seconds", [-301, 61])
async def test_a_token_of_another_time_is_altered(
    mobile: Mobile, forger: Forger, seconds: int
) -> None:
    forger.publish()
    issued = int((await mobile.clock.now()).timestamp()) + seconds
    forger.retell(iat=issued, exp=issued + 600)
    with pytest.raises(EvidenceAltered):
        await mobile.check()


async def test_an_expired_token_is_altered(mobile: Mobile, forger: Forger) -> None:
    forger.publish()
    now = int((await mobile.clock.now()).timestamp())
    forger.retell(iat=now - 200, exp=now - 61)
    with pytest.raises(EvidenceAltered):
        await mobile.check()


@pytest.mark.parametrize(
    "amr",
    [None, [], ["sms"], ["otp"], ["nba", "otp"], ["pwd"], ["operatortoken"], "nba", [["nba"]]],
)
async def test_a_phone_recognised_otherwise_is_not_on_the_network(
    mobile: Mobile, forger: Forger, amr: object
) -> None:
    forger.publish()
    forger.retell(amr=amr)
    with pytest.raises(NotOnMobileNetwork):
        await mobile.check()


async def test_a_stranger_with_the_operators_key_id_is_altered(
    mobile: Mobile, forger: Forger
) -> None:
    forger.retell()
    with pytest.raises(EvidenceAltered):
        await mobile.check()


async def test_unsigned_tokens_and_other_algorithms_are_altered(
    mobile: Mobile, forger: Forger
) -> None:
    published = OctKey.import_key(json.dumps(forger.key.as_dict(private=False)))
    forger.publish({**published.as_dict(), "kid": "shared"})
    for token in (
        lambda claims: f"{encoded({'alg': 'none', 'kid': 'operator-1'})}.{encoded(claims)}.",
        lambda claims: jwt.encode({"alg": "HS256", "kid": "shared"}, claims, published),
        lambda claims: forger.signed(claims)[:-4] + "AAAA",
        lambda claims: forger.signed(claims).rpartition(".")[0],
        lambda claims: f"{encoded({'alg': 'ES256', 'crit': 1})}.{encoded(claims)}.AAAA",
        lambda claims: "....",
        lambda claims: f"{'[' * 90_000}.e30.AAAA",
        lambda claims: "嗨.嗨.嗨",
    ):
        forger.replace(token)
        with pytest.raises(EvidenceAltered):
            await mobile.check()


async def test_a_new_key_of_the_operator_is_asked_for_once(mobile: Mobile, forger: Forger) -> None:
    await mobile.check()
    await mobile.check()
    assert mobile.between.paths.count("/jwks") == 1
    forger.kid = "operator-2"
    forger.publish()
    forger.retell()
    await mobile.check()
    await mobile.check()
    assert mobile.between.paths.count("/jwks") == 2


async def test_a_key_that_the_operator_has_not_is_altered(mobile: Mobile, forger: Forger) -> None:
    await mobile.check()
    forger.kid = "operator-2"
    forger.retell()
    with pytest.raises(EvidenceAltered):
        await mobile.check()
    assert mobile.between.paths.count("/jwks") == 2


@pytest.mark.parametrize("published", [[], [{}], [{"kty": "EC"}], [{"kty": "?"}]])
async def test_no_usable_keys_are_no_answer(mobile: Mobile, published: list[Claims]) -> None:
    mobile.between.bodies["/jwks"] = lambda _: {"keys": published}
    with pytest.raises(OperatorUnreachable):
        await mobile.check()


async def test_an_audience_that_is_wrong_on_demand_is_altered(mobile: Mobile) -> None:
    await mobile.mischief.begin("operator", "wrong_audience")
    with pytest.raises(EvidenceAltered):
        await mobile.check()


async def test_without_the_look_at_the_nonce_a_swapped_token_would_pass(
    mobile: Mobile, forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(claims: Claims, **expected: Any) -> None:
        provider.check_claims(claims, **{**expected, "nonce": claims["nonce"]})

    forger.publish()
    forger.retell(nonce="nonce-b")
    monkeypatch.setattr(adapter, "check_claims", careless)
    await mobile.check()


async def test_a_key_that_the_operator_does_not_know_as_ours_gets_nothing(mobile: Mobile) -> None:
    departed = departure()
    returned = await mobile.go(departed)
    stranger = adapter_through(mobile.between, SiteKeys(Keys.generate()))
    with pytest.raises(OperatorUnreachable):
        await stranger.line(
            returned, departure=departed, subscriber=subscriber(), at=await mobile.clock.now()
        )


@pytest.mark.parametrize(
    "changed",
    [
        {"issuer": "http://127.0.0.1:8010/another"},
        {"token_endpoint": "ftp://127.0.0.1/token"},
        {"jwks_uri": None},
    ],
)
async def test_metadata_of_another_issuer_are_no_answer(mobile: Mobile, changed: Claims) -> None:
    mobile.between.bodies["/.well-known/openid-configuration"] = lambda body: {**body, **changed}
    with pytest.raises(OperatorUnreachable):
        await mobile.adapter.authorisation_url(departure())


async def test_phones_are_sent_only_where_pages_may_send_them(
    mobile: Mobile, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = "http://login.operator.example"
    mobile.between.bodies["/.well-known/openid-configuration"] = lambda body: {
        **body,
        "authorization_endpoint": f"{elsewhere}/authorize",
    }
    with pytest.raises(OperatorUnreachable):
        await mobile.adapter.authorisation_url(departure())
    assert f"not at {mobile.adapter.origin}" in caplog.text
    told = adapter.CamaraOperator(
        adapter.OperatorConfig(issuer=BASE, client_id="emask", authorisation_origin=elsewhere),
        httpx2.AsyncClient(transport=mobile.between),
        mobile.keys.client,
    )
    assert told.origin == elsewhere
    assert (await told.authorisation_url(departure())).startswith(f"{elsewhere}/authorize?")


async def test_tokens_are_judged_by_the_callers_time(mobile: Mobile, clock: SetClock) -> None:
    later = await clock.now() + timedelta(hours=1)
    with pytest.raises(OperatorUnreachable):  # the operator takes no proof from the future
        await mobile.check(at=later)
