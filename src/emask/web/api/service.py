"""Health, metrics, and the payment gateway's messages."""

import asyncio
from typing import Final

from litestar import MediaType, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.plugins.prometheus import PrometheusConfig, PrometheusController
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_400_BAD_REQUEST,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from litestar.types import ControllerRouterHandler
from psycopg import Error

from emask.payment.ports import ForgedMessage
from emask.payment.service import UnknownTrade, receive
from emask.programme.system import System
from emask.web.shell.page import WebRequest

PROMETHEUS: Final = PrometheusConfig(
    app_name="emask",
    prefix="emask",
    group_path=True,  # the route, never the address: nobody's figures carry what they typed
    exclude_unhandled_paths=True,
)

_PATIENCE: Final = 2
"""Seconds after which a database that does not answer counts as down."""


class Metrics(PrometheusController):
    """Counts and durations of requests by route, for the operators' monitoring."""

    path = "/api/metrics"
    include_in_schema = False


@get("/api/health")
async def tell_health(request: WebRequest) -> Response[dict[str, str]]:
    """Whether this process and its database answer; 503 when they do not."""
    system: System = request.app.state.system
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
    """What the gateway tells of a payment; told again until it is answered with OK."""
    system: System = request.app.state.system
    if gateway != system.partners.gateway.name:
        raise NotFoundException
    form = await request.form()
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    try:
        await receive(system.db, system.clock, system.partners.gateway, fields=fields)
    except (ForgedMessage, UnknownTrade):
        return Response("refused", status_code=HTTP_400_BAD_REQUEST)
    return Response("OK")


OPEN: Final[list[ControllerRouterHandler]] = [tell_health, Metrics, take_message]
