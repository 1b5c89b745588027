"""A shop that sells through the sandboxed NewebPay, and a payer's browser, for tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urljoin

import httpx2

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.newebpay import (
    CardStanding,
    NotGenuine,
    Push,
    TradeInfo,
    checkout_form,
    next_step,
    query_trade,
    read_push,
    read_push_body,
    take_step,
)
from emask.payment.ports import CardRefund
from emask.rules.words import Method
from emask.sandbox import mischief, newebpay
from emask.sandbox.mischief import Mischief
from emask.sandbox.newebpay import PARTNER, create_newebpay
from emask.sandbox.wire import Message, Receive, Send, Wire, caller
from partners.newebpay import ADDRESSES, MERCHANT, NOW, ROOT, TRADE_NO, purchase

MPG = f"{ROOT}/MPG/mpg_gateway"


class Forms(HTMLParser):
    """The one form of a page, and what the page says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: dict[str, str] = {}
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = told["action"]
        if tag == "input":
            self.fields[told["name"]] = told.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass
class Shop:
    """What came to the shop's servers, and how it answers."""

    db: Database
    clock: SetClock
    wire: Wire = field(default_factory=lambda: Wire({}))
    pushes: list[Push] = field(default_factory=list)
    raw: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0
    answers: list[int] = field(default_factory=list)

    @classmethod
    async def stand(cls, db: Database, clock: SetClock) -> "Shop":
        async with db.transaction() as tx:
            await tx.execute("CREATE SCHEMA IF NOT EXISTS sandbox")
            await tx.execute(mischief.TABLES)
            await tx.execute(newebpay.TABLES)
        await clock.set(NOW)
        shop = cls(db, clock)
        shop.wire = Wire(
            {
                "/newebpay": create_newebpay(
                    MERCHANT,
                    clock=clock,
                    db=db,
                    client=httpx2.AsyncClient(transport=httpx2.ASGITransport(shop.server)),
                    mischief=Mischief(db),
                )
            }
        )
        return shop

    async def server(self, scope: Message, receive: Receive, send: Send) -> None:
        """Where NewebPay's server tells of money."""
        assert scope["path"] == "/pushes/newebpay"
        body = (await receive())["body"]
        status = self.answers.pop(0) if self.answers else 200
        try:
            push = read_push_body(body, MERCHANT, at=await self.clock.now())
        except NotGenuine:
            self.refused += 1
            status = 400
        else:
            self.pushes.append(push)
            self.raw.append(dict(parse_qsl(body.decode())))
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"OK"})

    async def fault(self, kind: str, detail: Mapping[str, Any] | None = None) -> None:
        await Mischief(self.db).begin(PARTNER, kind, detail)

    async def post(self, address: str, fields: Mapping[str, str]) -> Forms:
        """The payer's browser posts a form to NewebPay; the page that comes."""
        async with caller(self.wire) as browser:
            response = await browser.post(urljoin(MPG, address), data=dict(fields))
        assert response.status_code == 200
        return Forms(response.text)

    async def open(self, method: Method, **changes: Any) -> Forms:
        """The page on which a trade is paid."""
        form = checkout_form(
            MERCHANT, purchase(method, **changes), ADDRESSES, at=await self.clock.now()
        )
        return await self.post(form.action, form.fields)

    async def pay(self, method: Method, **changes: Any) -> Forms:
        """The page after it was paid by card or WebATM."""
        page = await self.open(method, **changes)
        return await self.post(page.action, page.fields)

    async def bring_account(self, **changes: Any) -> dict[str, str]:
        """What the payer's browser brings of a transfer."""
        page = await self.open(Method.ATM, **changes)
        issued = await self.post(page.action, page.fields)
        assert issued.action == ADDRESSES.returned
        return issued.fields

    async def take_account(self) -> Push:
        """The same, read."""
        return read_push(await self.bring_account(), MERCHANT, at=NOW)

    async def transfer(self, account: str | None, amount: str = "22") -> str:
        """What a cash machine says to a transfer."""
        return (await self.post("atm", {"account": account or "", "amount": amount})).text

    async def query(self, amount: int = 22) -> TradeInfo:
        async with caller(self.wire) as client:
            return await query_trade(
                client, MERCHANT, TRADE_NO, amount=amount, at=await self.clock.now()
            )

    async def card(self) -> CardStanding:
        standing = (await self.query()).card
        assert standing is not None
        return standing

    async def step(self, refund: CardRefund) -> str | None:
        """The next step of a refund, taken; its name, None if there is none."""
        step = next_step(refund, (await self.card()).state)
        if step is None:
            return None
        async with caller(self.wire) as client:
            await take_step(client, MERCHANT, refund, step[0], at=await self.clock.now())
        return step[0].value
