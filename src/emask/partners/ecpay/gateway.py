"""ECPay as payment's port knows a gateway: a page of ours to go to, and messages that came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.pushes import NotGenuine, Push, PushKind, read_push
from emask.payment.ports import ForgedMessage, GatewayMessage, Instruction, MessageKind
from emask.rules.price import Method


class EcpayGateway:
    """As `ports.Gateway` says.

    ECPay takes a trade from the payer's browser alone: `open` names the page of ours that posts
    the :func:`emask.partners.ecpay.checkout.checkout_form`, and the account for a transfer is told
    by a push.

    Args:
        merchant: who we are.
        page: what the address of that page begins with; the trade number follows.
    """

    name = "ecpay"

    def __init__(self, merchant: Merchant, *, page: str) -> None:
        self._merchant = merchant
        self._page = page

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
            return message_of(read_push(fields, self._merchant))
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
        simulated=push.kind is PushKind.SIMULATED,
    )


_KINDS: Final = {
    PushKind.PAID: MessageKind.PAID,
    PushKind.SIMULATED: MessageKind.PAID,
    PushKind.ACCOUNT_ISSUED: MessageKind.ACCOUNT_ISSUED,
    PushKind.FAILED: MessageKind.FAILED,
}
