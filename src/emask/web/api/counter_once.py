"""Answers to calls with an Idempotency-Key, worded once and kept with their effect."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from litestar import Response
from litestar.status_codes import HTTP_201_CREATED

from emask.counter.clients_calls import (
    BadKey,
    Call,
    CallInFlight,
    ClientEnded,
    KeyReused,
    once,
    read_key,
)
from emask.counter.clients_queries import Told
from emask.database.pool import Transaction
from emask.rules.refusals import Refusal
from emask.web.api import counter_problems as problems
from emask.web.api.caller import language_of
from emask.web.api.counter_caller import caller_of, door_of
from emask.web.api.problems import PROBLEM_JSON
from emask.web.intake_problems import Unacceptable, document
from emask.web.shell.page import WebRequest

JSON: Final = "application/json"
Effect = Callable[[Transaction], Awaitable[msgspec.Struct]]
Why = Callable[[Transaction, Refusal], Awaitable[Refusal]]

_REPEATED: Final = {
    BadKey: problems.KEY_NEEDED,
    CallInFlight: problems.IN_FLIGHT,
    KeyReused: problems.KEY_USED,
    ClientEnded: problems.CLIENT_ENDED,
}
_encode = msgspec.json.Encoder().encode


async def _as_it_is(_: Transaction, refusal: Refusal) -> Refusal:
    return refusal


async def answer_once(
    request: WebRequest, asked: msgspec.Struct, effect: Effect, why: Why = _as_it_is
) -> Response[bytes]:
    """The answer to a call, the same however often it is sent.

    Args:
        request: the call.
        asked: what it asks for, of which the key stands for the whole.
        effect: what it does; returns what is told of it.
        why: finds out more of a refusal, in a transaction in which nothing of the call is left.

    Raises:
        Unacceptable: there is no key, it is another call's, or it is being answered.
    """
    system, language = door_of(request).system, language_of(request)

    async def done(tx: Transaction) -> Told:
        body = _encode(await effect(tx))
        return Told(status=HTTP_201_CREATED, media_type=JSON, language=language.tag, body=body)

    async def refused(tx: Transaction, refusal: Refusal) -> Told:
        told = document(await why(tx, refusal), language)
        return Told(
            status=told.status,
            media_type=PROBLEM_JSON,
            language=language.tag,
            body=_encode(told),
        )

    what = f"{request.url.path} {_encode(asked).decode()}"
    try:
        call = Call(
            client_id=caller_of(request).client_id,
            key=read_key(request.headers.get("idempotency-key", "")),
            fingerprint=system.vault.digest("api call", what),
            at=await system.clock.now(),
        )
        told = await once(system.db, call, done, refused=refused)
    except tuple(_REPEATED) as error:
        raise Unacceptable(_REPEATED[type(error)]) from None
    headers = {"content-language": told.language, "vary": "accept-language, authorization"}
    return Response(told.body, status_code=told.status, media_type=told.media_type, headers=headers)
