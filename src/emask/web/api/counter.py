"""``/api/v1/counter/``: what a pharmacy's own software does at the counter (B7, B9, B10, B17).

A client acts for one site. What changes something needs an Idempotency-Key, except undoing, which
changes nothing the second time.
"""

from hashlib import sha256
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import SecurityRequirement
from litestar.params import FromPath, HeaderParameter, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_304_NOT_MODIFIED

from emask.counter.clients_calls import ClientEnded
from emask.counter.clients_tokens import Caller
from emask.counter.clients_undo import undo_by_client
from emask.counter.model import TooLateToUndo, UnknownSale
from emask.counter.service import check, receive_stock, sales_today, sell, stock_of
from emask.counter.supply import count_stock
from emask.database.clock import StoppedClock
from emask.database.pool import Joined, Transaction
from emask.rules.calendar import day_in_taipei
from emask.rules.refusals import (
    AlreadyBought,
    CardInactive,
    CardUnknown,
    ChildNotEligible,
    IntervalNotOver,
    OutOfStock,
    ProductNotForAdult,
    ProxyLimit,
    Refusal,
    SiteInactive,
    WouldVoidPreorder,
    WrongDayOddEven,
)
from emask.web.api import counter_problems as problems
from emask.web.api.caller import language_of
from emask.web.api.counter_caller import caller_of, door_of, needs_client
from emask.web.api.counter_facts import (
    MOST_STOCK,
    Eligibility,
    EligibilityAsked,
    SaleAsked,
    SaleFacts,
    StockCounted,
    StockEntered,
    StockFacts,
    StockLine,
    UndoAsked,
)
from emask.web.api.counter_once import JSON, answer_once
from emask.web.api.etags import names
from emask.web.api.problems import INVALID_REQUEST, NOT_FOUND, told
from emask.web.intake_problems import INVALID_ENTRY, TOO_LARGE, Unacceptable
from emask.web.shell.page import WebRequest

SCHEME: Final = "counter"
_BY_CLIENT: Final[list[SecurityRequirement]] = [{SCHEME: []}]
_ALWAYS: Final = (problems.TOKEN_ENDED, problems.TOO_MANY_REQUESTS)
_SENT: Final = (*_ALWAYS, INVALID_REQUEST, TOO_LARGE)
_KEYED: Final = (
    *_SENT,
    *(problems.KEY_NEEDED, problems.KEY_USED, problems.IN_FLIGHT, problems.CLIENT_ENDED),
)
_RULES: Final = (
    *(SiteInactive, CardUnknown, CardInactive, ChildNotEligible, ProductNotForAdult),
    *(WrongDayOddEven, OutOfStock, IntervalNotOver, AlreadyBought, WouldVoidPreorder, ProxyLimit),
)
_encode = msgspec.json.Encoder().encode


def _of(facts: type[msgspec.Struct], description: str) -> ResponseSpec:
    return ResponseSpec(facts, generate_examples=False, description=description)


@post(
    "/eligibility",
    operation_id="check_eligibility",
    status_code=HTTP_200_OK,
    security=_BY_CLIENT,
    responses=told(*_SENT, INVALID_ENTRY),
)
async def check_eligibility(request: WebRequest, data: JSONBody[EligibilityAsked]) -> Eligibility:
    """Whether somebody may buy here and now. By POST: no address holds an ID number."""
    system = door_of(request).system
    answer = await check(
        system.db,
        system.clock,
        system.vault,
        site_code=caller_of(request).site_code,
        id_number=data.id_number,
        product=data.product,
        paper=data.paper,
    )
    return Eligibility.of(answer, language_of(request))


@post(
    "/sales",
    operation_id="make_sale",
    security=_BY_CLIENT,
    responses={
        201: _of(SaleFacts, "The sale; sent again with its key, the same one"),
        **told(*_KEYED, INVALID_ENTRY, *_RULES),
    },
)
async def make_sale(request: WebRequest, data: JSONBody[SaleAsked]) -> Response[bytes]:
    """Sell, once for each Idempotency-Key. A refusal is an answer too: try again with a new key."""
    system, caller = door_of(request).system, caller_of(request)

    clock = StoppedClock(await system.clock.now())

    async def effect(tx: Transaction) -> SaleFacts:
        sale = await sell(
            Joined(tx),
            clock,
            system.vault,
            site_code=caller.site_code,
            id_number=data.id_number,
            product=data.product,
            sold_by=caller.client_id,
            by_proxy=data.by_proxy,
            visit_id=data.visit_id,
            paper=data.paper,
        )
        return SaleFacts.of(sale)

    async def told_of(tx: Transaction, refusal: Refusal) -> Refusal:
        """What eligibility would say of it: place and day of the fact, and the next day."""
        answer = await check(
            Joined(tx),
            clock,
            system.vault,
            site_code=caller.site_code,
            id_number=data.id_number,
            product=data.product,
            paper=data.paper,
        )
        why = answer.refusal
        return why if why is not None and why.code == refusal.code else refusal

    return await answer_once(request, data, effect, why=told_of)


@post(
    "/sales/{sale_id:uuid}/undo",
    operation_id="undo_sale",
    status_code=HTTP_200_OK,
    security=_BY_CLIENT,
    responses=told(
        *_SENT,
        *(NOT_FOUND, problems.CLIENT_ENDED, problems.UNKNOWN_SALE, problems.TOO_LATE_TO_UNDO),
    ),
)
async def undo(
    request: WebRequest, sale_id: FromPath[UUID], data: JSONBody[UndoAsked]
) -> SaleFacts:
    """Undo a sale of the site within five minutes; to do so again changes nothing."""
    system, caller = door_of(request).system, caller_of(request)
    try:
        sale = await undo_by_client(
            system.db, system.clock, caller, sale_id=sale_id, reason=data.reason
        )
    except ClientEnded:
        raise Unacceptable(problems.CLIENT_ENDED) from None
    except UnknownSale:
        raise Unacceptable(problems.UNKNOWN_SALE) from None
    except TooLateToUndo:
        raise Unacceptable(problems.TOO_LATE_TO_UNDO) from None
    return SaleFacts.of(sale)


@get("/sales", operation_id="list_sales", security=_BY_CLIENT, responses=told(*_ALWAYS))
async def list_sales(request: WebRequest) -> list[SaleFacts]:
    """The site's sales of today, undone ones too and by whomever, the last one first."""
    system = door_of(request).system
    today = day_in_taipei(await system.clock.now())
    async with system.db.connection() as tx:
        sales = await sales_today(tx, site_code=caller_of(request).site_code, today=today)
    return [SaleFacts.of(each) for each in sales]


@get(
    "/stock",
    operation_id="show_stock",
    security=_BY_CLIENT,
    responses={
        200: _of(StockFacts, "The stock"),
        304: ResponseSpec(None, description="As the ETag sent in If-None-Match tells it"),
        **told(*_ALWAYS),
    },
)
async def show_stock(
    request: WebRequest,
    if_none_match: Annotated[str, HeaderParameter(name="If-None-Match")] = "",
) -> Response[bytes]:
    """What the site has left of each product, with an ETag."""
    system = door_of(request).system
    async with system.db.connection() as tx:
        body = _encode(await _stock(tx, caller_of(request)))
    etag = f'"{sha256(body).hexdigest()}"'
    headers = {"etag": etag, "vary": "authorization"}
    if names(if_none_match, etag):
        return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


@post(
    "/stock",
    operation_id="enter_stock",
    security=_BY_CLIENT,
    responses={
        201: _of(StockFacts, "The stock with what came in"),
        **told(*_KEYED, problems.TOO_MUCH_STOCK),
    },
)
async def enter_stock(request: WebRequest, data: JSONBody[StockEntered]) -> Response[bytes]:
    """Enter pieces that came in, once for each Idempotency-Key; selling from them begins now."""
    caller = caller_of(request)

    async def effect(tx: Transaction) -> StockFacts:
        await receive_stock(
            tx, site_code=caller.site_code, product=data.product, pieces=data.pieces
        )
        facts = await _stock(tx, caller)
        if any(line.pieces > MOST_STOCK for line in facts.stock):
            raise Unacceptable(problems.TOO_MUCH_STOCK)
        return facts

    return await answer_once(request, data, effect)


@post(
    "/stock/counts",
    operation_id="count_stock",
    security=_BY_CLIENT,
    responses={201: _of(StockFacts, "The stock as it was counted"), **told(*_KEYED)},
)
async def enter_count(request: WebRequest, data: JSONBody[StockCounted]) -> Response[bytes]:
    """Correct the stock to what was counted, once for each Idempotency-Key."""
    system, caller = door_of(request).system, caller_of(request)
    now = await system.clock.now()

    async def effect(tx: Transaction) -> StockFacts:
        await count_stock(
            tx,
            site_code=caller.site_code,
            product=data.product,
            counted=data.counted,
            by=caller.client_id,
            at=now,
        )
        return await _stock(tx, caller)

    return await answer_once(request, data, effect)


async def _stock(tx: Transaction, caller: Caller) -> StockFacts:
    stock = await stock_of(tx, caller.site_code)
    lines = [StockLine(product=product, pieces=pieces) for product, pieces in stock.items()]
    return StockFacts(site_code=caller.site_code, stock=lines)


COUNTER: Final = Router(
    "/counter",
    route_handlers=[
        *(check_eligibility, make_sale, undo, list_sales),
        *(show_stock, enter_stock, enter_count),
    ],
    guards=[needs_client],
)
