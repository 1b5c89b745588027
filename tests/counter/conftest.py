import pytest

from delivery.world import World
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault


@pytest.fixture
async def world(db: Database, clock: SetClock, vault: Vault) -> World:
    world = World(db=db, clock=clock, vault=vault)
    await world.build()
    return world
