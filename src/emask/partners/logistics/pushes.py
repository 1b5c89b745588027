"""What ECPay's server tells of a parcel by itself, and what it wants to hear in answer.

It may come twice, hours late, in any order or from somebody else. Nothing of the receiver that
stands in it is kept.
"""

import re
from collections.abc import Mapping
from typing import Final

from emask.delivery.ports import ForgedMessage, Reply, StatusMessage
from emask.partners.ecpay.mac import Digest, is_genuine
from emask.partners.ecpay.wire import check_names, read_form, read_stamp, read_trade_no
from emask.partners.logistics.kinds import Logistics, SubType
from emask.partners.logistics.statuses import state_of

TAKEN: Final = Reply(status=200, content="1|OK")
"""The answer to a push that has been dealt with, text/plain and not a letter more."""

BAD_MAC: Final = Reply(status=200, content="0|CheckMacValue Error")
"""The answer to any other: should the keys be wrong, ECPay sends it again."""

_CODE: Final = re.compile(r"[0-9]{1,10}", re.ASCII)


def read_push_body(body: bytes, logistics: Logistics) -> StatusMessage:
    """Verify and read the body of a push. Raises ForgedMessage."""
    try:
        fields = read_form(body)
    except ValueError:
        raise ForgedMessage from None
    return read_push(fields, logistics)


def read_push(fields: Mapping[str, str], logistics: Logistics) -> StatusMessage:
    """Verify and read the fields of a push; every one that came is in its MAC.

    Raises:
        ForgedMessage: not signed with the keys of the account that it is for, or about a kind of
            parcel which that account does not send.
    """
    try:
        account = logistics.account_named(fields["MerchantID"])
        if not is_genuine(fields, account.keys, Digest.MD5):
            raise ForgedMessage
        check_names(fields)
        sub_type = SubType(fields["LogisticsSubType"])
        if logistics.account_for(sub_type) != account:
            raise ForgedMessage
        return _told(fields, sub_type)
    except (LookupError, ValueError):
        raise ForgedMessage from None


def _told(fields: Mapping[str, str], sub_type: SubType) -> StatusMessage:
    code = read_code(fields["RtnCode"])
    return StatusMessage(
        trade_no=read_trade_no(fields["MerchantTradeNo"]),
        parcel_no=read_trade_no(fields["AllPayLogisticsID"]),
        chain=sub_type.chain,
        code=code,
        state=state_of(sub_type, code),
        updated_at=read_stamp(fields["UpdateStatusDate"]),
    )


def read_code(text: str) -> str:
    """A status code. Raises ValueError."""
    if not _CODE.fullmatch(text):
        raise ValueError("not a code")
    return text
