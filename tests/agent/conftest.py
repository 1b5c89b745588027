"""A site in a demo's year, a PC/SC service and cards."""

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime

import pytest

from agent.pcsc import PcscService, pcsc_service
from agent.site import SmallSite, small_site
from emask.database.vault import Keys
from emask.identity.model import NewPerson
from emask.rules.calendar import at
from emask.rules.people import make_national_id
from emask.sandbox.cards import card_record


@pytest.fixture(scope="session")
def pcsc() -> Iterator[PcscService]:
    with pcsc_service() as service:
        yield service


@pytest.fixture
def opening() -> datetime:
    """Six years before this machine's clock: demos set theirs."""
    return at(date(2020, 3, 12), 9)


@pytest.fixture
async def site(keys: Keys, opening: datetime) -> AsyncIterator[SmallSite]:
    async with small_site(keys, now=opening) as site:
        yield site


@pytest.fixture
def person() -> NewPerson:
    return NewPerson(
        id_number=make_national_id(1),
        name="王小明",
        birth_date=date(1983, 7, 15),
        mobile="0912345678",
        nhi_card="000012345678",
        household_number="F1234567",
    )


@pytest.fixture
def record(person: NewPerson) -> bytes:
    return card_record(person)
