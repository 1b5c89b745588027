"""Receipts that Mitake pushes: unsigned, so they change nothing but what is told of delivery."""

import hmac
from typing import Final

from litestar import MediaType, Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from emask.notices.service import record_receipt
from emask.partners.sms import (
    MITAKE,
    RECEIPTS,
    BadPush,
    push_reply,
    read_push,
    receipts_secret,
)
from emask.web.shell.page import WebRequest, system_of


@get(f"{RECEIPTS}/{{secret:str}}", media_type=MediaType.TEXT, include_in_schema=False)
async def take_receipt(request: WebRequest, secret: FromPath[str]) -> Response[bytes]:
    """How far a message came; pushed again until it is answered so."""
    system = system_of(request)
    if not hmac.compare_digest(secret.encode(), receipts_secret(system.keys).encode()):
        raise NotFoundException
    try:
        receipt = read_push(request.query_params)
    except BadPush:
        raise ValidationException from None
    await record_receipt(system.db, system.clock, receipt.of(MITAKE))
    return Response(push_reply(receipt), media_type=MediaType.TEXT)


SECRET: Final[list[ControllerRouterHandler]] = [take_receipt]
