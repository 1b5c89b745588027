"""Before any router: who asks, also where no route answers, and addresses as they were meant."""

from contextlib import suppress
from typing import Final, cast

import psycopg
from litestar.connection import ASGIConnection
from litestar.types import HTTPScope

from emask.programme.system import System
from emask.web.shell.forms import printable
from emask.web.shell.page import Connection, page_at
from emask.web.shell.security import Application, Receive, Scope, Send
from emask.web.shell.well_known import WELL_KNOWN

_NO_PAGES: Final = ("/static/", "/api/", WELL_KNOWN)


class Reception:
    """Reads the page of a request once, for guards, handlers and what goes wrong before them.

    A form refused for its token and an address that leads nowhere are pages like any other: they
    know the language, the time and who is signed in.
    """

    def __init__(self, app: Application, system: System) -> None:
        self._app = app
        self._system = system

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request with its page; HEAD is answered as GET, whose body servers drop."""
        if scope["type"] == "http":
            scope["path"] = "/" + printable(scope["path"]).removeprefix("/")
            if scope["method"] == "HEAD":
                scope["method"] = "GET"
            if not scope["path"].startswith(_NO_PAGES):
                await self._receive(scope)
        await self._app(scope, receive, send)

    async def _receive(self, scope: Scope) -> None:
        with suppress(psycopg.Error):  # no database, no page: its handler tells of the fault
            now = await self._system.clock.now()
            connection: Connection = ASGIConnection(cast("HTTPScope", scope))
            page = page_at(connection, self._system, now)
            scope.setdefault("state", {})["page"] = page
