"""A virtual NHI card: it gives its basic data to whoever selects its application, as real ones."""

from typing import Final

ATR: Final = bytes.fromhex("3B6500009C02020702")
AID: Final = bytes.fromhex("D158000001" + "00" * 9 + "1100")
"""The application that holds the basic data."""
OTHER_AID: Final = bytes.fromhex("D158000001" + "00" * 10 + "11")
"""Its other name, which readers in the field use too."""

_SELECT: Final = b"\x00\xa4\x04\x00"
_READ: Final = bytes.fromhex("00CA1100020000")

DONE: Final = b"\x90\x00"
_NOT_FOUND: Final = b"\x6a\x82"
_NOT_SELECTED: Final = b"\x69\x85"
_UNKNOWN: Final = b"\x6d\x00"


class VirtualNhiCard:
    """Holds any record, so that tests can make it hold a wrong one.

    Args:
        record: the basic data; 57 bytes on a sound card.
        status: the status word that follows it.
        application: the one name that it knows its application by.
    """

    atr: Final = ATR

    def __init__(self, record: bytes, *, status: bytes = DONE, application: bytes = AID) -> None:
        self._record = record
        self._status = status
        self._application = application
        self._selected = False

    def reset(self) -> None:
        """Power came or went: nothing is selected."""
        self._selected = False

    def answer(self, command: bytes) -> bytes | None:
        """The reply to a command."""
        if command[:4] == _SELECT:
            self._selected = command[5 : 5 + command[4]] == self._application
            return DONE if self._selected else _NOT_FOUND
        if command == _READ:
            return self._record + self._status if self._selected else _NOT_SELECTED
        return _UNKNOWN


class PulledOutMidRead(VirtualNhiCard):
    """A sound card that leaves the reader the moment its data is asked for."""

    def answer(self, command: bytes) -> bytes | None:
        """Answers the selection alone."""
        return None if command == _READ else super().answer(command)
