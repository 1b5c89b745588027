"""NewebPay as payment's port knows a gateway."""

from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx2

from emask.partners.newebpay.calls import Refused
from emask.partners.newebpay.card_refund import next_step, take_step
from emask.partners.newebpay.checkout import checkout_form
from emask.partners.newebpay.merchant import Merchant
from emask.partners.newebpay.pushes import (
    BAD_SHA_STATUS,
    TAKEN,
    NotGenuine,
    Push,
    PushKind,
    read_push_body,
)
from emask.partners.newebpay.trade_query import query_trade
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    CheckoutForm,
    ForgedMessage,
    GatewayMessage,
    MessageKind,
    NoAnswer,
    Purchase,
    Question,
    Reply,
    ReturnAddresses,
    SettledRow,
    TradeStanding,
    UnreadableFile,
)


class NewebPayGateway:
    """As `ports.Gateway` says.

    Args:
        merchant: who we are.
        client: what NewebPay's server is asked with.
    """

    name = "newebpay"
    taken = Reply(status=200, content=TAKEN)
    not_genuine = Reply(status=BAD_SHA_STATUS, content="TradeSha Error")

    def __init__(self, merchant: Merchant, client: httpx2.AsyncClient) -> None:
        self._merchant = merchant
        self._client = client

    @property
    def cashier(self) -> str:
        """The origin of its pages."""
        url = urlsplit(self._merchant.root)
        return f"{url.scheme}://{url.netloc}"

    def checkout(
        self, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
    ) -> CheckoutForm:
        """The signed form that opens a trade, good for two minutes. Raises UnfitForCheckout."""
        return checkout_form(self._merchant, purchase, addresses, at=at)

    def read(self, body: bytes, *, at: datetime) -> GatewayMessage:
        """Verify and read a push. Raises ForgedMessage."""
        try:
            return message_of(read_push_body(body, self._merchant, at=at))
        except NotGenuine:
            raise ForgedMessage from None

    def read_returned(self, body: bytes, *, at: datetime) -> GatewayMessage | None:
        """The account for a transfer, which the payer's browser alone brings; else None."""
        try:
            push = read_push_body(body, self._merchant, at=at)
        except NotGenuine:
            return None
        return message_of(push) if push.kind is PushKind.ACCOUNT_ISSUED else None

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        """How a trade stands. Raises NoAnswer and Paused."""
        try:
            info = await query_trade(
                self._client, self._merchant, question.trade_no, amount=question.amount, at=at
            )
        except Refused as refused:
            raise NoAnswer(refused.code) from None
        told = [push for push in (info.payment, info.account) if push is not None]
        return TradeStanding(
            messages=[message_of(push) for push in told],
            card=info.card.state if info.card else None,
            refundable=info.card.refundable if info.card else None,
        )

    def next_step(
        self, refund: CardRefund, state: CardState
    ) -> tuple[CardAction, CardState] | None:
        """The next step of giving back, and the state after it. Raises Closing."""
        return next_step(refund, state)

    async def take_step(self, refund: CardRefund, action: CardAction, *, at: datetime) -> None:
        """Have one step carried out. Raises RefundRefused, Paused and NoAnswer."""
        await take_step(self._client, self._merchant, refund, action, at=at)

    async def settled(self, day: date, *, at: datetime) -> None:
        """NewebPay publishes no file."""
        del day, at

    def read_settled(self, content: bytes) -> list[SettledRow]:
        """Raises UnreadableFile: there is no file to be fetched by hand either."""
        del content
        raise UnreadableFile("NewebPay publishes none")


def message_of(push: Push) -> GatewayMessage:
    """A push, or what a query found, as payment takes it in."""
    return GatewayMessage(
        trade_no=push.trade_no,
        message_id=push.message_id,
        kind=_KINDS[push.kind],
        amount=push.amount,
        bank_code=push.bank_code,
        account=push.account,
        valued_at=push.valued_at,
        simulated=False,
        gateway_trade_no=push.gateway_trade_no or None,
    )


_KINDS: Final = {
    PushKind.PAID: MessageKind.PAID,
    PushKind.ACCOUNT_ISSUED: MessageKind.ACCOUNT_ISSUED,
    PushKind.FAILED: MessageKind.FAILED,
}
