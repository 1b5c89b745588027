"""Calls to ECPay's servers: each within its time, and what comes back instead of an answer."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote_plus, urlsplit

import httpx2

from emask.partners.ecpay.mac import FIELD, is_genuine
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import FORM_TYPE, form_body
from emask.payment.ports import NoAnswer, Paused

_LOG: Final = logging.getLogger(__name__)

PAUSE: Final = timedelta(minutes=30)
"""How long ECPay refuses whoever has called too often."""


async def post(
    client: httpx2.AsyncClient,
    merchant: Merchant,
    url: str,
    fields: Mapping[str, str],
    *,
    at: datetime,
) -> bytes:
    """Post signed fields; the body of the answer. Raises Paused and NoAnswer."""
    call = urlsplit(url).path
    try:
        async with asyncio.timeout(merchant.call_seconds):
            response = await client.post(
                url,
                content=form_body(fields),
                headers={"content-type": FORM_TYPE},
                follow_redirects=False,
                timeout=merchant.call_seconds,
            )
    except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
        _LOG.warning("%s: %s", call, type(error).__name__)
        raise NoAnswer(call) from None
    if response.status_code == httpx2.codes.FORBIDDEN:
        _LOG.warning("%s: called too often", call)
        raise Paused(at + PAUSE)
    if response.status_code != httpx2.codes.OK:
        _LOG.warning("%s: status %s", call, response.status_code)
        raise NoAnswer(call)
    return response.content


def read_answer(body: bytes) -> dict[str, str]:
    """The fields of an answer, which come raw: `k=v&k=v`, spaces and all.

    Raises:
        ValueError: not UTF-8, or a field comes twice.
    """
    pairs = [part.partition("=")[::2] for part in body.decode().strip().split("&")]
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field comes twice")
    return fields


def read_genuine_answer(body: bytes, merchant: Merchant) -> dict[str, str]:
    """Likewise, if it is signed; should the values come URL-encoded, the MAC tells.

    Raises:
        ValueError: not signed by ECPay, or no answer at all.
    """
    raw = read_answer(body)
    decoded = {name: unquote_plus(value) for name, value in raw.items()}
    for fields in (raw, decoded):
        if FIELD in fields and is_genuine(fields, merchant.keys):
            return fields
    raise ValueError("not genuine")
