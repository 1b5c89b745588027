"""A crowd of made-up people, so that the demo's draw has somebody to turn down."""

import asyncio
from typing import Final
from uuid import uuid4

from emask.identity.registry import add_people
from emask.language import Language
from emask.preorder.model import Entry
from emask.programme.system import System
from emask.rounds.service import set_quota
from emask.rounds.stores import search_stores
from emask.rules.calendar import Channel, Round
from emask.sandbox.population import made_up_people

CROWD: Final = 300
QUOTA: Final = 200
"""Packs for about two thirds of the crowd."""


async def gather_crowd(system: System, round: Round) -> None:
    """Let a crowd of adults pre-order, and lower the quota so that a draw decides.

    Gathered again, the same people order the same things and nothing changes.
    """
    people = list(made_up_people(CROWD, children_per_thousand=0))
    await add_people(system.db, system.vault, people)
    async with system.db.transaction() as tx:
        await set_quota(tx, round.id, QUOTA)
        stores = [each for each in await search_stores(tx, limit=CROWD) if each.open]
    await asyncio.gather(
        *(
            system.intake.submit(
                Entry(
                    person_id=system.vault.person_id(person.id_number),
                    round_id=round.id,
                    chain=stores[number % len(stores)].chain,
                    store_code=stores[number % len(stores)].code,
                    mobile=person.mobile or "",
                    channel=Channel.COMPUTER,
                    language=Language.ZH,
                    submission_id=uuid4(),
                )
            )
            for number, person in enumerate(people)
        )
    )
