"""ECPay behind payment's port."""

from datetime import UTC, datetime

import pytest

from emask.partners.ecpay import EcpayGateway
from emask.payment.ports import ForgedMessage, Gateway, MessageKind
from emask.rules.words import Method
from partners.ecpay import ISSUED, MERCHANT, PAID, TRADE, sent

UNTIL = datetime(2020, 3, 21, 15, 59, tzinfo=UTC)
GATEWAY: Gateway = EcpayGateway(MERCHANT, page="/pay/ecpay/")


async def test_a_trade_begins_on_a_page_of_ours() -> None:
    instruction = await GATEWAY.open(trade_no=TRADE, amount=22, method=Method.ATM, expires_at=UNTIL)
    assert instruction.redirect_url == f"/pay/ecpay/{TRADE}"
    assert (instruction.account, instruction.expires_at) == (None, UNTIL)


def test_messages() -> None:
    paid, simulated, issued, failed = (
        GATEWAY.read(fields)
        for fields in (
            sent(PAID),
            sent(PAID, SimulatePaid="1"),
            sent(ISSUED),
            sent(PAID, RtnCode="10100058", PaymentDate=""),
        )
    )
    assert (paid.kind, paid.simulated, paid.amount) == (MessageKind.PAID, False, 22)
    assert (simulated.kind, simulated.simulated) == (MessageKind.PAID, True)
    assert (issued.kind, issued.bank_code) == (MessageKind.ACCOUNT_ISSUED, "004")
    assert failed.kind is MessageKind.FAILED
    assert len({each.message_id for each in (paid, simulated, issued, failed)}) == 4


def test_a_forged_push_is_one_to_payment_too() -> None:
    with pytest.raises(ForgedMessage):
        GATEWAY.read(sent(PAID) | {"TradeAmt": "23"})
