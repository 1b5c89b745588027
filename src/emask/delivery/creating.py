"""Creating parcels by the million, one call each: paced, resumable, and none of them twice.

What has been asked is in a book that outlives the process. A number is noted as asked before it is
called about, so whoever finds it noted, after an answer that did not come or a process that was
killed, asks the chain what it knows before asking for the parcel again. Should the first call get
through after that, the chain refuses the second one because of its number, and a refusal is
believed only if the chain does not know the parcel.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from emask.database.clock import Clock
from emask.delivery.pace import Beat, Pace
from emask.delivery.ports import (
    CreatedParcel,
    Creator,
    NoAnswer,
    ParcelOrder,
    Paused,
    Refused,
    UnfitForParcel,
    UnknownParcel,
)

UNFIT: Final = "unfit: "
"""What the reason of a refusal begins with that the chain was never asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A parcel to create; `asked` if the chain may know it already."""

    order: ParcelOrder
    asked: bool


class Book(Protocol):
    """Which parcels are to be created, and how far each is; kept where no restart reaches it."""

    async def take(self, most: int, *, at: datetime) -> Sequence[Waiting]:
        """Some parcels that are due. Nobody else is given them for as long as a turn can last."""
        ...

    async def note_asked(self, trade_no: str) -> None:
        """The chain is about to be asked for it; returns when that cannot be lost any more."""
        ...

    async def note_created(self, parcel: CreatedParcel) -> None:
        """It exists."""
        ...

    async def note_refused(self, trade_no: str, reason: str) -> None:
        """It does not, and will not without somebody's doing; the reason may name a person."""
        ...

    async def put_back(self, trade_nos: Sequence[str]) -> None:
        """Nothing more is known of these; they are due again."""
        ...

    async def pause(self, until: datetime) -> None:
        """Nobody is to call before."""
        ...

    async def paused_until(self) -> datetime | None:
        """The end of the last pause, over or not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn came to; parcels in numbers.

    Args:
        created: exist now, those included that turned out to exist already.
        refused: are for somebody to look at.
        unanswered: are due again.
        paused_until: no turn before then has any use.
        pace: for the next turn.
    """

    created: int
    refused: int
    unanswered: int
    paused_until: datetime | None
    pace: Pace


async def create_due(
    book: Book, carrier: Creator, clock: Clock, *, pace: Pace, beat: Beat, most: int
) -> Turn:
    """Create some of the parcels that are due; called again and again until there are none.

    Args:
        book: which they are.
        carrier: who is asked.
        clock: the time that pauses are told by.
        pace: how fast; `Turn.pace` is the one for the next turn.
        beat: the same one for every turn.
        most: how many parcels one turn takes.
    """
    now = await clock.now()
    until = await book.paused_until()
    if until is not None and now < until:
        return Turn(created=0, refused=0, unanswered=0, paused_until=until, pace=pace)
    turn = _Turn(book, carrier, clock, pace, beat)
    await turn.run(await book.take(most, at=now))
    return turn.outcome()


class _Turn:
    """One turn under way."""

    def __init__(self, book: Book, carrier: Creator, clock: Clock, pace: Pace, beat: Beat) -> None:
        self._book = book
        self._carrier = carrier
        self._clock = clock
        self._pace = pace
        self._beat = beat
        self._free = asyncio.Semaphore(pace.at_once)
        self._paused_until: datetime | None = None
        self._created = 0
        self._refused = 0
        self._left: list[str] = []

    async def run(self, waiting: Sequence[Waiting]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for each in waiting:
                await self._free.acquire()
                tasks.create_task(self._settle(each))
        await self._book.put_back(self._left)

    def outcome(self) -> Turn:
        quiet = self._pace.after_quiet() if not self._left else self._pace
        return Turn(
            created=self._created,
            refused=self._refused,
            unanswered=len(self._left),
            paused_until=self._paused_until,
            pace=self._pace.after_refusal() if self._paused_until else quiet,
        )

    async def _settle(self, waiting: Waiting) -> None:
        try:
            await self._create(waiting)
        except Paused as paused:
            await self._pause(paused.until)
            self._left.append(waiting.order.trade_no)
        except NoAnswer:
            self._left.append(waiting.order.trade_no)
        finally:
            self._free.release()

    async def _create(self, waiting: Waiting) -> None:
        """Raises Paused and NoAnswer."""
        order = waiting.order
        if waiting.asked and await self._exists(order):
            return
        await self._may_call()
        await self._book.note_asked(order.trade_no)
        try:
            parcel = await self._carrier.create(order, at=await self._clock.now())
        except UnfitForParcel as unfit:
            await self._refuse(order, f"{UNFIT}{unfit}")
        except Refused as refused:
            if not await self._exists(order):
                await self._refuse(order, refused.said)
        else:
            await self._keep(parcel)

    async def _exists(self, order: ParcelOrder) -> bool:
        """Whether the chain knows it, and if so kept. Raises Paused and NoAnswer."""
        await self._may_call()
        try:
            standing = await self._carrier.ask(
                order.chain, order.trade_no, at=await self._clock.now()
            )
        except UnknownParcel:
            return False
        except Refused:
            raise NoAnswer from None  # of the question; nothing is known about the parcel
        await self._keep(standing.created)
        return True

    async def _may_call(self) -> None:
        """Return when a call may begin. Raises Paused."""
        self._check_pause()
        await self._beat.next(self._pace)
        self._check_pause()

    def _check_pause(self) -> None:
        if self._paused_until is not None:
            raise Paused(self._paused_until)

    async def _pause(self, until: datetime) -> None:
        if self._paused_until is None:
            self._paused_until = until
            await self._book.pause(until)

    async def _keep(self, parcel: CreatedParcel) -> None:
        await self._book.note_created(parcel)
        self._created += 1

    async def _refuse(self, order: ParcelOrder, reason: str) -> None:
        await self._book.note_refused(order.trade_no, reason)
        self._refused += 1
