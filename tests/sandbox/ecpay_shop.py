"""A shop that a sandboxed ECPay serves: it keeps what it is told, and answers as it likes."""

import re
from dataclasses import dataclass, field
from datetime import datetime

import httpx2

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.ecpay import (
    TAKEN,
    MacKeys,
    Merchant,
    Push,
    checkout_form,
    read_push_body,
)
from emask.payment.ports import CheckoutForm, Purchase, ReturnAddresses
from emask.rules.words import Method
from emask.sandbox.ecpay import ATM, PAY, TABLES, Pushes, create_ecpay
from emask.sandbox.mischief import Mischief
from emask.sandbox.schema import install
from emask.sandbox.wire import Wire, caller

BASE = "http://partners.test/ecpay"
MERCHANT = Merchant(
    merchant_id="3002607",
    keys=MacKeys("pwFHCqoQZGmho4w6", "EkRm7iFT261dpevs"),
    cashier=BASE,
    vendor=BASE,
)
ADDRESSES = ReturnAddresses(
    told="http://shop.test/told",
    returned="http://shop.test/returned",
    back="http://shop.test/progress",
)


@dataclass
class Shop:
    """Sandbox, shop and payer."""

    db: Database
    clock: SetClock
    answer: str = TAKEN
    bodies: list[tuple[str, bytes]] = field(default_factory=list)

    @classmethod
    async def stand(cls, db: Database, clock: SetClock) -> "Shop":
        await install(db)
        async with db.transaction() as tx:
            await tx.execute(TABLES)
        return cls(db, clock)

    def __post_init__(self) -> None:
        self.mischief = Mischief(self.db)
        shop = httpx2.AsyncClient(transport=httpx2.MockTransport(self.hear))
        self.pushes = Pushes(self.db, shop, MERCHANT.keys, self.mischief)
        ecpay = create_ecpay(
            MERCHANT, clock=self.clock, db=self.db, client=shop, mischief=self.mischief
        )
        self.client = caller(Wire({"/ecpay": ecpay}))
        self.client.headers["accept-language"] = "en"

    async def hear(self, request: httpx2.Request) -> httpx2.Response:
        self.bodies.append((request.url.path, request.content))
        return httpx2.Response(200, text=self.answer)

    @property
    def told(self) -> list[Push]:
        """What was told so far; raises NotGenuine."""
        return [read_push_body(body, MERCHANT) for _, body in self.bodies]

    async def check_out(
        self, trade_no: str, method: Method, *, until: datetime, amount: int = 22
    ) -> httpx2.Response:
        form = await self.form(trade_no, method, until=until, amount=amount)
        return await self.client.post(form.action, data=dict(form.fields))

    async def form(
        self, trade_no: str, method: Method, *, until: datetime, amount: int = 22
    ) -> CheckoutForm:
        """What a payer's browser brings."""
        purchase = Purchase(
            trade_no=trade_no,
            amount=amount,
            method=method,
            item="口罩 3 片",
            language="en",
            expires_at=until,
        )
        return checkout_form(MERCHANT, purchase, ADDRESSES, at=await self.clock.now())

    async def pay(self, trade_no: str, **form: str) -> httpx2.Response:
        fields = {"MerchantTradeNo": trade_no, "decision": "pay", "card": "4311952222222222"}
        return await self.client.post(BASE + PAY, data=fields | form)

    async def transfer(self, account: str, amount: str = "22") -> httpx2.Response:
        return await self.client.post(BASE + ATM, data={"account": account, "amount": amount})


def hidden(page: httpx2.Response) -> dict[str, str]:
    """The hidden fields of a page."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
