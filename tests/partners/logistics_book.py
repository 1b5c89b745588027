"""A book of parcels to create, in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from emask.delivery.creating import Waiting
from emask.delivery.ports import CreatedParcel, ParcelOrder


@dataclass
class MemoryBook:
    """A book that outlives the turns, if not the test; what is taken stays taken until freed."""

    orders: list[ParcelOrder]
    asked: set[str] = field(default_factory=set)
    created: dict[str, CreatedParcel] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    pauses: list[datetime] = field(default_factory=list)

    async def take(self, most: int, *, at: datetime) -> Sequence[Waiting]:
        due = [each for each in self.orders if self.is_due(each.trade_no)][:most]
        self.held |= {each.trade_no for each in due}
        return [Waiting(order=each, asked=each.trade_no in self.asked) for each in due]

    def is_due(self, trade_no: str) -> bool:
        return trade_no not in {*self.created, *self.refused, *self.held}

    async def note_asked(self, trade_no: str) -> None:
        self.asked.add(trade_no)

    async def note_created(self, created: CreatedParcel) -> None:
        self.created[created.trade_no] = created

    async def note_refused(self, trade_no: str, reason: str) -> None:
        self.refused[trade_no] = reason

    async def put_back(self, trade_nos: Sequence[str]) -> None:
        self.held -= set(trade_nos)

    async def pause(self, until: datetime) -> None:
        self.pauses.append(until)

    async def paused_until(self) -> datetime | None:
        return max(self.pauses, default=None)
