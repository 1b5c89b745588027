"""Calls to NewebPay's server, which answers JSON under status 200 whatever came of them."""

import asyncio
import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

import httpx2
import msgspec

from emask.partners.newebpay.cipher import sealed
from emask.partners.newebpay.merchant import SUCCESS, Merchant
from emask.payment.ports import NoAnswer, Paused

_LOG: Final = logging.getLogger(__name__)

_CODE: Final = re.compile(r"[A-Za-z0-9]{1,10}")
_LOCKS: Final = {
    "TRA10071": timedelta(hours=4),  # too many queries about trades that it does not know
    "TRA11002": timedelta(hours=4),  # too many failures
    "TRA10702": timedelta(hours=1),  # too many refunds
}


class Refused(Exception):
    """NewebPay does not do what was asked, for a reason of its own; nothing has changed."""

    def __init__(self, path: str, code: str) -> None:
        super().__init__(f"{path}: {code}")
        self.code = code


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    status: str
    result: msgspec.Raw = msgspec.Raw(b"{}")


async def post(
    client: httpx2.AsyncClient,
    merchant: Merchant,
    path: str,
    fields: Mapping[str, str],
    *,
    at: datetime,
) -> msgspec.Raw:
    """Post a form; the result of the answer. Raises NoAnswer, Refused and Paused."""
    answer = _read(path, await _send(client, merchant, path, fields))
    if answer.status == SUCCESS:
        return answer.result
    if not _CODE.fullmatch(answer.status):
        raise NoAnswer(path)
    _LOG.info("%s: %s", path, answer.status)
    if answer.status in _LOCKS:
        raise Paused(at + _LOCKS[answer.status])
    raise Refused(path, answer.status)


async def post_sealed(
    client: httpx2.AsyncClient,
    merchant: Merchant,
    path: str,
    inner: Mapping[str, str],
    *,
    at: datetime,
) -> None:
    """Post what is hidden in PostData_, as the calls about cards are made. Raises as `post`."""
    fields = {
        "MerchantID_": merchant.merchant_id,
        "PostData_": sealed(urlencode(inner), merchant.keys),
    }
    await post(client, merchant, path, fields, at=at)


async def _send(
    client: httpx2.AsyncClient, merchant: Merchant, path: str, fields: Mapping[str, str]
) -> bytes:
    try:
        async with asyncio.timeout(merchant.call_seconds):
            response = await client.post(
                f"{merchant.root}{path}", data=dict(fields), follow_redirects=False
            )
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
        _LOG.warning("%s: %s", path, type(error).__name__)
        raise NoAnswer(path) from None
    if response.status_code != httpx2.codes.OK:
        _LOG.warning("%s: status %s", path, response.status_code)
        raise NoAnswer(path)
    return response.content


def _read(path: str, body: bytes) -> _Answer:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        _LOG.warning("%s: no answer in the agreed form", path)
        raise NoAnswer(path) from None
