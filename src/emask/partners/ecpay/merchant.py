"""Who we are to ECPay, and where it is."""

from dataclasses import dataclass
from typing import Final

from emask.partners.ecpay.mac import MacKeys

CHECKOUT: Final = "/Cashier/AioCheckOut/V5"
TRADE_INFO: Final = "/Cashier/QueryTradeInfo/V5"
PAYMENT_INFO: Final = "/Cashier/QueryPaymentInfo"
CARD_ACTION: Final = "/CreditDetail/DoAction"
DAILY_FILE: Final = "/PaymentMedia/TradeNoAio"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Our account.

    Args:
        merchant_id: as ECPay numbered us.
        keys: our two secrets.
        cashier: what the addresses of payment begin with, without a slash at the end.
        vendor: likewise, those of the daily files.
        call_seconds: how long one call may take.
    """

    merchant_id: str
    keys: MacKeys
    cashier: str
    vendor: str
    call_seconds: float = 10
