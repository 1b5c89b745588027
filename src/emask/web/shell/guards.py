"""Who may see a page: every route is open by choice, or guarded by one of these."""

from collections.abc import Awaitable, Callable

from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from emask.identity.model import StaffRole
from emask.web.shell.page import (
    Connection,
    NotSignedIn,
    NotStaff,
    WebRequest,
    read_page,
    sent_from_elsewhere,
)

Guard = Callable[[Connection, BaseRouteHandler], Awaitable[None]]


async def needs_person(connection: Connection, _: BaseRouteHandler) -> None:
    """A person is signed in; raises NotSignedIn."""
    page = await read_page(connection)
    if page.visitor is None:
        raise NotSignedIn


def needs_role(*roles: StaffRole) -> Guard:
    """A member of staff in one of ``roles`` is signed in; raises NotStaff."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        page = await read_page(connection)
        if page.staff.role not in roles:
            raise NotStaff

    return guard


async def needs_demo(connection: Connection, _: BaseRouteHandler) -> None:
    """The system is a demo; raises NotFoundException, as if the page were not there."""
    page = await read_page(connection)
    if not page.demo:
        raise NotFoundException


async def refuse_what_others_send(request: WebRequest) -> None:
    """What changes something comes from a page of ours, whatever token it brings.

    Only what needs no token either may come from anywhere: nothing there acts for a session.

    Raises:
        PermissionDeniedException: the browser names another origin.
    """
    if request.method == "GET" or request.route_handler.opt.get("exclude_from_csrf"):
        return
    if sent_from_elsewhere(request):
        raise PermissionDeniedException
