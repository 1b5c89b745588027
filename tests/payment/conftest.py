from dataclasses import replace

import pytest

from draw.town import Town
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.rounds.catalogue import built_in_round
from payment.market import Market


@pytest.fixture
async def town(db: Database, clock: SetClock, vault: Vault) -> Town:
    """Round 2020-1 with 20 packs, at the opening of payment."""
    town = Town(db=db, clock=clock, vault=vault, round=replace(built_in_round("2020-1"), quota=20))
    await town.build()
    await clock.set(town.round.pay_from)
    return town


@pytest.fixture
def market(town: Town) -> Market:
    return Market(town=town)
