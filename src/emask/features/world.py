"""What the steps of one scenario share: the running system, its people, and what happened last."""

import re
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.features.citizen import Birth, Citizen
from emask.features.outcome import Outcome, WrongUse
from emask.identity.model import NewPerson
from emask.identity.registry import add_people
from emask.programme.system import System, open_system
from emask.rounds.service import current_round, load_round
from emask.rules.calendar import Round, at
from emask.rules.refusals import Refusal
from emask.sandbox.population import made_up_people
from emask.sandbox.system import Sandbox
from emask.sandbox.visitor import Doors

BEGINNING = at(date(2020, 3, 12), 9)
"""Where the clock stands until a step sets it (B2)."""
_CROWD = 1_000_000
_PLAIN_ID = re.compile("[a-z0-9][a-z0-9-]{0,31}")


def _crowd() -> Iterator[NewPerson]:
    return made_up_people(_CROWD, foreigners_per_thousand=0, children_per_thousand=0)


@dataclass(slots=True, kw_only=True)
class World:
    """One scenario's world, over a database of its own."""

    system: System
    sandbox: Sandbox
    clock: SetClock
    birth: Birth = field(default_factory=Birth)
    people: dict[str, Citizen] = field(default_factory=dict)
    digits: dict[str, int] = field(default_factory=dict)
    round_ids: dict[str, str] = field(default_factory=dict)
    crowd: Iterator[NewPerson] = field(default_factory=_crowd)
    others: list[UUID] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    sold_out: set[tuple[str, str]] = field(default_factory=set)
    round_id: str | None = None
    acts: int = 0

    @property
    def doors(self) -> Doors:
        """What the people of the scenario come to, to prove who they are."""
        return Doors(
            identity=self.system.identity, sessions=self.system.sessions, sandbox=self.sandbox
        )

    async def now(self) -> datetime:
        """The instant the clock stands at."""
        return await self.clock.now()

    def citizen(self, name: str) -> Citizen:
        """The named person. Raises WrongUse for a name that no step has introduced."""
        if name not in self.people:
            raise WrongUse(
                zh=f"還沒有步驟說明「{name}」是誰（例：{name} 是 1983-07-15 出生的本國人）",
                en=f'no step has said who "{name}" is',
            )
        return self.people[name]

    async def enter(self, citizen: Citizen) -> UUID:
        """The citizen's person id; the registry learns of the person at the first need."""
        if citizen.person_id is None:
            await add_people(self.system.db, self.system.vault, [citizen.person])
            citizen.person_id = self.system.vault.person_id(citizen.person.id_number)
        return citizen.person_id

    def round_id_of(self, name: str) -> str:
        """The id under which a round is kept that the scenario calls so, in any script."""
        if name not in self.round_ids:
            plain = _PLAIN_ID.fullmatch(name) is not None
            self.round_ids[name] = name if plain else f"round-{len(self.round_ids) + 1}"
        return self.round_ids[name]

    def this_round_id(self) -> str:
        """The round that the last step about rounds was about. Raises WrongUse without one."""
        if self.round_id is None:
            raise WrongUse(
                zh="還沒有輪次（例：2020 年第一輪預購）", en="no step has loaded a round yet"
            )
        return self.round_id

    async def this_round(self) -> Round:
        """The round of :meth:`this_round_id`."""
        async with self.system.db.transaction() as tx:
            return await load_round(tx, self.this_round_id())

    async def round_now(self) -> Round:
        """The round that a visitor of this moment comes for. Raises WrongUse without one."""
        async with self.system.db.transaction() as tx:
            found = await current_round(tx, await self.now())
        return found or await self.this_round()

    async def round_of(self, citizen: Citizen) -> Round:
        """The round of the citizen's last act, or else the present one."""
        if citizen.round_id is None:
            return await self.round_now()
        async with self.system.db.transaction() as tx:
            return await load_round(tx, citizen.round_id)

    async def attempt(self, what: str, act: Awaitable[object]) -> bool:
        """Try something and keep its outcome under a name; True if nothing refused it."""
        try:
            await act
        except Refusal as refusal:
            self.outcomes[what] = Outcome(refusal=refusal)
        else:
            self.outcomes[what] = Outcome()
        return self.outcomes[what].succeeded

    def outcome(self, what: str) -> Outcome:
        """What came of the last attempt. Raises WrongUse before the first."""
        if what not in self.outcomes:
            raise WrongUse(zh=f"前面沒有{what}的步驟", en=f"no step before this one tries {what}")
        return self.outcomes[what]


@asynccontextmanager
async def open_world(url: str, keys: Keys) -> AsyncIterator[World]:
    """A world over a prepared database (:mod:`emask.features.stage`)."""
    async with Database(url, size=8) as db:
        clock = SetClock(db)
        await clock.set(BEGINNING)
        sandbox = Sandbox.over(db, clock, keys)
        async with open_system(db, clock=clock, keys=keys, partners=sandbox.partners) as system:
            yield World(system=system, sandbox=sandbox, clock=clock)
