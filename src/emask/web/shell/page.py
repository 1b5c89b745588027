"""One request on its way to a page: who asks, in which language, at which instant."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from litestar import MediaType, Request, Response
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from litestar.utils.scope.state import ScopeState

from emask.database.clock import SetClock
from emask.identity.model import Session, StaffRole, StaffSession
from emask.identity.sessions import SessionEnded
from emask.language import Language, translator
from emask.programme.system import System
from emask.rules.calendar import Channel
from emask.sandbox.system import sandbox_of
from emask.web.shell.cookies import SESSION, STAFF, cookie
from emask.web.shell.environment import environment
from emask.web.shell.forms import Form, printable

Connection = ASGIConnection[Any, Any, Any, Any]
WebRequest = Request[Any, Any, Any]

_RENEW_AFTER: Final = timedelta(minutes=5)


class NotSignedIn(Exception):
    """The page belongs to a person, and nobody is signed in."""


class NotStaff(Exception):
    """The page belongs to staff of a role, and nobody of it is signed in."""


@dataclass(slots=True, kw_only=True)
class Page:
    """What every handler needs of its request; `kept` are cookies that its answer is to bring."""

    connection: Connection
    system: System
    language: Language
    now: datetime
    visitor: Session | None
    member: StaffSession | None
    kept: dict[str, Cookie] = field(default_factory=dict)

    @property
    def session(self) -> Session:
        """The person signed in. Raises NotSignedIn."""
        if self.visitor is None:
            raise NotSignedIn
        return self.visitor

    @property
    def staff(self) -> StaffSession:
        """The member of staff signed in. Raises NotStaff."""
        if self.member is None:
            raise NotStaff
        return self.member

    @property
    def demo(self) -> bool:
        """A clock that can be set, over a sandbox: everybody and everything here is made up."""
        return isinstance(self.system.clock, SetClock) and sandbox_of(self.system) is not None

    @property
    def here(self) -> str:
        """This page's path without its language."""
        _, first, *rest = self.connection.url.path.split("/")
        return "/" + "/".join(rest if first == self.language else [])

    @property
    def other_url(self) -> str:
        """The same page in the other language."""
        query = self.connection.url.query
        return f"/{self.language.other}{self.here}{'?' + query if query else ''}"

    @property
    def csrf_token(self) -> str:
        """What a form of this page carries to show that it is ours."""
        token = ScopeState.from_scope(self.connection.scope).csrf_token
        return token if isinstance(token, str) else ""

    def asked(self, name: str) -> str:
        """What the address asks for under a name; empty when it does not."""
        return printable(str(self.connection.query_params.get(name, "")))

    def say(self, source: str) -> str:
        """A source text in the page's language."""
        return translator(self.language)(source)

    def url(self, path: str) -> str:
        """The address of a page in this language."""
        return f"/{self.language}{path}"

    def address(self, path: str) -> str:
        """The same with scheme and host, as another device needs it."""
        return self.system.site.address(self.url(path))

    def keep(self, cookie: Cookie) -> None:
        """Let the visitor's browser keep this, whatever page it is answered with."""
        self.kept[cookie.key] = cookie

    def form(self) -> Form:
        """An empty form."""
        return Form(self.language, {})

    def show(
        self, template: str, facts: Mapping[str, object], *, status: int = HTTP_200_OK
    ) -> Response[str]:
        """The page of a template. A session in use is prolonged."""
        text = environment(self.language).get_template(template)
        response = Response(
            text.render({"page": self, "form": self.form()} | dict(facts)),
            media_type=MediaType.HTML,
            status_code=status,
            headers={"content-language": self.language.tag},
        )
        self._prolong(response)
        self._hand_over(response)
        return response

    def go(self, path: str) -> Redirect:
        """On to another page, by GET."""
        return self.leave(self.url(path))

    def leave(self, address: str) -> Redirect:
        """On to any address, by GET."""
        answer = Redirect(address, status_code=HTTP_303_SEE_OTHER)
        self._hand_over(answer)
        return answer

    def _hand_over(self, response: Response[Any]) -> None:
        for each in self.kept.values():
            response.set_cookie(each)

    def _prolong(self, response: Response[str]) -> None:
        session = self.visitor
        if session is None or self.now - session.issued_at < _RENEW_AFTER:
            return
        response.set_cookie(cookie(SESSION, self.system.sessions.prolong(session, now=self.now)))


ThisPage: TypeAlias = NamedDependency[Page]
"""The page of the request, as a handler asks for it."""

SentForm: TypeAlias = NamedDependency[Form]
"""The form that the request carries, likewise."""


async def page_of(request: WebRequest) -> Page:
    """The page of a request; guards and handlers share one."""
    return await read_page(request)


async def form_of(request: WebRequest) -> Form:
    """The form that a request carries."""
    fields = await request.form()
    values = {name: printable(text) for name, text in fields.items() if isinstance(text, str)}
    return Form(language_of(request), values)


def system_of(connection: Connection) -> System:
    """The running system that answers this request; the door has put it there."""
    system: System = connection.state["system"]
    return system


async def read_page(connection: Connection) -> Page:
    """As :func:`page_of`, for any kind of connection."""
    made: Page | None = connection.state.get("page")
    if made is None:
        system = system_of(connection)
        made = connection.state["page"] = page_at(connection, system, await system.clock.now())
    return made


def page_at(connection: Connection, system: System, now: datetime) -> Page:
    """The page of a request at an instant, with whoever is signed in then."""
    page = _page_of_nobody(connection, system, now)
    if token := connection.cookies.get(SESSION):
        with suppress(SessionEnded):
            page.visitor = system.sessions.read(token, now=now)
    if token := connection.cookies.get(STAFF):
        with suppress(SessionEnded):
            page.member = system.sessions.read_staff(token, now=now)
    if page.visitor is not None and not _attended(page.visitor, page.member):
        page.visitor = None
    return page


def _attended(session: Session, member: StaffSession | None) -> bool:
    """A session at an office is nothing without the officer whom it names."""
    if session.channel is not Channel.COUNTER:
        return True
    if member is None or member.role is not StaffRole.OFFICER:
        return False
    return member.username == session.officer


def bare_page(connection: Connection) -> Page:
    """A page for nobody in particular, for what goes wrong before anything could be read."""
    return _page_of_nobody(connection, system_of(connection), datetime.now(UTC))


def sent_from_elsewhere(connection: Connection) -> bool:
    """Whether the browser says that a page of another origin had it send this."""
    system = system_of(connection)
    origin = connection.headers.get("origin")
    host = connection.headers.get("host", "")
    return origin is not None and not system.site.is_own(origin, host=host)


def language_of(connection: Connection) -> Language:
    """The language that the address begins with; zh where it names none."""
    first = connection.url.path.split("/", 2)[1]
    return Language.EN if first == Language.EN else Language.ZH


def _page_of_nobody(connection: Connection, system: System, now: datetime) -> Page:
    return Page(
        connection=connection,
        system=system,
        language=language_of(connection),
        now=now,
        visitor=None,
        member=None,
    )
