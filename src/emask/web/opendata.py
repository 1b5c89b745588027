"""``/opendata/``: the published files from memory, for whoever asks and however many ask.

A bare ASGI callable that stands before the router, as the intake does. It reads no clock, no
session and no database.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from emask.opendata.catalogue import EVERY
from emask.opendata.snapshot import OpenData, PublishedFile, Snapshot
from emask.web.intake import HeaderLines, Headers, preferred_language
from emask.web.intake_problems import Kind, Texts, Unacceptable, document
from emask.web.shell.security import Receive, Scope, Send

OPEN_DATA: Final = "/opendata/"

NOT_PUBLISHED: Final = Kind(
    404,
    "not_published",
    Texts("這個位址沒有開放資料。", "There is no open data at this address."),
    Texts("/opendata/index.json 列出所有的檔案。", "All files are in /opendata/index.json."),
)
NOT_READ_YET: Final = Kind(
    503,
    "not_read_yet",
    Texts("開放資料還沒有準備好。", "The open data are not ready yet."),
    Texts("30 秒後再讀取一次。", "Read this again in 30 seconds."),
)
READ_ONLY: Final = Kind(
    405,
    "read_only",
    Texts("開放資料只能讀取。", "Open data can only be read."),
    Texts("以 GET 或 HEAD 讀取。", "Read it by GET or HEAD."),
)

_encode = msgspec.json.Encoder().encode
_METHODS: Final = b"GET, HEAD, OPTIONS"
_FOR_ALL: Final[HeaderLines] = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"etag"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"x-content-type-options", b"nosniff"),
)
_PREFLIGHT: Final[HeaderLines] = (
    *_FOR_ALL,
    (b"access-control-allow-methods", _METHODS),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
    (b"allow", _METHODS),
)
_WEIGHT: Final = re.compile(rb";\s*q=0(\.0*)?$")
_TAGS: Final = re.compile(rb'"[^"]*"')


class _Form(NamedTuple):
    """A file in one coding: what is sent with it, and what with the word that it is unchanged."""

    body: bytes
    etag: bytes
    found: HeaderLines
    unchanged: HeaderLines
    changed_at: datetime

    def is_known(self, headers: Headers) -> bool:
        """Whether the reader holds exactly this; tags count for more than times."""
        if (tags := headers.get(b"if-none-match")) is not None:
            return tags == self.etag or tags.strip() == b"*" or self.etag in _TAGS.findall(tags)
        since = headers.get(b"if-modified-since")
        known = since and _instant(since)
        return bool(known and self.changed_at <= known)


class _Forms(NamedTuple):
    """A file as it is, and packed."""

    plain: _Form
    packed: _Form


class OpenDataEndpoint:
    """Answers GET and HEAD with a file or 304, everything else with a problem document."""

    def __init__(self, open_data: OpenData) -> None:
        self._open_data = open_data
        self._made_of: Snapshot | None = None
        self._forms: Mapping[str, _Forms] = {}

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request; what it may have in its body is not read."""
        method, headers = scope["method"], dict(scope["headers"])
        if method == "OPTIONS":
            await _send(send, 204, _PREFLIGHT)
        elif method not in ("GET", "HEAD"):
            await _refuse(send, READ_ONLY, headers)
        elif (forms := self._published().get(scope["path"])) is None:
            kind = NOT_PUBLISHED if self._forms else NOT_READ_YET
            await _refuse(send, kind, headers, with_body=method == "GET")
        else:
            packed = _takes_gzip(headers.get(b"accept-encoding", b""))
            form = forms.packed if packed else forms.plain
            if form.is_known(headers):
                await _send(send, 304, form.unchanged)
            else:
                await _send(send, 200, form.found, form.body if method == "GET" else b"")

    def _published(self) -> Mapping[str, _Forms]:
        """What the present snapshot holds, with headers that are made once for each."""
        snapshot = self._open_data.snapshot
        if snapshot is not self._made_of:
            self._forms = {path: _forms(file) for path, file in snapshot.files.items()}
            self._made_of = snapshot
        return self._forms


def _forms(file: PublishedFile) -> _Forms:
    return _Forms(
        plain=_form(file, file.body, file.etag),
        packed=_form(file, file.gzipped, file.gzipped_etag, (b"content-encoding", b"gzip")),
    )


def _form(file: PublishedFile, body: bytes, etag: str, *coding: tuple[bytes, bytes]) -> _Form:
    changed_at = file.changed_at.replace(microsecond=0)  # no header tells more
    unchanged = (
        *_FOR_ALL,
        (b"cache-control", b"public, max-age=%d" % EVERY),
        (b"etag", etag.encode()),
        (b"last-modified", _http_date(changed_at)),
        (b"vary", b"accept-encoding"),
    )
    found = (
        *unchanged,
        *coding,
        (b"content-type", file.media_type.encode()),
        (b"content-length", b"%d" % len(body)),
    )
    return _Form(body, etag.encode(), found, unchanged, changed_at)


@lru_cache(maxsize=512)
def _takes_gzip(accept_encoding: bytes) -> bool:
    """Whether gzip is asked for, by name or as anything, and not refused (RFC 9110, 12.5.3)."""
    wishes = {}
    for wish in accept_encoding.lower().split(b","):
        coding = wish.partition(b";")[0].strip()
        wishes[coding] = _WEIGHT.search(wish.strip()) is None
    return wishes.get(b"gzip", wishes.get(b"x-gzip", wishes.get(b"*", False)))


@lru_cache(maxsize=512)
def _instant(http_date: bytes) -> datetime | None:
    try:
        told = parsedate_to_datetime(http_date.decode("latin-1"))
    except (ValueError, OverflowError):  # the latter where a figure has dozens of digits
        return None
    return told if told.tzinfo else None


def _http_date(instant: datetime) -> bytes:
    return format_datetime(instant.astimezone(UTC), usegmt=True).encode()


async def _refuse(send: Send, kind: Kind, headers: Headers, *, with_body: bool = True) -> None:
    language = preferred_language(headers.get(b"accept-language", b""))
    body = _encode(document(Unacceptable(kind), language))
    lines = (
        *_FOR_ALL,
        (b"cache-control", b"no-store"),
        (b"content-type", b"application/problem+json"),
        (b"content-language", language.tag.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"vary", b"accept-language"),
        *_OF_KIND.get(kind, ()),
    )
    await _send(send, kind.status, lines, body if with_body else b"")


_OF_KIND: Final[Mapping[Kind, HeaderLines]] = {
    READ_ONLY: ((b"allow", _METHODS),),
    NOT_READ_YET: ((b"retry-after", b"%d" % EVERY),),
}


async def _send(send: Send, status: int, headers: HeaderLines, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
