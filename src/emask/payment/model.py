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
    """Money of one event that goes back.

    Args:
        amount: NT$.
        reason: the outcome of the event.
        way: ``card``, through the gateway that took the money, or ``transfer`` by a bank.
        state: ``due``, ``listed`` in a file for the bank, ``unclear`` to all but the gateway, or
            ``done``.
        done_at: when it was sent back, None until then.
        file_id: the file for the bank that it stands in, or stood in when it was sent.
    """

    person_id: UUID
    event_id: UUID
    round_id: str
    amount: int
    reason: str
    due_at: datetime
    done_at: datetime | None
    way: str
    state: str
    file_id: UUID | None

    @property
    def reference(self) -> str:
        """What banks and operators call it by: 20 letters and digits of its event."""
        return reference_of(self.event_id)


def reference_of(event_id: UUID) -> str:
    """As :attr:`Refund.reference`."""
    return event_id.hex[:20].upper()


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
