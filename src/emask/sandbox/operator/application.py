"""The operator as an ASGI application; it can be slow, down or careless on demand.

Faults: `slow` {"seconds"}, `down`, `duplicate` (a code is given out twice), `wrong_audience`,
`not_available` {"fields"}, `missing` {"fields"}, `tethering` (with {"late": true} noticed only
when the number is to be verified), `ts43` (the SIM is recognised by an operator's token, over any
network).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.operator.apis import Apis
from emask.sandbox.operator.authorisation import Provider
from emask.sandbox.operator.clients import Clients
from emask.sandbox.operator.exchange import PARTNER, Answer, ApiError, OAuthError, Request
from emask.sandbox.operator.grants import Grants
from emask.sandbox.operator.lines import SandboxLines
from emask.sandbox.wire import Application, Message, Receive, Send, read_body, send_answer

Handler = Callable[[Request], Awaitable[Answer]]

_LONGEST: Final = 2**20  # bytes


def create_operator(
    base_url: str,
    *,
    clock: Clock,
    db: Database,
    client_keys: Mapping[str, Any],
    redirect_uris: tuple[str, ...],
    mischief: Mischief,
    keys: Keys,
) -> Application:
    """The operator: OpenID provider and CAMARA APIs.

    Args:
        base_url: its issuer, and where it is mounted.
        clock: the time that codes and tokens live by.
        db: where it keeps what is its own; made by :func:`emask.sandbox.schema.install`.
        client_keys: public keys of its one client, a JWK Set.
        redirect_uris: of its client.
        mischief: what is wrong with it at present.
        keys: of the installation; its own signing key derives from them.
    """
    lines, grants = SandboxLines(db), Grants(db)
    provider = Provider(
        base_url,
        keys=keys,
        lines=lines,
        grants=grants,
        clients=Clients(client_keys, grants),
        redirect_uris=redirect_uris,
    )
    routes = _routes(provider, Apis(lines, grants))

    async def operator(scope: Message, receive: Receive, send: Send) -> None:
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            headers=dict(scope["headers"]),
            body=await read_body(receive, longest=_LONGEST),
            address=scope["client"][0],
            at=await clock.now(),
            faults=await mischief.kinds(PARTNER),
        )
        await _send(send, request, await _answer(routes, request))

    return operator


def _routes(provider: Provider, apis: Apis) -> Mapping[tuple[str, str], Handler]:
    return {
        ("GET", "/.well-known/openid-configuration"): provider.discovery,
        ("GET", "/jwks"): provider.jwks,
        ("GET", "/authorize"): provider.authorise,
        ("POST", "/token"): provider.token,
        ("POST", "/number-verification/v2/verify"): apis.verify,
        ("POST", "/kyc-match/v0.4/match"): apis.match,
        ("POST", "/kyc-tenure/v0.2/check-tenure"): apis.check_tenure,
    }


async def _answer(routes: Mapping[tuple[str, str], Handler], request: Request) -> Answer:
    await stall(request.faults)
    if "down" in request.faults:
        return ApiError(503, "UNAVAILABLE").answer
    handler = routes.get((request.method, request.path))
    if handler is None:
        return ApiError(404, "NOT_FOUND").answer
    try:
        answer = await handler(request)
    except (ApiError, OAuthError) as error:
        return error.answer
    return Answer(
        status=answer.status, body=_spoilt(answer.body, request.faults), location=answer.location
    )


def _spoilt(body: Mapping[str, Any], faults: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out or withhold what the faults name, by a field's name with or without `Match`."""
    missing = set(faults.get("missing", {}).get("fields", ()))
    withheld = set(faults.get("not_available", {}).get("fields", ()))
    return {
        name: "not_available" if {name, name.removesuffix("Match")} & withheld else value
        for name, value in body.items()
        if not {name, name.removesuffix("Match")} & missing
    }


async def _send(send: Send, request: Request, answer: Answer) -> None:
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    if correlator := request.headers.get(b"x-correlator"):
        headers.append((b"x-correlator", correlator))
    if answer.location:
        headers.append((b"location", answer.location.encode()))
    body = msgspec.json.encode(answer.body)
    await send_answer(send, body, status=answer.status, headers=headers)
