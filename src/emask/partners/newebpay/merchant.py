"""Who we are to NewebPay, and where it is."""

from dataclasses import dataclass
from typing import Final

from emask.partners.newebpay.cipher import TradeKeys
from emask.rules.words import Method

CHECKOUT: Final = "/MPG/mpg_gateway"
TRADE_INFO: Final = "/API/QueryTradeInfo"
CARD_CANCEL: Final = "/API/CreditCard/Cancel"
CARD_CLOSE: Final = "/API/CreditCard/Close"

FLAGS: Final = {Method.CREDIT_CARD: "CREDIT", Method.WEB_ATM: "WEBATM", Method.ATM: "VACC"}
"""How NewebPay calls the ways to pay that we offer."""

SUCCESS: Final = "SUCCESS"
"""The one status that means what it says; all others are codes of what failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """Our account.

    Args:
        merchant_id: as NewebPay knows us.
        keys: our two secrets.
        root: what its addresses begin with, without a slash at the end.
        call_seconds: how long one call may take.
    """

    merchant_id: str
    keys: TradeKeys
    root: str
    call_seconds: float = 10
