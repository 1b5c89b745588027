"""A site that card agents serve, as far as they look at it: its tokens and its document."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from emask.database.vault import Keys
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.identity.site_tokens import Purpose, SiteTokens


class SmallSite:
    """A site on a port of this computer.

    Args:
        keys: of the installation.
        origin: where it is.
        now: its clock; tests set it.
    """

    def __init__(self, keys: Keys, origin: str, now: datetime) -> None:
        self.site_keys = SiteKeys(keys)
        self.site = Site(origin=origin)
        self.tokens = SiteTokens(self.site_keys, self.site)
        self.now = now
        self.asked = 0

    @property
    def origin(self) -> str:
        return self.site.origin

    def token(self, purpose: Purpose) -> str:
        """A token issued just now."""
        return self.tokens.issue(purpose, now=self.now)

    def document(self) -> str:
        return json.dumps({**self.site_keys.published(), "now": int(self.now.timestamp())})


@asynccontextmanager
async def small_site(keys: Keys, *, now: datetime) -> AsyncIterator[SmallSite]:
    """The site, answering on a free port."""
    site: SmallSite | None = None

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert site is not None
        assert head.startswith(b"GET /.well-known/emask-card-agent HTTP/1.1\r\n")
        site.asked += 1
        body = site.document().encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        site = SmallSite(keys, f"http://localhost:{port}", now)
        yield site
