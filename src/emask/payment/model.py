"""Orders as payment sees them, and the sums of a round's money; all amounts are NT$."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from emask.rules.calendar import Channel
from emask.rules.states import OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The one pack of a selected person; `channel` decides the methods of payment (B14)."""

    person_id: UUID
    round_id: str
    chain: str
    store_code: str
    channel: Channel
    amount: int
    state: OrderState
    paid_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that has to go back; `reason` is the outcome of its event.

    `done_at` is when it was sent back, None until then.
    """

    person_id: UUID
    event_id: UUID
    round_id: str
    amount: int
    reason: str
    due_at: datetime
    done_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneySummary:
    """What came in is what paid orders cost and what went or has to go back."""

    received: int
    orders_paid: int
    refunds_due: int
    refunds_done: int

    @property
    def balanced(self) -> bool:
        return self.received == self.orders_paid + self.refunds_due + self.refunds_done
