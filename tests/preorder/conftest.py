from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from emask.database.pool import Database
from emask.database.vault import Vault
from emask.preorder.intake import Intake
from preorder.world import StillClock, World


@pytest.fixture
async def world(db: Database) -> World:
    world = World(db)
    await world.build()
    return world


@pytest.fixture
def still(opening: datetime) -> StillClock:
    """A clock that stands at the opening of round 2020-1."""
    return StillClock(opening)


@pytest.fixture
async def intake(world: World, still: StillClock, vault: Vault) -> AsyncIterator[Intake]:
    async with Intake(world.db, still, vault) as intake:
        yield intake
