"""A consumer of the operator's interfaces that may do everything wrong."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey

from emask.sandbox.operator.authorisation import challenge_of
from emask.sandbox.wire import caller
from partners.mobile import BASE, PHONE, REDIRECT, Mobile

VERIFIER: Final = "v" * 64
SCOPE: Final = "openid dpv:FraudPreventionAndDetection number-verification:verify"
BOTH: Final = "dpv:FraudPreventionAndDetection kyc-match:match kyc-tenure:check-tenure"
CORRELATOR: Final = "b4333c46-49c0-4f62-80d7-f0ef930f1c46"
VERIFY: Final = "/number-verification/v2/verify"
MATCH: Final = "/kyc-match/v0.4/match"
TENURE: Final = "/kyc-tenure/v0.2/check-tenure"


@dataclass
class Consumer:
    mobile: Mobile

    async def authorise(
        self,
        changed: Mapping[str, str | None] = MappingProxyType({}),
        *,
        address: str = PHONE,
        more: str = "",
    ) -> httpx2.Response:
        """Send a phone to the operator; None leaves a parameter out."""
        asked = {
            "response_type": "code",
            "client_id": "emask",
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "prompt": "none",
            "state": "s",
            "nonce": "n",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
            **changed,
        }
        query = httpx2.QueryParams({name: each for name, each in asked.items() if each is not None})
        async with caller(self.mobile.wire, address=address) as phone:
            return await phone.get(f"{BASE}/authorize?{query}{more}")

    async def code(self, *, scope: str = SCOPE) -> str:
        return brought(await self.authorise({"scope": scope}))["code"]

    async def assertion(
        self, changed: Mapping[str, object] | None = None, *, key: ECKey | None = None
    ) -> str:
        now = int((await self.mobile.clock.now()).timestamp())
        claims = {
            "iss": "emask",
            "sub": "emask",
            "aud": f"{BASE}/token",
            "jti": secrets.token_urlsafe(8),
            "iat": now,
            "exp": now + 60,
            **(changed or {}),
        }
        told = {name: each for name, each in claims.items() if each is not None}
        return jwt.encode({"alg": "ES256", "kid": "client-1"}, told, key or self.mobile.keys.client)

    async def token(self, **changed: str) -> httpx2.Response:
        """Ask the token endpoint; with a code if nothing else is said."""
        form = {
            "grant_type": "authorization_code",
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            **changed,
        }
        form.setdefault("client_assertion", await self.assertion())
        async with caller(self.mobile.wire) as client:
            return await client.post(f"{BASE}/token", data=form)

    async def three_legged(self, scope: str = SCOPE) -> str:
        answer = await self.token(code=await self.code(scope=scope))
        return str(answer.json()["access_token"])

    async def two_legged(self, scope: str = BOTH) -> str:
        answer = await self.token(grant_type="client_credentials", scope=scope)
        return str(answer.json()["access_token"])

    async def ask(self, path: str, body: Any, token: str = "") -> httpx2.Response:
        headers = {"x-correlator": CORRELATOR}
        if token:
            headers["authorization"] = f"Bearer {token}"
        async with caller(self.mobile.wire) as client:
            return await client.post(BASE + path, json=body, headers=headers)

    async def error(self, path: str, body: Any, token: str = "") -> tuple[int, str]:
        """An API's error, in CAMARA's form."""
        answer = await self.ask(path, body, token)
        told = answer.json()
        assert set(told) == {"status", "code", "message"}
        assert answer.headers["x-correlator"] == CORRELATOR
        assert told["status"] == answer.status_code
        return answer.status_code, told["code"]


def brought(answer: httpx2.Response) -> dict[str, str]:
    """What the phone is sent back with."""
    assert answer.status_code == 302
    url = urlsplit(answer.headers["location"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == REDIRECT
    return {name: values[0] for name, values in parse_qs(url.query).items()}
