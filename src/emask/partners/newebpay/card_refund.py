"""Giving back money that was paid by card, step by step as the state of the payment demands.

There is no such call for a transfer: that goes back by hand. What was only authorised is let go;
what the bank is to take is called back first; while it takes it, nothing can be done. Each step is
one call, and the caller notes it before and after: after a step that got no answer, a query tells
by `CardStanding` whether it was carried out.
"""

from datetime import datetime
from typing import Final

import httpx2

from emask.partners.newebpay.calls import Refused, post_sealed
from emask.partners.newebpay.merchant import CARD_CANCEL, CARD_CLOSE, Merchant
from emask.payment.ports import CardAction, CardRefund, CardState, Closing, RefundRefused

_CANCEL_VERSION: Final = "1.0"
_CLOSE_VERSION: Final = "1.1"
_IN_A_BATCH: Final = "TRA20001"  # it will be let go with the bank's next batch


def next_step(refund: CardRefund, state: CardState) -> tuple[CardAction, CardState] | None:
    """The next step, and the state after it; None when the money has gone back. Raises Closing."""
    if state is CardState.GIVEN_BACK:
        return None
    step = (_WHOLE if refund.is_whole else _PART).get(state)
    if step is None:
        raise Closing
    return step


async def take_step(
    client: httpx2.AsyncClient,
    merchant: Merchant,
    refund: CardRefund,
    action: CardAction,
    *,
    at: datetime,
) -> None:
    """Have NewebPay carry one step out; returns when it has.

    Raises:
        RefundRefused: nothing has changed.
        Paused: asked too often; nothing has changed.
        NoAnswer: it may have been done. Query before it is asked again.
    """
    path, version, words = _CALLS[action]
    inner = {
        "RespondType": "JSON",
        "Version": version,
        "Amt": str(refund.amount(action)),
        "MerchantOrderNo": refund.trade_no,
        "IndexType": "1",
        "TimeStamp": str(int(at.timestamp())),
        **words,
    }
    try:
        await post_sealed(client, merchant, path, inner, at=at)
    except Refused as refused:
        if refused.code != _IN_A_BATCH:
            raise RefundRefused(action, refused.code) from None


_CALLS: Final = {
    CardAction.CLOSE: (CARD_CLOSE, _CLOSE_VERSION, {"CloseType": "1"}),
    CardAction.REFUND: (CARD_CLOSE, _CLOSE_VERSION, {"CloseType": "2"}),
    CardAction.CANCEL_CLOSING: (CARD_CLOSE, _CLOSE_VERSION, {"CloseType": "1", "Cancel": "1"}),
    CardAction.ABANDON: (CARD_CANCEL, _CANCEL_VERSION, {}),
}
_WHOLE: Final = {
    CardState.AUTHORISED: (CardAction.ABANDON, CardState.GIVEN_BACK),
    CardState.TO_BE_CLOSED: (CardAction.CANCEL_CLOSING, CardState.AUTHORISED),
    CardState.CLOSED: (CardAction.REFUND, CardState.GIVEN_BACK),
}
_PART: Final = {
    CardState.AUTHORISED: (CardAction.CLOSE, CardState.TO_BE_CLOSED),
    CardState.CLOSED: (CardAction.REFUND, CardState.GIVEN_BACK),
}
