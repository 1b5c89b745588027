"""ECPay as an ASGI application; it can be slow, forbidding or careless on demand.

Faults: `slow` {"seconds": 10}, `forbidden` (whoever calls from a server gets 403 for thirty
minutes of the clock, from the first call on), and those of :mod:`emask.sandbox.ecpay.pushing` and
:mod:`emask.sandbox.ecpay.cashier`.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import httpx2

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.partners.ecpay.calls import PAUSE
from emask.partners.ecpay.merchant import (
    CARD_ACTION,
    CHECKOUT,
    DAILY_FILE,
    PAYMENT_INFO,
    TRADE_INFO,
    Merchant,
)
from emask.sandbox.ecpay.cashier import Cashier
from emask.sandbox.ecpay.exchange import PARTNER, Answer, Request
from emask.sandbox.ecpay.pushing import Pushes
from emask.sandbox.ecpay.servers import Servers
from emask.sandbox.ecpay.trades import Trades
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.wire import Application, Message, Receive, Send, read_body, send_content

PAY: Final = "/Cashier/Pay"
ATM: Final = "/Cashier/Atm"

_LONGEST: Final = 65_536
_FOR_SERVERS: Final = frozenset({TRADE_INFO, PAYMENT_INFO, CARD_ACTION, DAILY_FILE})

Handler = Callable[[Request], Awaitable[Answer]]


def create_ecpay(
    merchant: Merchant,
    *,
    clock: Clock,
    db: Database,
    client: httpx2.AsyncClient,
    mischief: Mischief,
) -> Application:
    """ECPay with one merchant.

    Args:
        merchant: as it knows itself, secrets and all.
        clock: the time that accounts and pauses live by.
        db: where it keeps what is its own.
        client: what it tells the merchant with.
        mischief: what is wrong with it at present.
    """
    trades = Trades(db)
    servers = Servers(merchant, trades)
    cashier = Cashier(merchant, trades, Pushes(db, client, merchant.keys, mischief))
    routes: dict[tuple[str, str], Handler] = {
        ("POST", CHECKOUT): cashier.check_out,
        ("POST", PAY): cashier.pay,
        ("GET", ATM): cashier.show_atm,
        ("POST", ATM): cashier.transfer,
        ("POST", TRADE_INFO): servers.trade_info,
        ("POST", PAYMENT_INFO): servers.payment_info,
        ("POST", CARD_ACTION): servers.card_action,
        ("POST", DAILY_FILE): servers.daily_file,
    }

    async def ecpay(scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        request = Request(
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            body=await read_body(receive, longest=_LONGEST),
            at=await clock.now(),
            faults=await mischief.kinds(PARTNER),
            language="en" if headers.get(b"accept-language", b"").startswith(b"en") else "zh",
        )
        path = scope["path"]
        answer = await _answer(routes.get((scope["method"], path)), path, request, mischief)
        await send_content(
            send, answer.body.encode(), status=answer.status, content_type=answer.content_type
        )

    return ecpay


async def _answer(
    handler: Handler | None, path: str, request: Request, mischief: Mischief
) -> Answer:
    await stall(request.faults)
    if handler is None:
        return Answer(status=404)
    if path in _FOR_SERVERS and await mischief.forbids(
        PARTNER, request.faults, at=request.at, pause=PAUSE
    ):
        return Answer(status=403)
    try:
        return await handler(request)
    except (KeyError, ValueError):
        return Answer(status=400)
