"""Both gateways as they are spoken, over their sandboxes, for orders paid by card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

import httpx2

from draw.town import Town
from emask.partners.ecpay import EcpayGateway
from emask.partners.newebpay import NewebPayGateway
from emask.payment.ports import CheckoutForm, Gateway
from emask.sandbox import mischief
from emask.sandbox.ecpay.payers import Payers
from emask.sandbox.mischief import Mischief
from emask.sandbox.newebpay import TABLES, create_newebpay
from emask.sandbox.wire import Wire
from partners import newebpay
from sandbox import ecpay_shop
from sandbox.newebpay_shop import Forms


class Losing(httpx2.AsyncBaseTransport):
    """Carries every call out, and loses the answers to those whose path ends so."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.paths: tuple[str, ...] = ()
        self.calls: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.calls.append(request.url.path)
        response = await self._inner.handle_async_request(request)
        if request.url.path.endswith(self.paths or ("nowhere",)):
            raise httpx2.ReadTimeout("stalled", request=request)
        return response


class Desk(Protocol):
    """A gateway, who pays at it, and what it has given back."""

    line: Losing
    steps: tuple[str, ...]

    @property
    def gateway(self) -> Gateway: ...

    async def pay(self, form: CheckoutForm) -> bytes:
        """Pay by card; the body of the push that tells of it."""
        ...

    async def back(self, trade_no: str) -> int:
        """NT$ that went back of a trade."""
        ...


@dataclass
class AtEcpay:
    """ECPay reckons how far a payment is."""

    town: Town
    shop: ecpay_shop.Shop
    line: Losing
    steps: tuple[str, ...] = ("/CreditDetail/DoAction",)

    @classmethod
    async def stand(cls, town: Town) -> "AtEcpay":
        shop = await ecpay_shop.Shop.stand(town.db, town.clock)
        return cls(town, shop, Losing(shop.client._transport))

    @property
    def gateway(self) -> EcpayGateway:
        return EcpayGateway(ecpay_shop.MERCHANT, httpx2.AsyncClient(transport=self.line))

    async def pay(self, form: CheckoutForm) -> bytes:
        payers = Payers(ecpay_shop.MERCHANT, self.town.db)
        now = await self.town.clock.now()
        trade = await payers.check_out(form, at=now)
        return await payers.pay(trade.trade_no, at=now)

    async def back(self, trade_no: str) -> int:
        return await _number(
            self.town,
            "SELECT sum(refunded) FROM sandbox.ecpay_payment WHERE trade_no = %s",
            trade_no,
        )


@dataclass
class AtNewebPay:
    """NewebPay tells how far a payment is."""

    town: Town
    line: Losing
    told: list[bytes]
    steps: tuple[str, ...] = ("/CreditCard/Close", "/CreditCard/Cancel")

    @classmethod
    async def stand(cls, town: Town) -> "AtNewebPay":
        async with town.db.transaction() as tx:
            await tx.execute("CREATE SCHEMA IF NOT EXISTS sandbox")
            await tx.execute(mischief.TABLES)
            await tx.execute(TABLES)
        told: list[bytes] = []

        def hear(request: httpx2.Request) -> httpx2.Response:
            told.append(request.content)
            return httpx2.Response(200)

        sandbox = create_newebpay(
            newebpay.MERCHANT,
            clock=town.clock,
            db=town.db,
            client=httpx2.AsyncClient(transport=httpx2.MockTransport(hear)),
            mischief=Mischief(town.db),
        )
        return cls(town, Losing(httpx2.ASGITransport(Wire({"/newebpay": sandbox}))), told)

    @property
    def gateway(self) -> NewebPayGateway:
        return NewebPayGateway(newebpay.MERCHANT, httpx2.AsyncClient(transport=self.line))

    async def pay(self, form: CheckoutForm) -> bytes:
        page = await self._post(form.action, form.fields)
        await self._post(urljoin(form.action, page.action), page.fields)
        return self.told[-1]

    async def back(self, trade_no: str) -> int:
        return await _number(
            self.town,
            "SELECT returned FROM sandbox.newebpay_trade WHERE trade_no = %s",
            trade_no,
        )

    async def _post(self, address: str, fields: Mapping[str, str]) -> Forms:
        async with httpx2.AsyncClient(transport=self.line) as browser:
            return Forms((await browser.post(address, data=dict(fields))).text)


async def _number(town: Town, query: str, trade_no: str) -> int:
    found = await town.value(query, trade_no)
    assert isinstance(found, int)
    return found
