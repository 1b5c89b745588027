"""Calls to ECPay's logistics: form and MD5, and what comes back instead of an answer."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote_plus

import httpx2

from emask.delivery.ports import NoAnswer, Paused, Refused
from emask.partners.ecpay.calls import read_answer
from emask.partners.ecpay.mac import FIELD, Digest, is_genuine, signed
from emask.partners.ecpay.wire import FORM_TYPE, form_body
from emask.partners.logistics.kinds import Account, Logistics

_LOG: Final = logging.getLogger(__name__)

CREATE: Final = "/Express/Create"
QUERY: Final = "/Helper/QueryLogisticsTradeInfo/V5"
STORE_MAP: Final = "/Express/map"
STORE_LIST: Final = "/Helper/GetStoreList"
LABELS: Final = "/helper/printTradeDocument"
CHANGE_STORE_B2C: Final = "/Helper/UpdateShipmentInfo"
CHANGE_STORE_C2C: Final = "/Express/UpdateStoreInfo"
CANCEL: Final = "/Express/CancelC2COrder"

PAUSE: Final = timedelta(minutes=30)
"""How long ECPay refuses whoever has called too often."""

DONE: Final = b"1|OK"
"""The whole answer to a call that has nothing else to say."""

_REFUSED: Final = b"0|"
_LONGEST_SAID: Final = 200


def sign(fields: Mapping[str, str], account: Account) -> dict[str, str]:
    """The fields as an account of ours sends them."""
    told = {"MerchantID": account.merchant_id, **fields}
    return signed(told, account.keys, Digest.MD5)


async def post(
    client: httpx2.AsyncClient,
    logistics: Logistics,
    call: str,
    fields: Mapping[str, str],
    *,
    at: datetime,
) -> bytes:
    """Post signed fields; the body of the answer. Raises Paused, NoAnswer, Refused.

    A refusal comes as text, unsigned, with whatever status.
    """
    try:
        async with asyncio.timeout(logistics.call_seconds):
            response = await client.post(
                f"{logistics.base}{call}",
                content=form_body(fields),
                headers={"content-type": FORM_TYPE},
                follow_redirects=False,
            )
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
        _LOG.warning("%s: %s", call, type(error).__name__)
        raise NoAnswer(call) from None
    if response.status_code == httpx2.codes.FORBIDDEN:
        _LOG.warning("%s: called too often", call)
        raise Paused(at + PAUSE)
    if response.content.startswith(_REFUSED):
        _LOG.warning("%s: refused", call)
        raise Refused(call, _said(response.content))
    if response.status_code != httpx2.codes.OK:
        _LOG.warning("%s: status %s", call, response.status_code)
        raise NoAnswer(call)
    return response.content


def read_genuine(body: bytes, account: Account) -> dict[str, str]:
    """The fields of a signed answer; should the values come URL-encoded, the MAC tells.

    Raises:
        ValueError: not signed by ECPay, or no answer at all.
    """
    raw = read_answer(body)
    decoded = {name: unquote_plus(value) for name, value in raw.items()}
    for fields in (raw, decoded):
        if FIELD in fields and is_genuine(fields, account.keys, Digest.MD5):
            return fields
    raise ValueError("not genuine")


def _said(body: bytes) -> str:
    return body.removeprefix(_REFUSED).decode(errors="replace").strip()[:_LONGEST_SAID]
