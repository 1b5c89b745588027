"""The operator's OpenID provider: recognises phones by their network, and nothing else.

There is no page to type anything into and no code by SMS: a phone that its own data session does
not identify is sent back with an error (A10, A12).
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from emask.database.vault import Keys
from emask.sandbox.operator.clients import CLIENT_ID, Clients, same
from emask.sandbox.operator.exchange import Answer, OAuthError, Request
from emask.sandbox.operator.grants import Access, Authorisation, Grants
from emask.sandbox.operator.lines import Network, SandboxLines

VERIFY: Final = "number-verification:verify"
MATCH: Final = "kyc-match:match"
TENURE: Final = "kyc-tenure:check-tenure"
_TWO_LEGGED: Final = frozenset({MATCH, TENURE})
_THREE_LEGGED: Final = frozenset({"openid", VERIFY, *_TWO_LEGGED})

BY_NETWORK: Final = "nba"
"""Network-based authentication, as CAMARA's flow names it in `amr`."""
BY_SIM: Final = "operatortoken"
"""SIM-based authentication with an operator's token (TS.43): over any network, Wi-Fi too."""

CODE_LIVES: Final = timedelta(seconds=60)
TOKEN_LIVES: Final = timedelta(seconds=300)


class Provider:
    """Discovery, keys, authorisation and tokens.

    Args:
        base_url: the issuer, and the address of everything below it.
        keys: of the installation; the signing key derives from them.
        lines: who sends from which address.
        grants: where codes and tokens are kept.
        clients: who may ask.
        redirect_uris: where phones may be sent back to, exactly.
    """

    def __init__(
        self,
        base_url: str,
        *,
        keys: Keys,
        lines: SandboxLines,
        grants: Grants,
        clients: Clients,
        redirect_uris: tuple[str, ...],
    ) -> None:
        self._base = base_url
        self._secret = hmac.digest(keys.session, b"sandbox operator", sha256)
        self._key = _signing_key(self._secret)
        self._lines = lines
        self._grants = grants
        self._clients = clients
        self._redirect_uris = redirect_uris

    async def discovery(self, _: Request) -> Answer:
        """The provider's metadata (OpenID Connect Discovery)."""
        return Answer(
            body={
                "issuer": self._base,
                "authorization_endpoint": f"{self._base}/authorize",
                "token_endpoint": f"{self._base}/token",
                "jwks_uri": f"{self._base}/jwks",
                "scopes_supported": sorted(_THREE_LEGGED),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "client_credentials"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def jwks(self, _: Request) -> Answer:
        """The key that ID tokens verify with."""
        return Answer(body={"keys": [self._key.as_dict(private=False)]})

    async def authorise(self, request: Request) -> Answer:
        """Recognise the phone by its source address; send it back with a code or an error."""
        asked = request.asked()
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != CLIENT_ID or redirect_uri not in self._redirect_uris:
            raise OAuthError("invalid_request")  # never sent on to an address nobody registered
        try:
            code = await self._code(request, asked)
        except OAuthError as error:
            told = {"error": str(error)}
        else:
            told = {"code": code}
        if "state" in asked:
            told["state"] = asked["state"]
        return Answer(status=302, location=f"{redirect_uri}?{urlencode(told)}")

    async def token(self, request: Request) -> Answer:
        """Tokens for a code, or for the client itself."""
        form = request.form()
        await self._clients.recognise(form, endpoint=f"{self._base}/token", at=request.at)
        match form.get("grant_type"):
            case "authorization_code":
                return await self._for_code(request, form)
            case "client_credentials":
                return await self._for_client(request, form)
            case _:
                raise OAuthError("unsupported_grant_type")

    async def _code(self, request: Request, asked: Mapping[str, str]) -> str:
        if asked.get("response_type") != "code":
            raise OAuthError("unsupported_response_type")
        scope = _checked(asked.get("scope", ""), _THREE_LEGGED)
        if "openid" not in scope.split():
            raise OAuthError("invalid_scope")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            raise OAuthError("invalid_request")
        mobile, amr = await self._recognised(request)
        # a code that is given out twice is the fault that a client has to notice by itself
        twice = "duplicate" in request.faults
        code = self._digest("code", mobile) if twice else secrets.token_urlsafe(32)
        authorisation = Authorisation(
            mobile=mobile,
            redirect_uri=asked["redirect_uri"],
            nonce=asked.get("nonce", ""),
            code_challenge=asked["code_challenge"],
            scope=scope,
            amr=amr,
            issued_at=request.at,
        )
        await self._grants.give_code(code, authorisation)
        return code

    async def _recognised(self, request: Request) -> tuple[str, str]:
        """The number of the SIM and how it was recognised; nobody is asked anything."""
        phone = await self._lines.phone_at(request.address)
        if phone is None:
            raise OAuthError("login_required")
        mobile, network = phone
        if "ts43" in request.faults:
            return mobile, BY_SIM
        if network is not Network.MOBILE:
            raise OAuthError("login_required")
        if "tethering" in request.faults and not request.faults["tethering"].get("late"):
            raise OAuthError("access_denied")
        return mobile, BY_NETWORK

    async def _for_code(self, request: Request, form: Mapping[str, str]) -> Answer:
        given = await self._grants.take_code(form.get("code", ""))
        if (
            given is None
            or request.at - given.issued_at > CODE_LIVES
            or form.get("redirect_uri") != given.redirect_uri
            or not same(challenge_of(form.get("code_verifier", "")), given.code_challenge)
        ):
            raise OAuthError("invalid_grant")
        body = await self._access(request, mobile=given.mobile, scope=given.scope)
        return Answer(body={**body, "id_token": self._id_token(request, given)})

    async def _for_client(self, request: Request, form: Mapping[str, str]) -> Answer:
        scope = _checked(form.get("scope", ""), _TWO_LEGGED)
        return Answer(body=await self._access(request, mobile=None, scope=scope))

    async def _access(self, request: Request, *, mobile: str | None, scope: str) -> dict[str, Any]:
        token = secrets.token_urlsafe(32)
        access = Access(mobile=mobile, scope=scope, expires_at=request.at + TOKEN_LIVES)
        await self._grants.give_token(token, access, single_use=VERIFY in scope.split())
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIVES.total_seconds()),
            "scope": scope,
        }

    def _id_token(self, request: Request, given: Authorisation) -> str:
        issued = int(request.at.timestamp())
        claims = {
            "iss": self._base,
            "sub": self._digest("sub", given.mobile),
            "aud": "somebody-else" if "wrong_audience" in request.faults else CLIENT_ID,
            "iat": issued,
            "exp": issued + int(TOKEN_LIVES.total_seconds()),
            "auth_time": int(given.issued_at.timestamp()),
            "nonce": given.nonce,
            "amr": [given.amr],
        }
        header = {"alg": "ES256", "kid": str(self._key.kid)}
        return jwt.encode(header, claims, self._key, algorithms=["ES256"])

    def _digest(self, kind: str, mobile: str) -> str:
        """Always the same for a line, and nobody else finds the line by it."""
        return hmac.digest(self._secret, f"{kind} {mobile}".encode(), sha256).hex()


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636)."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _checked(scope: str, allowed: frozenset[str]) -> str:
    """The scope, if all of it is known and exactly one purpose is named."""
    asked = scope.split()
    purposes = [each for each in asked if each.startswith("dpv:")]
    if len(purposes) != 1 or not set(asked) - set(purposes) or set(asked) - {*allowed, *purposes}:
        raise OAuthError("invalid_scope")
    return scope


def _signing_key(secret: bytes) -> ECKey:
    number = int.from_bytes(secret) % (ec.SECP256R1.group_order - 1) + 1
    return ECKey.import_key(
        ec.derive_private_key(number, ec.SECP256R1()), {"kid": "operator-1", "use": "sig"}
    )
