"""NewebPay as payment's port knows a gateway: a page of ours to go to, and messages that came."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from emask.partners.newebpay.merchant import Merchant
from emask.partners.newebpay.pushes import NotGenuine, Push, PushKind, read_push
from emask.payment.ports import ForgedMessage, GatewayMessage, Instruction, MessageKind
from emask.rules.words import Method


class NewebPayGateway:
    """As `ports.Gateway` says.

    NewebPay takes a trade from the payer's browser alone: `open` names the page of ours that posts
    the :func:`emask.partners.newebpay.checkout.checkout_form`, and the account for a transfer comes
    with the payer's browser.

    Args:
        merchant: who we are.
        page: what the address of that page begins with; the trade number follows.
        now: the present instant, for news that bears no time.
    """

    name = "newebpay"

    def __init__(self, merchant: Merchant, *, page: str, now: Callable[[], datetime]) -> None:
        self._merchant = merchant
        self._page = page
        self._now = now

    async def open(
        self, *, trade_no: str, amount: int, method: Method, expires_at: datetime
    ) -> Instruction:
        """The page to go to; nobody outside is asked yet."""
        del amount, method  # they stand in the attempt, which the page reads
        return Instruction(
            redirect_url=f"{self._page}{trade_no}",
            bank_code=None,
            account=None,
            expires_at=expires_at,
        )

    def read(self, fields: Mapping[str, str]) -> GatewayMessage:
        """Verify and read a push. Raises ForgedMessage."""
        try:
            return message_of(read_push(fields, self._merchant, at=self._now()))
        except NotGenuine:
            raise ForgedMessage from None


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
    )


_KINDS: Final = {
    PushKind.PAID: MessageKind.PAID,
    PushKind.ACCOUNT_ISSUED: MessageKind.ACCOUNT_ISSUED,
    PushKind.FAILED: MessageKind.FAILED,
}
