from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.registry import add_people
from emask.programme.system import open_system
from emask.sandbox import schema
from emask.sandbox.system import Sandbox
from identity.world import ANNA, CHEAP, HUA, MING, World


@pytest.fixture
async def world(db: Database, clock: SetClock, keys: Keys, vault: Vault) -> AsyncIterator[World]:
    """Ming, Hua and Anna are in the registry; nobody has registered."""
    await schema.install(db)
    await add_people(db, vault, [MING, HUA, ANNA])
    sandbox = Sandbox.over(db, clock, keys)
    async with open_system(db, clock=clock, keys=keys, partners=sandbox.partners) as system:
        yield World(
            identity=replace(system.identity, passwords=CHEAP),
            clock=clock,
            sandbox=sandbox,
            sessions=system.sessions,
        )
