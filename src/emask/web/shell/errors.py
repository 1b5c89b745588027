"""Pages for what does not go on: a refusal, a session that ended, a full queue, a fault."""

import logging
from collections.abc import Callable, Mapping
from traceback import format_tb
from typing import Any, Final

from litestar import Response
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_405_METHOD_NOT_ALLOWED,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from emask.identity.tries import TooManyAtOnce
from emask.preorder.intake import IntakeFull, IntakeInterrupted
from emask.rounds.service import UnknownRound
from emask.rules.refusals import Refusal
from emask.web.shell.cookies import CSRF, SESSION
from emask.web.shell.next_ways import next_ways, retry_path
from emask.web.shell.page import NotSignedIn, NotStaff, Page, WebRequest, bare_page
from emask.web.shell.staff import SCREENS

_A_MOMENT: Final = "3"
"""Seconds."""

_LOG = logging.getLogger(__name__)


def show_refusal(page: Page, refusal: Refusal) -> Response[str]:
    """Rule, fact and next date as the refusal tells them, and what to do next."""
    at_work = page.member is not None and page.here.startswith(SCREENS[page.member.role])
    return page.show(
        "shell/refusal.html",
        {
            "refusal": refusal,
            "at_work": at_work,
            "ways": next_ways(refusal.code),
            "again": retry_path(page.here, refusal.code),
        },
        status=refusal.status,
    )


def log_fault(request: WebRequest, error: Exception) -> None:
    """Log route, kind and place: addresses and messages of errors can hold what somebody typed."""
    route = request.scope.get("path_template", "")
    place = "".join(format_tb(error.__traceback__))
    _LOG.error("fault at %s: %s\n%s", route, type(error).__name__, place)


def _page(request: WebRequest) -> Page:
    made: Page | None = request.state.get("page")
    return made or bare_page(request)


def _refused(request: WebRequest, refusal: Refusal) -> Response[str]:
    return show_refusal(_page(request), refusal)


def _not_signed_in(request: WebRequest, _: NotSignedIn) -> Redirect:
    page = _page(request)
    return page.go("/identify?ended=1" if request.cookies.get(SESSION) else "/identify")


def _not_staff(request: WebRequest, _: NotStaff) -> Response[Any]:
    """Nobody at work signs in first; who works elsewhere is told so."""
    page = _page(request)
    if page.member is None:
        return page.go("/staff/sign-in")
    return page.show("shell/other_role.html", {}, status=HTTP_403_FORBIDDEN)


def _full(request: WebRequest, full: IntakeFull) -> Response[str]:
    """Nobody loses by waiting: the draw knows no order of arrival (B12)."""
    answer = _page(request).show(
        "shell/full.html",
        {"unknown": isinstance(full, IntakeInterrupted)},
        status=HTTP_503_SERVICE_UNAVAILABLE,
    )
    answer.headers["retry-after"] = str(full.retry_after)
    return answer


def _too_many_at_once(request: WebRequest, _: TooManyAtOnce) -> Response[str]:
    """Nothing was judged, so nothing counts: the same is sent again."""
    answer = _page(request).show("shell/moment.html", {}, status=HTTP_503_SERVICE_UNAVAILABLE)
    answer.headers["retry-after"] = _A_MOMENT
    return answer


def _forged(request: WebRequest, _: PermissionDeniedException) -> Response[str]:
    """A form without its token: a page left open too long, or sent from elsewhere."""
    answer = _page(request).show("shell/form_again.html", {}, status=HTTP_403_FORBIDDEN)
    answer.delete_cookie(CSRF)
    return answer


def _not_served(request: WebRequest, error: HTTPException) -> Response[Any]:
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return _fault(request, error)
    if error.status_code == HTTP_405_METHOD_NOT_ALLOWED and request.method == HttpMethod.GET:
        # an address that only takes forms leads to the page that holds the form
        return _page(request).go(_page(request).here.rpartition("/")[0] or "/")
    nowhere = error.status_code in (HTTP_404_NOT_FOUND, HTTP_405_METHOD_NOT_ALLOWED)
    template = "shell/not_found.html" if nowhere else "shell/unreadable.html"
    return _page(request).show(template, {}, status=error.status_code)


def _nowhere(request: WebRequest, _: UnknownRound) -> Response[str]:
    return _page(request).show("shell/not_found.html", {}, status=HTTP_404_NOT_FOUND)


def _fault(request: WebRequest, error: Exception) -> Response[str]:
    log_fault(request, error)
    return _page(request).show("shell/fault.html", {}, status=HTTP_500_INTERNAL_SERVER_ERROR)


EXCEPTION_HANDLERS: Mapping[type[Exception] | int, Callable[[Any, Any], Response[Any]]] = {
    Refusal: _refused,
    NotSignedIn: _not_signed_in,
    NotStaff: _not_staff,
    IntakeFull: _full,
    TooManyAtOnce: _too_many_at_once,
    PermissionDeniedException: _forged,
    UnknownRound: _nowhere,
    HTTPException: _not_served,
    Exception: _fault,
}
