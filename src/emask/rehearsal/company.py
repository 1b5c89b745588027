"""One worker's part of the cast, and the system against which it plays."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from emask.programme.system import System
from emask.rehearsal.acknowledged import Acknowledged
from emask.rehearsal.actor import Actor
from emask.rehearsal.clock import HeldClock
from emask.rehearsal.plan import Fate, Plan
from emask.rounds.model import Chain
from emask.rules.calendar import day_in_taipei
from emask.rules.refusals import Refusal
from emask.sandbox.system import Sandbox
from emask.sandbox.visitor import Doors

T = TypeVar("T")
Tally = Counter[str]

LANES = 8
"""Acts under way at once, each with a connection of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The actors of one worker and all that they come to.

    `told` is called after each act, for the progress bar.
    """

    plan: Plan
    fate: Fate
    system: System
    sandbox: Sandbox
    doors: Doors
    clock: HeldClock
    actors: dict[UUID, Actor]
    stores: list[tuple[Chain, str]]
    sites: list[str]
    acknowledged: Acknowledged
    told: Callable[[], None]

    async def today(self) -> date:
        """The day of the scene."""
        return day_in_taipei(await self.clock.now())

    async def play(
        self, cast: Iterable[T], act: Callable[[T], Awaitable[str]], *, lanes: int = LANES
    ) -> Tally:
        """Let everybody act, so many at once; how each act ended, a refusal by its code."""
        tally: Tally = Counter()
        waiting = iter(cast)

        async def lane() -> None:
            for each in waiting:
                try:
                    tally[await act(each)] += 1
                except Refusal as refusal:
                    tally[refusal.code] += 1
                self.told()

        async with asyncio.TaskGroup() as group:
            for _ in range(lanes):
                group.create_task(lane())
        return tally
