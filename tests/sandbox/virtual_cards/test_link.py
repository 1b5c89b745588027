"""The contacts between card and reader: frames, power, and being pulled out."""

import socket
from collections.abc import Iterator

import pytest

from emask.sandbox.virtual_cards.link import Inserted
from emask.sandbox.virtual_cards.nhi_card import AID, ATR, PulledOutMidRead, VirtualNhiCard

SELECT = b"\x00\xa4\x04\x00\x10" + AID
READ = bytes.fromhex("00CA1100020000")
POWER_ON, RESET, ASK_ATR = b"\x01", b"\x02", b"\x04"


class Reader:
    """The other end of the contacts."""

    def __init__(self, contacts: socket.socket) -> None:
        self.contacts = contacts

    def send(self, body: bytes) -> None:
        self.contacts.sendall(len(body).to_bytes(2) + body)

    def ask(self, body: bytes) -> bytes:
        self.send(body)
        length = int.from_bytes(self.contacts.recv(2, socket.MSG_WAITALL))
        return self.contacts.recv(length, socket.MSG_WAITALL)


@pytest.fixture
def ends() -> Iterator[tuple[Reader, socket.socket]]:
    reader, card = socket.socketpair()
    with reader, card:
        reader.settimeout(10)
        yield Reader(reader), card


def test_a_reader_powers_and_asks(ends: tuple[Reader, socket.socket]) -> None:
    reader, contacts = ends
    with Inserted(VirtualNhiCard(b"0" * 57), contacts):
        reader.send(POWER_ON)
        assert reader.ask(ASK_ATR) == ATR
        assert reader.ask(SELECT) == b"\x90\x00"
        assert reader.ask(READ) == b"0" * 57 + b"\x90\x00"
        reader.send(RESET)
        assert reader.ask(READ) == b"\x69\x85"


def test_frames_may_come_in_pieces(ends: tuple[Reader, socket.socket]) -> None:
    reader, contacts = ends
    with Inserted(VirtualNhiCard(b""), contacts):
        reader.contacts.sendall(b"\x00")
        reader.contacts.sendall(b"\x01\x04\x00")
        reader.contacts.sendall(b"\x01\x04")
        for _ in range(2):
            assert reader.contacts.recv(2 + len(ATR), socket.MSG_WAITALL)[2:] == ATR


def test_taken_out_it_is_gone(ends: tuple[Reader, socket.socket]) -> None:
    reader, contacts = ends
    with Inserted(VirtualNhiCard(b""), contacts) as inserted:
        assert reader.ask(ASK_ATR) == ATR
        inserted.pull_out()
        assert reader.contacts.recv(1) == b""


def test_it_may_go_by_itself(ends: tuple[Reader, socket.socket]) -> None:
    reader, contacts = ends
    with Inserted(PulledOutMidRead(b""), contacts):
        assert reader.ask(SELECT) == b"\x90\x00"
        reader.send(READ)
        assert reader.contacts.recv(1) == b""


def test_the_reader_may_go_first(ends: tuple[Reader, socket.socket]) -> None:
    reader, contacts = ends
    with Inserted(VirtualNhiCard(b""), contacts):
        reader.contacts.close()
