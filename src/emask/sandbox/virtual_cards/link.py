"""The contacts between a virtual card and a virtual reader: the protocol of vsmartcard's ``vpcd``.

Frames are two bytes of length (big-endian) and a body. The reader speaks first; a body of one byte
is about power (0 off, 1 on, 2 reset: no answer) or asks for the answer to reset (4); any other is
a command APDU and is answered.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Final, Protocol, Self

_POWER: Final = frozenset({b"\x00", b"\x01", b"\x02"})
_ASK_ATR: Final = b"\x04"


class VirtualCard(Protocol):
    """What a card does."""

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        ...

    def reset(self) -> None:
        """Forget what was selected and verified: power came, went, or was cut for a moment."""
        ...

    def answer(self, command: bytes) -> bytes | None:
        """The reply to a command APDU, with its status word; None: the card is pulled out."""
        ...


class Inserted:
    """A card in a reader as long as the block runs.

    Args:
        card: what is inserted.
        contacts: a connected socket to the reader.
    """

    def __init__(self, card: VirtualCard, contacts: socket.socket) -> None:
        self._card = card
        self._contacts = contacts
        self._thread = threading.Thread(target=self._serve, name="virtual card", daemon=True)

    def __enter__(self) -> Self:
        self._card.reset()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.pull_out()
        self._thread.join()

    def pull_out(self) -> None:
        """Remove the card at once, whatever it is doing."""
        with suppress(OSError):  # the reader was quicker
            self._contacts.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        with self._contacts, suppress(ConnectionError):
            while (body := self._receive()) is not None:
                if body in _POWER:
                    self._card.reset()
                    continue
                reply = self._card.atr if body == _ASK_ATR else self._card.answer(body)
                if reply is None:
                    return
                self._contacts.sendall(len(reply).to_bytes(2) + reply)

    def _receive(self) -> bytes | None:
        head = self._exactly(2)
        return None if head is None else self._exactly(int.from_bytes(head))

    def _exactly(self, length: int) -> bytes | None:
        received = b""
        while len(received) < length:
            chunk = self._contacts.recv(length - len(received))
            if not chunk:
                return None
            received += chunk
        return received
