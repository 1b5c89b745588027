"""Health, metrics, and what payment gateways and the payers that they send back bring."""

import asyncio
import logging
from typing import Final

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_503_SERVICE_UNAVAILABLE
from litestar.types import ControllerRouterHandler
from prometheus_client import Counter
from psycopg import Error

from emask.language import Language
from emask.payment.ports import ForgedMessage, Gateway, MessageKind
from emask.payment.receiving import UnknownTrade, receive, take_in
from emask.programme.system import System
from emask.web.shell.page import WebRequest, system_of

PROMETHEUS: Final = PrometheusConfig(
    app_name="emask",
    prefix="emask",
    group_path=True,  # the route, never the address: nobody's figures carry what they typed
    exclude_unhandled_paths=True,
)

_PATIENCE: Final = 2
"""Seconds after which a database that does not answer counts as down."""

_REFUSED: Final = Counter(
    "emask_payment_messages_refused",
    "Messages to a gateway's address that it did not sign, or about trades never opened with it",
    ["gateway", "reason"],
)
_LOG: Final = logging.getLogger(__name__)


class Metrics(PrometheusController):
    """Counts and durations of requests by route, for the operators' monitoring."""

    path = "/api/metrics"
    include_in_schema = False


@get("/api/health")
async def tell_health(request: WebRequest) -> Response[dict[str, str]]:
    """Whether this process and its database answer; 503 when they do not."""
    system = system_of(request)
    try:
        async with asyncio.timeout(_PATIENCE), system.db.connection() as tx:
            await tx.execute("SELECT 1")
    except (Error, TimeoutError):
        return Response({"status": "down"}, status_code=HTTP_503_SERVICE_UNAVAILABLE)
    return Response({"status": "ok"})


@post(
    "/api/payments/{gateway:str}",
    status_code=HTTP_200_OK,
    media_type=MediaType.TEXT,
    exclude_from_csrf=True,  # the gateway signs its messages itself
)
async def take_message(request: WebRequest, gateway: FromPath[str]) -> Response[str]:
    """What a gateway's server tells of a trade; told again until it hears that it was taken."""
    system = system_of(request)
    teller = _gateway(system, gateway)
    reply = teller.taken
    try:
        await receive(system.db, system.clock, teller, body=await request.body())
    except (ForgedMessage, UnknownTrade) as refused:
        _note_refused(teller, refused)
        reply = teller.not_genuine
    return Response(reply.content, status_code=reply.status)


@post(
    "/api/payments/{gateway:str}/returned/{language:str}/{round_id:str}",
    status_code=HTTP_303_SEE_OTHER,
    exclude_from_csrf=True,  # the gateway's page sends the payer's browser here
)
async def take_returned(
    request: WebRequest, gateway: FromPath[str], language: FromPath[str], round_id: FromPath[str]
) -> Redirect:
    """A payer who comes back from a gateway: on to the page that says how the payment stands.

    An account may be told in no other way; whether somebody paid is never taken from here.
    """
    system = system_of(request)
    teller = _gateway(system, gateway)
    if language not in set(Language):
        raise NotFoundException
    try:
        message = teller.read_returned(await request.body(), at=await system.clock.now())
        if message is not None and message.kind is MessageKind.ACCOUNT_ISSUED:
            await take_in(system.db, system.clock, gateway=teller.name, message=message)
    except (ForgedMessage, UnknownTrade) as refused:
        _note_refused(teller, refused)
    return Redirect(f"/{language}/orders/{round_id}/paid", status_code=HTTP_303_SEE_OTHER)


def _gateway(system: System, name: str) -> Gateway:
    """Raises NotFoundException for a name that no gateway has."""
    try:
        return system.partners.gateways.named(name)
    except LookupError:
        raise NotFoundException from None


def _note_refused(gateway: Gateway, refused: Exception) -> None:
    """For monitoring to raise an alarm; nothing of what came."""
    reason = type(refused).__name__
    _REFUSED.labels(gateway.name, reason).inc()
    _LOG.warning("refused a message to the address of gateway %s: %s", gateway.name, reason)


OPEN: Final[list[ControllerRouterHandler]] = [tell_health, Metrics, take_message, take_returned]
