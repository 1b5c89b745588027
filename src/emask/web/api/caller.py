"""Who calls the API, and in which language."""

from emask.identity.model import Session
from emask.language import Language
from emask.programme.system import System
from emask.web.intake import preferred_language
from emask.web.intake_problems import NOT_TRUSTED, Unacceptable
from emask.web.shell.cookies import SESSION
from emask.web.shell.page import WebRequest


def system_of(request: WebRequest) -> System:
    """The system behind the API."""
    system: System = request.app.state.system
    return system


def language_of(request: WebRequest) -> Language:
    """zh-Hant unless the caller would rather read English."""
    return preferred_language(request.headers.get("accept-language", "").encode("latin-1"))


async def session_of(request: WebRequest) -> Session:
    """The session of the bearer token or the cookie, as the intake reads them.

    Raises:
        SessionEnded: there is none.
        Unacceptable: a cookie came with a request to change something that another site may
            have made the browser send.
    """
    system = system_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = request.cookies.get(SESSION, "")
        if token and request.method != "GET" and not _sent_by_us(request):
            raise Unacceptable(NOT_TRUSTED)
    return system.sessions.read(token.strip(), now=await system.clock.now())


def _sent_by_us(request: WebRequest) -> bool:
    # What is deleted has no body and so no type.
    typed = request.method == "DELETE" or request.content_type[0] == "application/json"
    return typed and request.headers.get("x-emask-request") == "1"
