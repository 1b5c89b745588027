from dataclasses import replace

import pytest

from draw.town import Town
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.rounds.catalogue import built_in_round
from emask.sandbox.schema import install
from emask.sandbox.sms import SandboxSms


@pytest.fixture
async def town(db: Database, clock: SetClock, vault: Vault) -> Town:
    """Round 2020-1 with 20 packs and nobody on its list yet."""
    town = Town(db=db, clock=clock, vault=vault, round=replace(built_in_round("2020-1"), quota=20))
    await town.build()
    return town


@pytest.fixture
async def sms(db: Database) -> SandboxSms:
    await install(db)
    return SandboxSms(db)
