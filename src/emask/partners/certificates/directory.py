"""Calling an authority's directory: only where we chose to, briefly, and for so much."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import httpx2

from emask.partners.certificates.troubles import complain

SECONDS: Final = 3
"""How long one answer may take, from connecting to its last byte."""
LARGEST: Final = 16 * 2**20
"""Bytes of one answer; revocation lists are the long ones."""

_OK: Final = 200


class Directory:
    """Calls addresses below the configured ones, and no others (`Trust.directories`)."""

    def __init__(self, client: httpx2.AsyncClient, directories: Sequence[str]) -> None:
        self._client = client
        self._directories = tuple(directories)

    async def get(self, address: str) -> bytes | None:
        """What an address has; None if it is not ours to call, or has no answer in time."""
        return await self._call("GET", address)

    async def post(self, address: str, body: bytes, *, content_type: str) -> bytes | None:
        """What an address replies to a message; None as for `get`."""
        return await self._call("POST", address, body, {"content-type": content_type})

    async def _call(
        self,
        method: str,
        address: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes | None:
        if not address.startswith(self._directories):
            complain("a certificate names one that is not configured")
            return None
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._client.stream(
                    method,
                    address,
                    content=body,
                    headers={"accept-encoding": "identity", **(headers or {})},
                    follow_redirects=False,
                ) as response,
            ):
                if response.status_code != _OK:
                    complain(f"{method} was answered by {response.status_code}")
                    return None
                return await _bounded(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as failure:
            complain(f"no answer: {type(failure).__name__}")
            return None


async def _bounded(response: httpx2.Response) -> bytes | None:
    """The body as it was sent; None if it is too long."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > LARGEST:
            complain(f"an answer is longer than {LARGEST} bytes")
            return None
    return bytes(body)
