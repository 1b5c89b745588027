"""Rounds whose windows follow one another, and a person."""

from uuid import UUID, uuid4

import pytest

from emask.database.pool import Database
from emask.rounds.catalogue import built_in_round
from emask.rounds.service import save_round
from emask.rules.calendar import Round


@pytest.fixture
def person_id() -> UUID:
    return uuid4()


@pytest.fixture
async def first(db: Database) -> Round:
    """Round 2020-1: collected from 26 March to 1 April."""
    return await _saved(db, "2020-1")


@pytest.fixture
async def second(db: Database) -> Round:
    """Round 2020-2: collected from 2 to 8 April."""
    return await _saved(db, "2020-2")


async def _saved(db: Database, round_id: str) -> Round:
    entered = built_in_round(round_id)
    async with db.transaction() as tx:
        await save_round(tx, entered)
    return entered
