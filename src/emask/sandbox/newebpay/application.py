"""The sandboxed NewebPay as an ASGI application; it can misbehave on demand.

Faults: `duplicate` (a push comes twice), `slow` {"seconds"} (nothing is answered or pushed before),
`wrong_sha` (pushes are not signed), `padded_32` (they are padded further than a block of AES).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import httpx2

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.partners.newebpay.merchant import (
    CARD_CANCEL,
    CARD_CLOSE,
    CHECKOUT,
    TRADE_INFO,
    Merchant,
)
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.newebpay.apis import Apis
from emask.sandbox.newebpay.cashier import Cashier
from emask.sandbox.newebpay.exchange import (
    PARTNER,
    Answer,
    Request,
    Trouble,
    form_fields,
    html,
    result,
)
from emask.sandbox.newebpay.pages import error_page
from emask.sandbox.newebpay.trades import Trades
from emask.sandbox.wire import Application, Message, Receive, Send, read_body, send_content

Handler = Callable[[Request], Awaitable[Answer]]

PAY: Final = "/MPG/pay"
ACCOUNT: Final = "/MPG/account"
ATM: Final = "/MPG/atm"

_LONGEST: Final = 65_536


def create_newebpay(
    merchant: Merchant,
    *,
    clock: Clock,
    db: Database,
    client: httpx2.AsyncClient,
    mischief: Mischief,
) -> Application:
    """NewebPay with one merchant: MPG and its pages, a cash machine, queries, calls about cards.

    Args:
        merchant: as it knows itself, secrets and all.
        clock: the time that accounts and cards' money live by.
        db: where it keeps its trades; :data:`emask.sandbox.newebpay.TABLES` has been created.
        client: what it tells the merchant with.
        mischief: what is wrong with it at present.
    """
    trades = Trades(db)
    routes = _routes(Cashier(merchant, trades, client), Apis(merchant, trades))

    async def newebpay(scope: Message, receive: Receive, send: Send) -> None:
        fields = form_fields(await read_body(receive, longest=_LONGEST))
        browser = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
        request = Request(
            fields=fields,
            at=await clock.now(),
            faults=await mischief.kinds(PARTNER),
            language="en" if fields.get("language", browser).startswith("en") else "zh",
        )
        answer = await _answer(routes, scope["method"], scope["path"], request)
        await send_content(
            send, answer.body, status=answer.status, content_type=answer.content_type
        )

    return newebpay


def _routes(cashier: Cashier, apis: Apis) -> Mapping[tuple[str, str], Handler]:
    return {
        ("POST", CHECKOUT): cashier.order,
        ("POST", PAY): cashier.pay,
        ("POST", ACCOUNT): cashier.account,
        ("GET", ATM): cashier.machine_page,
        ("POST", ATM): cashier.machine,
        ("POST", TRADE_INFO): apis.query,
        ("POST", CARD_CANCEL): apis.cancel,
        ("POST", CARD_CLOSE): apis.close,
    }


async def _answer(
    routes: Mapping[tuple[str, str], Handler], method: str, path: str, request: Request
) -> Answer:
    await stall(request.faults)
    handler = routes.get((method, path))
    if handler is None:
        return Answer("text/plain", b"", 404)
    try:
        return await handler(request)
    except Trouble as trouble:
        if path.startswith("/API/"):
            return result(trouble.code, [])
        return html(error_page(trouble.code))
