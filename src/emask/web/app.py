"""The application: pages, API, open data and the intake's endpoint behind one door."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, cast

from litestar import Litestar, Router, get
from litestar.config.compression import CompressionConfig
from litestar.config.csrf import CSRFConfig
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER
from litestar.types import Guard

from emask.identity.model import StaffRole
from emask.language import Language
from emask.partners.mobile_operator import CamaraOperator
from emask.programme.system import System
from emask.web.api import deliveries, service
from emask.web.api.application import answers_at, create_api
from emask.web.api.counter_caller import DOOR, PartnerDoor
from emask.web.citizen import (
    account,
    card_agent,
    choose_again,
    family,
    identify,
    order,
    payment,
    phone_ways,
    progress,
    refund,
    registration,
    sign_in,
    start,
)
from emask.web.counter import offline as counter_offline
from emask.web.counter import pages as counter
from emask.web.counter import site as counter_site
from emask.web.demo import pages as demo
from emask.web.intake import INTAKE_PATH, IntakeEndpoint
from emask.web.office import pages as office
from emask.web.opendata import OPEN_DATA, OpenDataEndpoint
from emask.web.operator import consignments as operator_parcels
from emask.web.operator import counter_conflicts as operator_conflicts
from emask.web.operator import deliveries as operator_deliveries
from emask.web.operator import missing as operator_missing
from emask.web.operator import notices as operator_notices
from emask.web.operator import pages as operator
from emask.web.operator import person as hotline
from emask.web.operator import reconciliation, reopening
from emask.web.operator import refunds as operator_refunds
from emask.web.operator import sites as operator_sites
from emask.web.operator import stores as operator_stores
from emask.web.public import mask_map
from emask.web.public import opendata as public_opendata
from emask.web.public import rules as public_rules
from emask.web.sandbox_pages import atm, partners, phone
from emask.web.shell import staff, well_known
from emask.web.shell.address import ClientAddress, Networks
from emask.web.shell.assets import assets_router
from emask.web.shell.cookies import CSRF
from emask.web.shell.errors import EXCEPTION_HANDLERS
from emask.web.shell.guards import (
    needs_demo,
    needs_person,
    needs_role,
    refuse_what_others_send,
)
from emask.web.shell.page import form_of, page_of
from emask.web.shell.reception import Reception
from emask.web.shell.security import (
    Application,
    Receive,
    Scope,
    SecurityHeaders,
    Send,
    content_security_policy,
)
from emask.web.store import centre, centre_returns, kiosk, till

_MOST_BYTES: Final = 64 * 1024
"""Of a form: none takes files, and the longest field is a certificate's signature."""

_PUBLIC = [
    *start.PUBLIC,
    *identify.PUBLIC,
    *card_agent.PUBLIC,
    *sign_in.PUBLIC,
    *phone_ways.PUBLIC,
    *registration.PUBLIC,
    *account.PUBLIC,
    *public_opendata.PUBLIC,
    *mask_map.PUBLIC,
    *public_rules.PUBLIC,
    *staff.PUBLIC,
    *counter_offline.PUBLIC,
]
_PERSONAL = [
    *registration.PERSONAL,
    *account.PERSONAL,
    *order.PERSONAL,
    *progress.PERSONAL,
    *choose_again.PERSONAL,
    *refund.PERSONAL,
    *payment.PERSONAL,
    *family.PERSONAL,
]


@get("/")
async def begin() -> Redirect:
    """zh-Hant comes first."""
    return Redirect("/zh/", status_code=HTTP_303_SEE_OTHER)


@get("/demo")
async def begin_demo() -> Redirect:
    """The demo's tour, likewise."""
    return Redirect("/zh/demo", status_code=HTTP_303_SEE_OTHER)


def create_app(
    system: System, *, proxies: Networks = (), partner_door: PartnerDoor | None = None
) -> Application:
    """The whole web application of a running system.

    Args:
        system: what it serves.
        proxies: whose word on where a request comes from is taken, by pages and API.
        partner_door: what the partner API stands on, where it is not the usual.
    """
    pages = _create_pages(system.keys.session.hex())
    intake = IntakeEndpoint(system.intake, system.sessions, system.clock, system.site)
    policy = content_security_policy(
        agent=system.site.agent,
        operator=_operator_of(system),
        cashiers=[gateway.cashier for gateway in system.partners.gateways],
    )
    origin = system.site.origin
    return _Door(
        *(
            ClientAddress(SecurityHeaders(app, policy=policy, origin=origin), proxies)
            for app in (
                Reception(cast("Application", pages), system),
                cast("Application", create_api()),
            )
        ),
        intake=intake,
        open_data=OpenDataEndpoint(system.open_data),
        state={"system": system, DOOR: partner_door or PartnerDoor.of(system)},
    )


@cache
def _create_pages(csrf_secret: str) -> Litestar:
    """The pages of whatever system the door names; made once, since routes take long to make."""
    return Litestar(
        [
            begin,
            begin_demo,
            assets_router(),
            *service.OPEN,
            *deliveries.OPEN,
            *well_known.OPEN,
            *phone_ways.OPEN,
            *(_in_language(language) for language in Language),
        ],
        dependencies={"page": Provide(page_of), "form": Provide(form_of)},
        exception_handlers=dict(EXCEPTION_HANDLERS),
        csrf_config=CSRFConfig(secret=csrf_secret, cookie_name=CSRF, cookie_httponly=True),
        # Only what holds no secrets: a page's token could be guessed from how well it compresses.
        compression_config=CompressionConfig("gzip", exclude=["^/(zh|en|api)"]),
        middleware=[service.PROMETHEUS.middleware],
        before_request=refuse_what_others_send,
        request_max_body_size=_MOST_BYTES,
        openapi_config=None,
        logging_config=None,
    )


def _operator_of(system: System) -> str:
    """Where the mobile operator is that pages send phones to."""
    operator = system.partners.identity.operator
    return operator.origin if isinstance(operator, CamaraOperator) else ""


class _Door:
    """Sends pre-orders and readers of open data past all routers; the rest to API or pages.

    Those serve any system; a request brings along which one answers it, and by which door.
    """

    def __init__(
        self,
        pages: Application,
        api: Application,
        *,
        intake: IntakeEndpoint,
        open_data: OpenDataEndpoint,
        state: Mapping[str, object],
    ) -> None:
        self._pages = pages
        self._api = api
        self._intake = intake
        self._open_data = open_data
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = dict(self._state)
        if scope["type"] == "http" and scope["path"] == INTAKE_PATH:
            await self._intake(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(OPEN_DATA):
            await self._open_data(scope, receive, send)
        elif scope["type"] == "http" and answers_at(scope["path"]):
            await self._api(scope, receive, send)
        else:
            await self._pages(scope, receive, send)


def _in_language(language: Language) -> Router:
    """Every page, below the language's own address."""
    return Router(
        f"/{language}",
        route_handlers=[
            *_PUBLIC,
            _guarded(_PERSONAL, needs_person),
            _guarded(
                [*counter.STAFF, *counter_site.STAFF, *counter_offline.STAFF],
                needs_role(StaffRole.PHARMACIST),
            ),
            _guarded(kiosk.KIOSK, needs_role(StaffRole.KIOSK)),
            _guarded(till.TILL, needs_role(StaffRole.CLERK)),
            _guarded([*centre.CENTRE, *centre_returns.CENTRE], needs_role(StaffRole.CENTRE)),
            _guarded(office.STAFF, needs_role(StaffRole.OFFICER)),
            _guarded(
                [
                    *operator.STAFF,
                    *operator_refunds.STAFF,
                    *operator_notices.STAFF,
                    *operator_stores.STAFF,
                    *operator_sites.STAFF,
                    *reconciliation.STAFF,
                    *reopening.STAFF,
                    *operator_deliveries.STAFF,
                    *operator_parcels.STAFF,
                    *operator_missing.STAFF,
                    *operator_conflicts.STAFF,
                ],
                needs_role(StaffRole.OPERATOR),
            ),
            _guarded(hotline.STAFF, needs_role(StaffRole.OPERATOR, StaffRole.HOTLINE)),
            _guarded(demo.DEMO, needs_demo),
            _guarded([*atm.DEMO, *partners.DEMO], needs_demo),
            _guarded(phone.DEMO_PERSONAL, needs_demo, needs_person),
        ],
        include_in_schema=False,
    )


def _guarded(handlers: Sequence[BaseRouteHandler], *guards: Guard) -> Router:
    return Router("/", route_handlers=list(handlers), guards=list(guards))
