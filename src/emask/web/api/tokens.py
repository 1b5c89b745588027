"""``POST /api/v1/token``: OAuth 2 client credentials with private_key_jwt (RFC 6749, RFC 7523)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import parse_qsl

import msgspec
from litestar import Response, post
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter
from litestar.status_codes import HTTP_200_OK, HTTP_400_BAD_REQUEST, HTTP_401_UNAUTHORIZED

from emask.counter.clients_assertions import NotProven, prove_client
from emask.counter.clients_queries import Client
from emask.counter.clients_tokens import LIFETIME, Caller
from emask.programme.system import System
from emask.web.api.counter_caller import door_of, grant
from emask.web.api.counter_problems import TOO_MANY_REQUESTS
from emask.web.api.problems import told
from emask.web.intake_problems import TOO_LARGE
from emask.web.shell.page import WebRequest

TOKEN_PATH: Final = "/api/v1/token"  # noqa: S105 - an address
SCOPE: Final = "counter"
GRANT: Final = "client_credentials"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_NEVER_KEPT: Final = {"cache-control": "no-store"}
FORM: Final = "application/x-www-form-urlencoded"


class TokenAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The form that a client sends; `client_id`, if it is there, is the assertion's."""

    grant_type: str
    client_assertion_type: str
    client_assertion: str
    scope: str = SCOPE
    client_id: str | None = None


class TokenGranted(msgspec.Struct, frozen=True, kw_only=True):
    """An access token, good for so many seconds at `/api/v1/counter/`."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenRefused(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is none (RFC 6749, 5.2)."""

    error: str
    error_description: str


class _Refused(Exception):
    def __init__(self, error: str, description: str, status: int = HTTP_400_BAD_REQUEST) -> None:
        super().__init__(error)
        self.status = status
        self.answer = TokenRefused(error=error, error_description=description)


@post(
    "/token",
    operation_id="get_token",
    status_code=HTTP_200_OK,
    security=[],
    responses={
        200: ResponseSpec(TokenGranted, generate_examples=False, description="The token"),
        400: ResponseSpec(
            TokenRefused,
            generate_examples=False,
            description="invalid_request, unsupported_grant_type, invalid_scope",
        ),
        401: ResponseSpec(TokenRefused, generate_examples=False, description="invalid_client"),
        **told(TOO_LARGE, TOO_MANY_REQUESTS),
    },
)
async def give_token(
    request: WebRequest,
    content_type: Annotated[
        str, HeaderParameter(name="Content-Type", include_in_schema=False)
    ] = "",
) -> Response[TokenGranted | TokenRefused]:
    """An access token for a client that signs an assertion with its own key.

    The assertion is a JWT (ES256 or Ed25519) with a `kid` in its header; `iss` and `sub` are the
    client's id, `aud` is this address or the origin, `exp` lies within five minutes, `jti` is used
    once.
    """
    door = door_of(request)
    now = await door.clock.now()
    grant(request, door.asked.take(request.client.host if request.client else ""))
    try:
        asked = _read(content_type, await request.body())
        client = await _client(door.system, asked, now)
    except NotProven as refused:
        return _refuse(_Refused("invalid_client", str(refused), HTTP_401_UNAUTHORIZED))
    except _Refused as refused:
        return _refuse(refused)
    token = TokenGranted(
        access_token=door.tokens.issue(Caller(client.client_id, client.site_code), now=now),
        token_type="Bearer",  # noqa: S106 - its kind
        expires_in=int(LIFETIME.total_seconds()),
        scope=SCOPE,
    )
    return Response(token, headers=_NEVER_KEPT)


async def _client(system: System, asked: TokenAsked, now: datetime) -> Client:
    audiences = {system.site.origin, system.site.address(TOKEN_PATH)}
    client = await prove_client(system.db, asked.client_assertion, audiences=audiences, now=now)
    if asked.client_id not in (None, client.client_id):
        raise NotProven("client_id is the id of another client")
    return client


def _read(content_type: str, body: bytes) -> TokenAsked:
    """The form of a request. Raises _Refused."""
    if content_type.partition(";")[0].strip().lower() != FORM:
        raise _Refused("invalid_request", f"send {FORM}")
    fields = _fields(body)
    if not fields.get("grant_type"):
        raise _Refused("invalid_request", "grant_type is missing")
    if fields["grant_type"] != GRANT:
        raise _Refused("unsupported_grant_type", f"grant_type is {GRANT}")
    if fields.get("client_assertion_type") != ASSERTION or not fields.get("client_assertion"):
        raise _Refused("invalid_request", "client_assertion, or its type, is missing")
    if fields.get("scope", SCOPE) not in ("", SCOPE):
        raise _Refused("invalid_scope", f"the one scope is {SCOPE}")
    return msgspec.convert(fields, TokenAsked)


def _fields(body: bytes) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise _Refused("invalid_request", "the form cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Refused("invalid_request", "a parameter is there twice")
    return fields


def _refuse(refused: _Refused) -> Response[TokenGranted | TokenRefused]:
    headers = dict(_NEVER_KEPT)
    if refused.status == HTTP_401_UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(refused.answer, status_code=refused.status, headers=headers)
