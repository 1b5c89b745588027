"""What all tests share: a real PostgreSQL with a fresh database each, a set clock, a vault."""

import os
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys, Vault
from emask.partners.beacon import bls
from emask.rules.calendar import at

# The quick profile looks at the same examples each time, so that a change alone decides whether
# the tests pass; HYPOTHESIS_PROFILE=thorough looks longer, and at new ones.
settings.register_profile(
    "quick", deadline=None, derandomize=True, max_examples=200, stateful_step_count=30
)
settings.register_profile("thorough", deadline=None, max_examples=3000, stateful_step_count=60)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Loads py_ecc before any test does, and leaves the depth of recursion as it was.
assert bls.KEY_BYTES

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def databases() -> Iterator[ThrowawayDatabases]:
    with ThrowawayDatabases() as throwaway:
        yield throwaway


@pytest.fixture
def database_url(databases: ThrowawayDatabases) -> Iterator[str]:
    with databases.database() as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database(database_url, size=20) as database:
        yield database


@pytest.fixture
def opening() -> datetime:
    """The opening of round 2020-1 (B2)."""
    return at(date(2020, 3, 12), 9)


@pytest.fixture
async def clock(db: Database, opening: datetime) -> SetClock:
    """A set clock that stands at the opening of round 2020-1."""
    set_clock = SetClock(db)
    await set_clock.set(opening)
    return set_clock


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys.generate()


@pytest.fixture(scope="session")
def vault(keys: Keys) -> Vault:
    return Vault(keys)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real public data, which stands beside the checkout or nowhere."""
    folder = Path(os.environ.get("EMASK_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"not run: the real data files are not at {folder}")
    return folder
