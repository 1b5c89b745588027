"""A person's own pre-order: where it stands, cancel it, pay for it. Placing is the intake's."""

from dataclasses import asdict
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from litestar import Response, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import SecurityRequirement
from litestar.params import HeaderParameter, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED

from emask.language import Language
from emask.payment.model import IssuedAccount
from emask.payment.service import start_payment
from emask.preorder.service import cancel_preorder
from emask.programme.progress import NextAction, Progress, progress_of
from emask.rounds.model import Store
from emask.rounds.service import load_round
from emask.rules.calendar import Round
from emask.rules.price import Method
from emask.rules.refusals import (
    AlreadyPaid,
    Closed,
    MethodNotAllowed,
    NoPreorder,
    NotOpenYet,
    NotSelected,
    PaymentClosed,
    PaymentNotOpen,
)
from emask.rules.states import OrderState
from emask.web.api.caller import language_of, session_of
from emask.web.api.etags import names
from emask.web.api.problems import INVALID_REQUEST, told
from emask.web.api.public import RoundId
from emask.web.intake_problems import FOREIGN_ORIGIN, NOT_TRUSTED, SIGN_IN, TOO_LARGE, UNKNOWN_ROUND
from emask.web.shell.page import WebRequest, system_of

OWN: Final[list[SecurityRequirement]] = [{"bearer": []}, {"cookie": []}]
"""Either is enough."""

_NO_SUCH = (UNKNOWN_ROUND, NoPreorder)
_encode = msgspec.json.Encoder().encode


class PreorderFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pre-order stands. What is not there yet, or never will be, is null.

    `delayed` tells of a pack that is missing in its centre, `never_came` that an order is cancelled
    because its pack never comes.
    """

    round_id: str
    state: OrderState
    state_word: str
    next_action: NextAction
    rank: int | None
    entries: int | None
    quota: int
    amount: int
    methods: tuple[Method, ...]
    closes_at: datetime
    pay_from: datetime
    pay_until: datetime
    store: Store | None
    collect_from: date
    collect_until: date
    delayed: bool
    never_came: bool
    pickup_number: str | None
    next_purchase: date


class PaymentStart(msgspec.Struct, frozen=True):
    """How somebody wants to pay."""

    method: Method


class PaymentStarted(msgspec.Struct, frozen=True, kw_only=True):
    """Either the account to transfer to, or the page from which a signed-in browser goes on."""

    account: IssuedAccount | None
    page: str | None


@get(
    "/preorders/{round_id:str}",
    operation_id="show_preorder",
    security=OWN,
    responses={
        200: ResponseSpec(PreorderFacts, generate_examples=False, description="The pre-order"),
        304: ResponseSpec(None, description="As the ETag sent in If-None-Match tells it"),
        **told(INVALID_REQUEST, SIGN_IN, *_NO_SUCH),
    },
)
async def show_preorder(
    request: WebRequest,
    round_id: RoundId,
    if_none_match: Annotated[str, HeaderParameter(name="If-None-Match")] = "",
) -> Response[bytes]:
    """The session's own pre-order, with an ETag; `state_word` is in the Accept-Language."""
    system, session, language = system_of(request), await session_of(request), language_of(request)
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        progress = await progress_of(tx, person_id=session.person_id, round=ordered, now=now)
    if progress is None:
        raise NoPreorder
    body = _encode(_preorder(ordered, progress, language))
    etag = f'"{sha256(body).hexdigest()}"'
    headers = {
        "etag": etag,
        "content-language": language.tag,
        "vary": "accept-language, authorization, cookie",
    }
    if names(if_none_match, etag):
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@delete(
    "/preorders/{round_id:str}",
    operation_id="cancel_preorder",
    security=OWN,
    responses=told(
        INVALID_REQUEST, SIGN_IN, NOT_TRUSTED, FOREIGN_ORIGIN, *_NO_SUCH, NotOpenYet, Closed
    ),
)
async def cancel(request: WebRequest, round_id: RoundId) -> None:
    """Cancel before closing; one can pre-order again."""
    system, session = system_of(request), await session_of(request)
    await cancel_preorder(system.db, system.clock, person_id=session.person_id, round_id=round_id)


@post(
    "/preorders/{round_id:str}/payments",
    operation_id="start_payment",
    status_code=HTTP_200_OK,
    security=OWN,
    responses=told(
        *(INVALID_REQUEST, SIGN_IN, NOT_TRUSTED, FOREIGN_ORIGIN, TOO_LARGE, *_NO_SUCH),
        *(NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed),
    ),
)
async def pay(
    request: WebRequest, round_id: RoundId, data: JSONBody[PaymentStart]
) -> PaymentStarted:
    """How to pay: a page to go to or an account to transfer to; one issued is told again."""
    system, session = system_of(request), await session_of(request)
    async with system.db.transaction() as tx:
        ordered = await load_round(tx, round_id)
    started = await start_payment(
        system.db,
        system.clock,
        system.partners.gateways,
        person_id=session.person_id,
        round=ordered,
        method=data.method,
    )
    if started.trade_no is None:
        return PaymentStarted(account=started.account, page=None)
    path = f"/{language_of(request)}/orders/{round_id}/checkout/{started.trade_no}"
    return PaymentStarted(account=None, page=system.site.address(path))


def _preorder(round: Round, progress: Progress, language: Language) -> PreorderFacts:
    more = {
        "round_id": round.id,
        "state_word": progress.state.zh if language is Language.ZH else progress.state.en,
        "closes_at": round.closes_at,
        "pay_from": round.pay_from,
    }
    return msgspec.convert(asdict(progress) | more, PreorderFacts)


PERSONAL: Final = [show_preorder, cancel, pay]
