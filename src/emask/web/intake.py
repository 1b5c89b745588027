"""``POST /api/v1/preorders``: the one request of the opening minute, without any framework.

A bare ASGI callable that stands before the router. It reads the request, hands the entry to the
intake and words the answer; what it costs is paid eighty thousand times in that minute.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec

from emask.database.clock import Clock
from emask.identity.model import Session
from emask.identity.sessions import SessionEnded, Sessions
from emask.identity.site import Site
from emask.language import Language
from emask.preorder.intake import Intake, IntakeFull
from emask.preorder.model import Entry, Placement, Receipt
from emask.rounds.model import Chain
from emask.rules.calendar import Channel
from emask.rules.refusals import UnknownStore
from emask.web.intake_problems import (
    ANSWERED,
    FOREIGN_ORIGIN,
    MALFORMED,
    NOT_TRUSTED,
    TOO_LARGE,
    WRONG_METHOD,
    Answerable,
    Unacceptable,
    document,
)
from emask.web.shell.cookies import SESSION, cookie_name

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = dict[bytes, bytes]
HeaderLines = tuple[tuple[bytes, bytes], ...]

INTAKE_PATH: Final = "/api/v1/preorders"
MOST_BYTES: Final = 4096

_STATUS: Final = {Placement.PLACED: 201, Placement.AMENDED: 200, Placement.REPLAYED: 200}
_GUARDED = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_JSON: HeaderLines = ((b"content-type", b"application/json"), *_GUARDED)
_PROBLEM: HeaderLines = ((b"content-type", b"application/problem+json"), *_GUARDED)
_QUALITY = re.compile(r"[01](\.[0-9]{0,3})?")


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent; the mobile number may be written as people write it."""

    round_id: str
    chain: str
    store_code: str
    mobile: str
    language: Language | None = None


class Acknowledgement(msgspec.Struct, frozen=True):
    """What comes back of an order that was taken."""

    placement: Placement
    round_id: str
    ticket: UUID
    revision: int


_decode = msgspec.json.Decoder(Order).decode
_encode = msgspec.json.Encoder().encode


class IntakeEndpoint:
    """Takes pre-orders: 201 placed, 200 amended or sent again, otherwise a problem document.

    The session comes as bearer token or in the session's cookie. A browser sends a cookie unasked,
    so with it the request must be JSON and carry ``x-emask-request: 1``: no other site can have
    that sent. Whatever a page of another origin sends is refused. A session at an office, whose
    acts its pages log, orders nothing here.

    An order goes by its ``Idempotency-Key``, without one by its contents.
    """

    def __init__(self, intake: Intake, sessions: Sessions, clock: Clock, site: Site) -> None:
        self._intake = intake
        self._sessions = sessions
        self._clock = clock
        self._site = site
        self._cookie = cookie_name(SESSION, site).encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        try:
            if scope["method"] != "POST":
                raise Unacceptable(WRONG_METHOD)
            if (origin := headers.get(b"origin")) is not None:
                self._check_origin(origin, headers)
            session = await self._session(scope["headers"], headers)
            entry = _entry(session, await _body(receive), headers)
            receipt = await self._intake.submit(entry)
        except ANSWERED as error:
            await _refuse(send, error, _language(headers))
        else:
            await _acknowledge(send, entry, receipt)

    def _check_origin(self, origin: bytes, headers: Headers) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not self._site.is_own(origin.decode("latin-1"), host=host):
            raise Unacceptable(FOREIGN_ORIGIN)

    async def _session(self, lines: Iterable[tuple[bytes, bytes]], headers: Headers) -> Session:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            token = _cookie(lines, self._cookie)
            if token and not _sent_by_us(headers):
                raise Unacceptable(NOT_TRUSTED)
        now = await self._clock.now()
        try:
            session = self._sessions.read(token.strip().decode(), now=now)
        except UnicodeDecodeError:
            raise SessionEnded from None
        if session.channel is Channel.COUNTER:
            raise SessionEnded
        return session


def _entry(session: Session, body: bytes, headers: Headers) -> Entry:
    try:
        order = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Unacceptable(MALFORMED, {"reason": str(error)}) from None
    try:
        chain = Chain(order.chain)
    except ValueError:
        raise UnknownStore from None
    return Entry(
        person_id=session.person_id,
        round_id=order.round_id,
        chain=chain,
        store_code=order.store_code,
        mobile=order.mobile,
        channel=session.channel,
        language=order.language or _language(headers),
        submission_id=_submission_id(session, body, headers.get(b"idempotency-key", b"")),
    )


def _submission_id(session: Session, body: bytes, key: bytes) -> UUID:
    """The same for the same person and key; a key may stand in quotes or bare."""
    key = key.strip()
    if key[:1] == key[-1:] == b'"':
        key = key[1:-1]
    named = b"key\0" + key if key else b"%s\0%s" % (session.channel.encode(), body)
    return UUID(bytes=sha256(session.person_id.bytes + named).digest()[:16])


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MOST_BYTES:
            raise Unacceptable(TOO_LARGE)
        if not message.get("more_body", False):
            return body


def _cookie(lines: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """The session in the cookies, which HTTP/2 may send as several lines."""
    for name, value in lines:
        for crumb in value.split(b";") if name == b"cookie" else ():
            key, _, token = crumb.strip().partition(b"=")
            if key == wanted:
                return token
    return b""


def _sent_by_us(headers: Headers) -> bool:
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    return kind == b"application/json" and headers.get(b"x-emask-request") == b"1"


def _language(headers: Headers) -> Language:
    return preferred_language(headers.get(b"accept-language", b""))


@lru_cache(maxsize=512)
def preferred_language(accept_language: bytes) -> Language:
    """The language that the caller would rather read; zh-Hant unless English is asked for."""
    wishes: dict[str, float] = {}
    for wish in accept_language.decode("latin-1").lower().split(","):
        tag, _, weight = wish.replace(" ", "").partition(";q=")
        quality = float(weight) if _QUALITY.fullmatch(weight) else 1.0
        wishes.setdefault(tag.partition("-")[0], quality)
    return Language.EN if wishes.get("en", 0.0) > wishes.get("zh", 0.0) else Language.ZH


async def _acknowledge(send: Send, entry: Entry, receipt: Receipt) -> None:
    told = Acknowledgement(receipt.placement, entry.round_id, receipt.ticket, receipt.revision)
    await _send(send, _STATUS[receipt.placement], _JSON, _encode(told))


async def _refuse(send: Send, error: Answerable, language: Language) -> None:
    told = document(error, language)
    headers = _PROBLEM
    if isinstance(error, IntakeFull):
        headers = (*headers, (b"retry-after", b"%d" % error.retry_after))
    if told.status == HTTPStatus.UNAUTHORIZED:
        headers = (*headers, (b"www-authenticate", b"Bearer"))
    if told.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = (*headers, (b"allow", b"POST"))
    await _send(send, told.status, headers, _encode(told))


async def _send(send: Send, status: int, headers: HeaderLines, body: bytes) -> None:
    length = (b"content-length", b"%d" % len(body))
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
