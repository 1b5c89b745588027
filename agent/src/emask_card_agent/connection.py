"""Connections that are not kept waiting."""

import asyncio
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE: Final = 10.0
"""Seconds within which a request has to arrive whole."""


class Connection(H11Protocol):
    """Is closed when a request does not come to its end; uvicorn would wait for ever."""

    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Somebody connected, and has yet to ask."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """More of a request arrived."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """The next request may come, or has begun already."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """It was closed by either side."""
        self._rest()
        super().connection_lost(exc)

    def _watch(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.cycle.more_body:
            self._rest()
        elif self._overdue is None:
            self._overdue = self.loop.call_later(PATIENCE, self.transport.close)

    def _rest(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None
