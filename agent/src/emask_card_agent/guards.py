"""Who may speak to the agent at all: decided before anything else is looked at."""

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from emask_card_agent.problems import STATUS, Code

HEADER: Final = "x-emask-agent"
"""A header that browsers send to another origin only after that origin agreed to it."""


def refusal(code: Code, *, tries_left: int | None = None) -> JSONResponse:
    """A refusal as pages get it."""
    told: dict[str, object] = {"code": code.value}
    if tries_left is not None:
        told["tries_left"] = tries_left
    return JSONResponse(told, STATUS[code], headers={"Cache-Control": "no-store"})


class HostGuard:
    """Answers under the agent's own names alone: a page whose name was pointed here gets nothing.

    Args:
        app: what is guarded.
        hosts: the values of the Host header, with port.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] == "http" and _only(scope, "host") not in self._hosts:
            await refusal(Code.HOST_REFUSED)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class OriginGuard:
    """Answers pages of the sites it serves alone.

    Args:
        app: what is guarded.
        origins: of those sites.
    """

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on or refuse."""
        if scope["type"] == "http" and not self._welcome(scope):
            await refusal(Code.ORIGIN_REFUSED)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _welcome(self, scope: Scope) -> bool:
        if _only(scope, "origin") not in self._origins:
            return False
        return scope["method"] == "OPTIONS" or _only(scope, HEADER) == "1"


def _only(scope: Scope, name: str) -> str | None:
    """The header's value; None if it is missing or given twice."""
    values = Headers(scope=scope).getlist(name)
    return values[0] if len(values) == 1 else None
