"""From a card in a reader to evidence that the site accepts: the real agent, the real pcscd."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import cast

import pytest

from agent.page import Page, page
from agent.pcsc import PcscService, pcsc_service
from agent.running import AgentAddress, running_agent
from agent.site import SmallSite
from emask.identity.cards import read_card
from emask.identity.model import NewPerson
from emask.identity.service import Identity
from emask.identity.site_tokens import Purpose
from emask.sandbox.virtual_cards.link import VirtualCard
from emask.sandbox.virtual_cards.nhi_card import (
    AID,
    OTHER_AID,
    PulledOutMidRead,
    VirtualNhiCard,
)

pytestmark = [pytest.mark.cards, pytest.mark.xdist_group("cards")]

HOLDING_THE_CARD = """
import sys
from smartcard import scard
_, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
_, readers = scard.SCardListReaders(context, [])
print(scard.SCardConnect(context, readers[0], scard.SCARD_SHARE_SHARED, 3)[0], flush=True)
sys.stdin.read()
"""


@pytest.fixture
async def agent(site: SmallSite, pcsc: PcscService) -> AsyncIterator[AgentAddress]:
    async with running_agent(site_origin=site.origin, reader=pcsc) as running:
        yield running


@pytest.fixture
async def visitor(agent: AgentAddress, site: SmallSite) -> AsyncIterator[Page]:
    visiting = page(agent.url, site.origin)
    async with visiting.client:
        yield visiting


def identity_of(site: SmallSite) -> Identity:
    """Reading a card needs nothing of identity but the site's tokens."""
    return cast("Identity", SimpleNamespace(tokens=site.tokens))


async def refusal(visitor: Page, site: SmallSite) -> tuple[int, str]:
    return await visitor.refusal("/card", site.token(Purpose.READ))


async def test_a_card_becomes_evidence_that_the_site_accepts(
    visitor: Page, site: SmallSite, pcsc: PcscService, person: NewPerson, record: bytes
) -> None:
    with pcsc.card(VirtualNhiCard(record)):
        evidence = await visitor.evidence("/card", site.token(Purpose.READ))
    reading = read_card(identity_of(site), evidence, at=site.now)
    assert reading.data.id_number == person.id_number
    assert reading.data.name == person.name
    assert reading.data.card_number == person.nhi_card
    assert reading.data.birth_date == person.birth_date


async def test_the_card_is_found_in_the_second_reader(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    with pcsc.card(VirtualNhiCard(record), slot=1):
        assert await visitor.evidence("/card", site.token(Purpose.READ))


async def test_another_card_beside_it_does_not_matter(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    with pcsc.card(OtherCard()), pcsc.card(VirtualNhiCard(record), slot=1):
        assert await visitor.evidence("/card", site.token(Purpose.READ))


async def test_a_page_that_watches_is_told_when_a_card_comes_and_goes(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    token = site.token(Purpose.WATCH)
    coming = asyncio.create_task(visitor.ask("/watch", token, card=False))
    await asyncio.sleep(0.3)
    assert not coming.done()
    with pcsc.card(VirtualNhiCard(record)):
        assert (await coming).json() == {"card": True}
        going = asyncio.create_task(visitor.ask("/watch", token, card=True))
        assert await visitor.evidence("/card", site.token(Purpose.READ))
    assert (await going).json() == {"card": False}


async def test_no_card(visitor: Page, site: SmallSite) -> None:
    assert await refusal(visitor, site) == (409, "no_card")


class OtherCard(VirtualNhiCard):
    """It answers, but has no such application."""

    def __init__(self) -> None:
        super().__init__(b"")

    def answer(self, command: bytes) -> bytes | None:
        return b"\x6a\x82"


class Selections(VirtualNhiCard):
    """Answers every selection alike, and keeps in mind what was selected."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(b"")
        self._answer = answer
        self.names: list[bytes] = []

    def answer(self, command: bytes) -> bytes | None:
        self.names.append(command[5 : 5 + command[4]])
        return self._answer


class InPieces(VirtualNhiCard):
    """Gives its data only when asked again, as cards of the older protocol do."""

    def answer(self, command: bytes) -> bytes | None:
        if command.startswith(b"\x00\xc0"):
            return super().answer(bytes.fromhex("00CA1100020000"))
        if command.startswith(b"\x00\xca"):
            return b"\x61\x39"
        return super().answer(command)


class CutShort(VirtualNhiCard):
    """Answers the reading with half a status word, and stays where it is."""

    def answer(self, command: bytes) -> bytes | None:
        return b"\x90" if command.startswith(b"\x00\xca") else super().answer(command)


async def test_a_card_that_gives_its_data_in_pieces(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    with pcsc.card(InPieces(record)):
        evidence = await visitor.evidence("/card", site.token(Purpose.READ))
    assert read_card(identity_of(site), evidence, at=site.now).data.name == "王小明"


async def test_a_card_that_knows_the_application_by_its_other_name(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    with pcsc.card(VirtualNhiCard(record, application=OTHER_AID)):
        assert await visitor.evidence("/card", site.token(Purpose.READ))


async def test_the_other_name_is_tried_once_and_only_where_the_first_is_not_found(
    visitor: Page, site: SmallSite, pcsc: PcscService
) -> None:
    unknown, refusing = Selections(b"\x6a\x82"), Selections(b"\x69\x82")
    for card in (unknown, refusing):
        with pcsc.card(card):
            assert await refusal(visitor, site) == (409, "other_card")
    assert unknown.names == [AID, OTHER_AID]
    assert refusing.names == [AID]


@pytest.mark.parametrize(
    ("card", "answer"),
    [
        (OtherCard(), (409, "other_card")),
        (PulledOutMidRead(b"0" * 57), (409, "card_removed")),
        (VirtualNhiCard(b"0" * 56), (422, "card_malformed")),
        (VirtualNhiCard(b"0" * 58), (422, "card_malformed")),
        (VirtualNhiCard(b""), (422, "card_malformed")),
        (VirtualNhiCard(b"", status=b"\x69\x82"), (422, "card_malformed")),
        (VirtualNhiCard(b"0" * 57, status=b"\x62\x82"), (422, "card_malformed")),
        (CutShort(b"0" * 57), (422, "card_malformed")),
    ],
    ids=[
        "another card",
        "pulled out while it was read",
        "too short",
        "too long",
        "empty",
        "refuses",
        "says that its data is spoilt",
        "half a status word",
    ],
)
async def test_a_card_that_cannot_be_read(
    visitor: Page, site: SmallSite, pcsc: PcscService, card: VirtualCard, answer: tuple[int, str]
) -> None:
    with pcsc.card(card):
        assert await refusal(visitor, site) == answer


async def test_after_a_card_was_pulled_out_the_next_one_is_read(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    with pcsc.card(PulledOutMidRead(record)):
        assert await refusal(visitor, site) == (409, "card_removed")
    with pcsc.card(VirtualNhiCard(record)):
        assert await visitor.evidence("/card", site.token(Purpose.READ))


@contextmanager
def another_program(pcsc: PcscService) -> Iterator[None]:
    """A program that has a connection to the card."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING_THE_CARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=pcsc.environment,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"0\n"
        yield


async def test_a_card_that_another_program_uses(
    visitor: Page, site: SmallSite, pcsc: PcscService, record: bytes
) -> None:
    with pcsc.card(VirtualNhiCard(record)), another_program(pcsc):
        assert await refusal(visitor, site) == (423, "card_busy")


async def test_no_reader(site: SmallSite) -> None:
    with pcsc_service(readers="") as without_reader:
        async with running_agent(site_origin=site.origin, reader=without_reader) as agent:
            visitor = page(agent.url, site.origin)
            async with visitor.client:
                assert await refusal(visitor, site) == (409, "no_reader")


async def test_no_service_for_readers(site: SmallSite) -> None:
    async with running_agent(site_origin=site.origin) as agent:
        visitor = page(agent.url, site.origin)
        async with visitor.client:
            assert await refusal(visitor, site) == (409, "no_reader")


async def test_the_agent_ends_in_good_order(site: SmallSite) -> None:
    async with running_agent(site_origin=site.origin) as agent:
        agent.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(agent.process.wait(), 10) == 0
