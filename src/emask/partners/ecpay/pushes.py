"""What ECPay's server tells us by itself, and what it wants to hear in answer.

It may come twice, late, out of order or from somebody else. An account that was issued is no
money, and neither is a payment simulated in ECPay's back office.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from emask.partners.ecpay.mac import is_genuine
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import check_names, read_amount, read_form, read_stamp, read_trade_no

TAKEN: Final = "1|OK"
"""The whole answer to a push that has been dealt with: text/plain, 200, within ten seconds."""

BAD_MAC: Final = "0|CheckMacValue Error"
"""The answer to a push that is not genuine: should the keys be wrong, ECPay sends it again."""

ISSUED: Final = "2"
"""The code of an account that was issued; those for stores (10100073) are never asked for."""

_PAID: Final = "1"
_BANK: Final = re.compile(r"[0-9]{3}", re.ASCII)
_ACCOUNT: Final = re.compile(r"[0-9]{1,16}", re.ASCII)
_METHOD: Final = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
_CODE: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


class PushKind(StrEnum):
    """What a push tells."""

    PAID = "paid"
    ACCOUNT_ISSUED = "account_issued"
    FAILED = "failed"
    SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A verified push.

    Args:
        kind: what it tells.
        trade_no: our number.
        gateway_trade_no: ECPay's.
        amount: NT$.
        method: ECPay's word, such as ``Credit_CreditCard`` or ``ATM_BOT``.
        code: ECPay's result code; only those that `kind` tells apart have a meaning.
        valued_at: when it was paid, or else when the trade was opened.
        bank_code, account: where to transfer to, of an account that was issued.
    """

    kind: PushKind
    trade_no: str
    gateway_trade_no: str
    amount: int
    method: str
    code: str
    valued_at: datetime
    bank_code: str | None = None
    account: str | None = None

    @property
    def message_id(self) -> str:
        """The same for every way of telling the same, so that a query and a push count once.

        The MAC lets the case of letters be changed, so the case does not count.
        """
        code = f":{self.code}" if self.kind is PushKind.FAILED else ""
        return f"{self.kind}:{self.gateway_trade_no.lower()}{code}"


class NotGenuine(Exception):
    """A push that ECPay did not send, or would never send: change nothing, raise an alarm.

    Nothing of the push stands in it.
    """


def read_push_body(body: bytes, merchant: Merchant) -> Push:
    """Verify and read the body of a push. Raises NotGenuine."""
    try:
        fields = read_form(body)
    except ValueError:
        raise NotGenuine from None
    return read_push(fields, merchant)


def read_push(fields: Mapping[str, str], merchant: Merchant) -> Push:
    """Verify and read the fields of a push; every one that came is in its MAC. Raises NotGenuine.

    Whichever address it comes to, the code tells what it is.
    """
    if not is_genuine(fields, merchant.keys):
        raise NotGenuine
    try:
        check_names(fields)
        if fields["MerchantID"] != merchant.merchant_id:
            raise NotGenuine
        return told_by(fields)
    except (KeyError, ValueError):
        raise NotGenuine from None


def told_by(fields: Mapping[str, str]) -> Push:
    """What verified fields tell. Raises KeyError and ValueError if ECPay never says it so."""
    kind = _kind(fields)
    issued, paid = kind is PushKind.ACCOUNT_ISSUED, kind in (PushKind.PAID, PushKind.SIMULATED)
    return Push(
        kind=kind,
        trade_no=read_trade_no(fields["MerchantTradeNo"]),
        gateway_trade_no=read_trade_no(fields["TradeNo"]),
        amount=read_amount(fields["TradeAmt"]),
        method=_in_form(_METHOD, fields["PaymentType"]),
        code=_in_form(_CODE, fields["RtnCode"]),
        valued_at=read_stamp(fields["PaymentDate" if paid else "TradeDate"]),
        bank_code=_in_form(_BANK, fields["BankCode"]) if issued else None,
        account=_in_form(_ACCOUNT, fields["vAccount"]) if issued else None,
    )


def _kind(fields: Mapping[str, str]) -> PushKind:
    """Money only if all of it says so; SimulatePaid is then asked for and never taken for granted.

    Raises:
        KeyError, ValueError: a field is missing or says what it never says.
    """
    if fields["RtnCode"] == ISSUED:
        return PushKind.ACCOUNT_ISSUED
    if fields["RtnCode"] != _PAID:
        return PushKind.FAILED
    return _BY_SIMULATION[fields["SimulatePaid"]]


_BY_SIMULATION: Final = {"0": PushKind.PAID, "1": PushKind.SIMULATED}


def _in_form(form: re.Pattern[str], text: str) -> str:
    if not form.fullmatch(text):
        raise ValueError("not in form")
    return text
