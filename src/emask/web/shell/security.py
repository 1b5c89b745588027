"""What every answer carries: headers that keep pages to themselves, Secure cookies over https."""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Final

from emask.web.shell.cookies import COMMON, HOST

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
"""ASGI, as plain as its specification."""

HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self), "
        "local-network=(), loopback-network=(self), local-network-access=(self)"
    ),
}
_OURS: Final = COMMON.encode()
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")


def content_security_policy(*, agent: str, operator: str, cashiers: Collection[str]) -> str:
    """What a page may load and where it may go; nothing of anybody else's.

    Args:
        agent: origin of the card agent on the visitor's own computer, which scripts ask.
        operator: origin of the mobile operator, whom a form sends the phone to.
        cashiers: origins of the payment gateways' pages, whom forms send payers to.
    """
    forms = " ".join(dict.fromkeys(("'self'", *filter(None, (operator, *cashiers)))))
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        f"connect-src 'self' {agent}; worker-src 'self'; form-action {forms}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


class SecurityHeaders:
    """The outermost layer of the application.

    Cookies are Secure where the site's origin is https, whatever a proxy tells, and wherever a
    request came by it. Where it is, they also bear the prefix `cookies.HOST` on their way: browsers
    take such a cookie from this very host alone, and none that came without it is passed on.
    """

    def __init__(self, app: Application, *, policy: str, origin: str) -> None:
        self._app = app
        self._https = origin.startswith("https:")
        headers = {"content-security-policy": policy, **HEADERS}
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the inner application does, with the headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        https = self._https or came_by_https(scope)
        if self._https:
            headers = [(name, _unprefixed(name, value)) for name, value in scope["headers"]]
            scope = {**scope, "headers": headers}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._complete(message, https=https)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _complete(self, start: Message, *, https: bool) -> None:
        headers = list(start.get("headers", ()))
        present = {name.lower() for name, _ in headers}
        headers += [header for header in self._headers if header[0] not in present]
        if b"cache-control" not in present:  # pages are a person's own
            headers.append((b"cache-control", b"no-store"))
        if https:
            headers = [_secured(name, value) for name, value in headers]
            headers.append(_HSTS)
        if self._https:
            headers = [_prefixed(name, value) for name, value in headers]
        start["headers"] = headers


def came_by_https(scope: Scope) -> bool:
    """Did the visitor speak https, to us or to the proxy in front of us?"""
    forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"")
    return bool(scope["scheme"] == "https" or forwarded == b"https")


def _secured(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and b"; secure" not in value.lower():
        return name, value + b"; Secure"
    return name, value


def _prefixed(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    if name.lower() == b"set-cookie" and value.startswith(_OURS):
        return name, HOST.encode() + value
    return name, value


def _unprefixed(name: bytes, value: bytes) -> bytes:
    if name != b"cookie":
        return value
    crumbs = (crumb.strip() for crumb in value.split(b";"))
    kept = (crumb for crumb in crumbs if not crumb.startswith(_OURS))
    return b"; ".join(crumb.removeprefix(HOST.encode()) for crumb in kept)
