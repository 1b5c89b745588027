"""ECPay as payment's port knows a gateway."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import httpx2

from emask.partners.ecpay.card_refund import next_step, reckoned_state, take_step
from emask.partners.ecpay.checkout import checkout_form
from emask.partners.ecpay.daily_file import fetch_file, read_file
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.pushes import (
    BAD_MAC,
    TAKEN,
    NotGenuine,
    Push,
    PushKind,
    read_push_body,
)
from emask.partners.ecpay.trade_query import TradeStatus, query_account, query_trade
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
)
from emask.rules.words import Method

_CARD_SETTLES: Final = timedelta(minutes=10)


class EcpayGateway:
    """As `ports.Gateway` says.

    Args:
        merchant: who we are.
        client: what ECPay's servers are asked with.
    """

    name = "ecpay"
    taken = Reply(status=200, content=TAKEN)
    not_genuine = Reply(status=200, content=BAD_MAC)

    def __init__(self, merchant: Merchant, client: httpx2.AsyncClient) -> None:
        self._merchant = merchant
        self._client = client

    @property
    def cashier(self) -> str:
        """The origin of its pages."""
        url = urlsplit(self._merchant.cashier)
        return f"{url.scheme}://{url.netloc}"

    def checkout(
        self, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
    ) -> CheckoutForm:
        """The signed form that opens a trade. Raises UnfitForCheckout."""
        return checkout_form(self._merchant, purchase, addresses, at=at)

    def read(self, body: bytes, *, at: datetime) -> GatewayMessage:
        """Verify and read a push. Raises ForgedMessage."""
        del at  # ECPay's pushes bear their own times
        try:
            return message_of(read_push_body(body, self._merchant))
        except NotGenuine:
            raise ForgedMessage from None

    def read_returned(self, body: bytes, *, at: datetime) -> GatewayMessage | None:
        """Nothing: whatever the browser brings, ECPay's server tells too."""
        del body, at
        return None

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        """How a trade stands. Raises NoAnswer and Paused.

        That a card has not paid says nothing before ten minutes have passed.
        """
        info = await query_trade(self._client, self._merchant, question.trade_no, at=at)
        by_card = question.method is Method.CREDIT_CARD
        if info.payment is not None:
            state = reckoned_state(info.payment.valued_at, at=at) if by_card else None
            return TradeStanding(
                messages=(message_of(info.payment),), card=state, card_reckoned=by_card
            )
        if by_card and at < question.opened_at + _CARD_SETTLES:
            raise NoAnswer("a card may still be paying")
        if question.method is not Method.ATM or info.status is not TradeStatus.UNPAID:
            return TradeStanding()
        issued = await query_account(self._client, self._merchant, question.trade_no, at=at)
        return TradeStanding(messages=(message_of(issued),) if issued else ())

    def next_step(
        self, refund: CardRefund, state: CardState
    ) -> tuple[CardAction, CardState] | None:
        """The next step of giving back, and the state after it. Raises Closing."""
        return next_step(refund, state)

    async def take_step(self, refund: CardRefund, action: CardAction, *, at: datetime) -> None:
        """Have one step carried out. Raises Closing, RefundRefused, Paused and NoAnswer."""
        await take_step(self._client, self._merchant, refund, action, at=at)

    async def settled(self, day: date, *, at: datetime) -> Sequence[SettledRow]:
        """The file of what was paid on a day. Raises NoAnswer, Paused and UnreadableFile."""
        return await fetch_file(self._client, self._merchant, begin=day, end=day, at=at)

    def read_settled(self, content: bytes) -> Sequence[SettledRow]:
        """A file that was fetched by hand. Raises UnreadableFile."""
        return read_file(content)


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
        simulated=push.kind is PushKind.SIMULATED,
        gateway_trade_no=push.gateway_trade_no,
    )


_KINDS: Final = {
    PushKind.PAID: MessageKind.PAID,
    PushKind.SIMULATED: MessageKind.PAID,
    PushKind.ACCOUNT_ISSUED: MessageKind.ACCOUNT_ISSUED,
    PushKind.FAILED: MessageKind.FAILED,
}
