"""The NHI card in the reader, through PC/SC."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from smartcard import scard

from emask_card_agent.problems import Code, Problem

LENGTH: Final = 57
"""Bytes of an NHI card's basic data."""
SELECT: Final = (
    bytes.fromhex("00A4040010" + "D158000001" + "00" * 9 + "1100"),
    bytes.fromhex("00A4040010" + "D158000001" + "00" * 10 + "11" + "00"),
)
"""The application that holds them, by sixteen bytes of name. Both forms are found in the field: the
second one has another name, and says that any length may come back."""
READ: Final = bytes.fromhex("00CA1100020000")

_DONE: Final = b"\x90\x00"
_NOT_FOUND: Final = b"\x6a\x82"
_MORE: Final = 0x61  # first byte of a status word: the second says how much (ISO 7816-4)
_GET_RESPONSE: Final = b"\x00\xc0\x00\x00"
_STATUS_WORD: Final = 2  # bytes

_WATCH: Final = 20.0  # seconds after which a page that watches is answered anyway
_PATIENCE: Final = 2.0  # seconds that another program may have the card before we give up
_REMOVAL: Final = 1.5  # seconds within which the service notices that the card is gone
_STEP: Final = 0.1  # seconds between two looks
_LOOK: Final = 1000  # milliseconds within which a reader is found that was plugged in meanwhile

_NO_READER: Final = frozenset(
    {
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_E_NO_READERS_AVAILABLE,
        scard.SCARD_E_READER_UNAVAILABLE,
        scard.SCARD_E_UNKNOWN_READER,
    }
)
_NO_CARD: Final = frozenset({scard.SCARD_E_NO_SMARTCARD, scard.SCARD_W_REMOVED_CARD})
_NOT_UNDERSTOOD: Final = frozenset(
    {
        scard.SCARD_W_UNRESPONSIVE_CARD,
        scard.SCARD_W_UNSUPPORTED_CARD,
        scard.SCARD_W_UNPOWERED_CARD,
        scard.SCARD_E_PROTO_MISMATCH,
    }
)


class _Refused(Exception):
    """PC/SC says no.

    Args:
        result: its own number for why.
    """

    def __init__(self, result: int) -> None:
        super().__init__(scard.SCardGetErrorMessage(result))
        self.result = result


@dataclass(frozen=True, slots=True)
class _Connection:
    """An exclusive connection to the card in one reader."""

    context: Any
    reader: str
    handle: Any
    protocol: Any

    def transmit(self, command: bytes) -> bytes:
        """The reply with its status word, put together where the card gives it in pieces."""
        reply = self._once(command)
        while len(reply) >= _STATUS_WORD and reply[-2] == _MORE:
            reply = reply[:-_STATUS_WORD] + self._once(_GET_RESPONSE + reply[-1:])
        return reply

    def _once(self, command: bytes) -> bytes:
        result, reply = scard.SCardTransmit(self.handle, self.protocol, list(command))
        if result == scard.SCARD_S_SUCCESS and len(reply) >= _STATUS_WORD:
            return bytes(reply)
        if self._gone():
            raise Problem(Code.CARD_REMOVED)
        if result == scard.SCARD_S_SUCCESS:
            return bytes(reply)
        raise _Refused(result)

    def _gone(self) -> bool:
        """Whether the card left the reader; the service takes a moment to notice."""
        deadline = time.monotonic() + _REMOVAL
        while time.monotonic() < deadline:
            _, states = scard.SCardGetStatusChange(
                self.context, 0, [(self.reader, scard.SCARD_STATE_UNAWARE)]
            )
            if not states or not states[0][1] & scard.SCARD_STATE_PRESENT:
                return True
            time.sleep(_STEP)
        return False


def read_record() -> bytes:
    """The basic data of the first NHI card found; its content is the site's to judge.

    Raises:
        Problem: NO_READER, NO_CARD, OTHER_CARD, CARD_BUSY, CARD_REMOVED, CARD_MALFORMED, or
            UNREADABLE with PC/SC's own words as its cause.
    """
    try:
        with _service() as context:
            return _search(context, _done(scard.SCardListReaders(context, []))[0])
    except _Refused as refused:
        code = Code.NO_READER if refused.result in _NO_READER else Code.UNREADABLE
        raise Problem(code) from refused


def wait_for_card(known: bool) -> bool:  # noqa: FBT001 - a fact, no switch
    """Whether a card is in a reader: as soon as that differs from what is known, or in `_WATCH`.

    Raises:
        Problem: NO_READER, or UNREADABLE with PC/SC's own words as its cause.
    """
    deadline = time.monotonic() + _WATCH
    try:
        with _service() as context:
            states = _states(context, known=())
            while _any_card(states) is known and time.monotonic() < deadline:
                states = _states(context, known=states)
            return _any_card(states)
    except _Refused as refused:
        code = Code.NO_READER if refused.result in _NO_READER else Code.UNREADABLE
        raise Problem(code) from refused


def _states(context: Any, *, known: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The readers and what they are in; waits until that is no longer what is known."""
    names = _done(scard.SCardListReaders(context, []))[0]
    if not names:
        raise Problem(Code.NO_READER)
    before = {reader: state & ~scard.SCARD_STATE_CHANGED for reader, state, *_ in known}
    asked = [(name, before.get(name, scard.SCARD_STATE_UNAWARE)) for name in names]
    result, states = scard.SCardGetStatusChange(context, _LOOK, asked)
    if result not in (scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT):
        raise _Refused(result)
    return list(states)


def _any_card(states: Sequence[tuple[Any, ...]]) -> bool:
    return any(state & scard.SCARD_STATE_PRESENT for _, state, *_ in states)


def _search(context: Any, readers: list[str]) -> bytes:
    if not readers:
        raise Problem(Code.NO_READER)
    in_the_way: set[Code] = set()
    for reader in readers:
        try:
            with _card(context, reader) as card:
                return _read(card)
        except Problem as problem:
            if problem.code not in (Code.CARD_BUSY, Code.OTHER_CARD, Code.NO_CARD):
                raise
            in_the_way.add(problem.code)
    # Of several readers, the one that somebody put a card into is the one that is meant.
    found = (code for code in (Code.CARD_BUSY, Code.OTHER_CARD) if code in in_the_way)
    raise Problem(next(found, Code.NO_CARD))


def _read(card: _Connection) -> bytes:
    for select in SELECT:
        status = card.transmit(select)[-_STATUS_WORD:]
        if status != _NOT_FOUND:
            break
    if status != _DONE:
        raise Problem(Code.OTHER_CARD)
    reply = card.transmit(READ)
    record, status = reply[:-_STATUS_WORD], reply[-_STATUS_WORD:]
    if status != _DONE or len(record) != LENGTH:
        raise Problem(Code.CARD_MALFORMED)
    return record


@contextmanager
def _service() -> Iterator[Any]:
    (context,) = _done(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
    try:
        yield context
    finally:
        scard.SCardReleaseContext(context)


@contextmanager
def _card(context: Any, reader: str) -> Iterator[_Connection]:
    """The card alone to us: nobody else's commands come between ours."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        result, handle, protocol = scard.SCardConnect(
            context,
            reader,
            scard.SCARD_SHARE_EXCLUSIVE,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        if result != scard.SCARD_E_SHARING_VIOLATION or time.monotonic() > deadline:
            break
        time.sleep(_STEP)
    if result != scard.SCARD_S_SUCCESS:
        raise _no_connection(result)
    by_protocol = {
        scard.SCARD_PROTOCOL_T0: scard.SCARD_PCI_T0,
        scard.SCARD_PROTOCOL_T1: scard.SCARD_PCI_T1,
    }
    try:
        yield _Connection(context, reader, handle, by_protocol[protocol])
    finally:
        scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)


def _no_connection(result: int) -> Exception:
    if result == scard.SCARD_E_SHARING_VIOLATION:
        return Problem(Code.CARD_BUSY)
    if result in _NO_CARD or result in _NO_READER:
        return Problem(Code.NO_CARD)
    if result in _NOT_UNDERSTOOD:
        return Problem(Code.OTHER_CARD)
    return _Refused(result)


def _done(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    result, *values = answer
    if result != scard.SCARD_S_SUCCESS:
        raise _Refused(result)
    return tuple(values)
