"""What the chains tell of parcels by themselves.

There is no address for what a chain's map of stores brings back: people choose from our own
directory, where closed stores are marked, and nothing that a map sends is signed.
"""

import logging
from typing import Final

from litestar import MediaType, Response, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK
from litestar.types import ControllerRouterHandler
from prometheus_client import Counter

from emask.delivery.consignments import UnknownConsignment, take_push
from emask.delivery.ports import ForgedMessage
from emask.web.shell.page import WebRequest, system_of

_REFUSED: Final = Counter(
    "emask_delivery_messages_refused",
    "Messages to a carrier's address that it did not sign, or about parcels that are not ours",
    ["reason"],
)
_LOG: Final = logging.getLogger(__name__)


@post(
    "/api/deliveries/{provider:str}",
    status_code=HTTP_200_OK,
    media_type=MediaType.TEXT,
    exclude_from_csrf=True,  # the carrier signs its messages itself
)
async def take_status(request: WebRequest, provider: FromPath[str]) -> Response[str]:
    """What becomes of a parcel; told again until the carrier hears that it was taken."""
    system = system_of(request)
    carrier = system.partners.carrier
    if carrier is None or carrier.name != provider:
        raise NotFoundException
    reply = carrier.taken
    try:
        await take_push(system.db, system.clock, carrier, body=await request.body())
    except (ForgedMessage, UnknownConsignment) as refused:
        reason = type(refused).__name__
        _REFUSED.labels(reason).inc()
        _LOG.warning("refused a message about a parcel: %s", reason)
        reply = carrier.not_genuine
    return Response(reply.content, status_code=reply.status)


OPEN: Final[list[ControllerRouterHandler]] = [take_status]
