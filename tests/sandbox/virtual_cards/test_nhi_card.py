"""The virtual NHI card answers as a real one does."""

import pytest

from emask.sandbox.virtual_cards.nhi_card import AID, PulledOutMidRead, VirtualNhiCard

SELECT = b"\x00\xa4\x04\x00\x10" + AID
READ = bytes.fromhex("00CA1100020000")
RECORD = b"0" * 57


@pytest.fixture
def card() -> VirtualNhiCard:
    return VirtualNhiCard(RECORD)


def test_the_application_s_name_is_that_of_public_readers() -> None:
    assert AID.hex() == "d1580000010000000000000000001100"


def test_selected_it_gives_its_data(card: VirtualNhiCard) -> None:
    assert card.answer(SELECT) == b"\x90\x00"
    assert card.answer(READ) == RECORD + b"\x90\x00"


def test_it_gives_nothing_before(card: VirtualNhiCard) -> None:
    assert card.answer(READ) == b"\x69\x85"


def test_a_reset_forgets_the_selection(card: VirtualNhiCard) -> None:
    card.answer(SELECT)
    card.reset()
    assert card.answer(READ) == b"\x69\x85"


def test_another_application_is_not_there(card: VirtualNhiCard) -> None:
    card.answer(SELECT)
    assert card.answer(b"\x00\xa4\x04\x00\x05" + AID[:5]) == b"\x6a\x82"
    assert card.answer(READ) == b"\x69\x85"


def test_it_knows_no_other_command(card: VirtualNhiCard) -> None:
    card.answer(SELECT)
    assert card.answer(b"\x00\xb0\x00\x00\x10") == b"\x6d\x00"


def test_a_card_may_leave_while_it_is_read() -> None:
    card = PulledOutMidRead(RECORD)
    assert card.answer(SELECT) == b"\x90\x00"
    assert card.answer(READ) is None
