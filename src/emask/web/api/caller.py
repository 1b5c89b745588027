"""Who calls the API, and in which language."""

from emask.identity.model import Session
from emask.identity.sessions import SessionEnded
from emask.language import Language
from emask.rules.calendar import Channel
from emask.web.intake import preferred_language
from emask.web.intake_problems import FOREIGN_ORIGIN, NOT_TRUSTED, Unacceptable
from emask.web.shell.cookies import SESSION
from emask.web.shell.page import WebRequest, sent_from_elsewhere, system_of


def language_of(request: WebRequest) -> Language:
    """zh-Hant unless the caller would rather read English."""
    return preferred_language(request.headers.get("accept-language", "").encode("latin-1"))


async def session_of(request: WebRequest) -> Session:
    """The session of the bearer token or the cookie, as the intake reads them.

    Raises:
        SessionEnded: there is none, or it is one at an office, whose acts its pages log.
        Unacceptable: a request to change something that another site may have made the browser
            send.
    """
    system = system_of(request)
    if request.method != "GET" and sent_from_elsewhere(request):
        raise Unacceptable(FOREIGN_ORIGIN)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = request.cookies.get(SESSION, "")
        if token and request.method != "GET" and not _sent_by_us(request):
            raise Unacceptable(NOT_TRUSTED)
    session = system.sessions.read(token.strip(), now=await system.clock.now())
    if session.channel is Channel.COUNTER:
        raise SessionEnded
    return session


def _sent_by_us(request: WebRequest) -> bool:
    # What is deleted has no body and so no type.
    typed = request.method == "DELETE" or request.content_type[0] == "application/json"
    return typed and request.headers.get("x-emask-request") == "1"
