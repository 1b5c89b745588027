"""Orders as payment sees them, their trades, and a round's sums; all amounts are NT$."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from emask.rules.calendar import Channel
from emask.rules.price import Method
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

    @property
    def bought(self) -> bool:
        """It was paid for, and its money does not go back because its pack never came."""
        return self.paid_at is not None and self.state is not OrderState.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAccount:
    """Where to transfer to, and until when the money has to be there."""

    bank_code: str
    account: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """How a payment goes on: at the gateway with this trade, or with the account it has issued.

    Exactly one of the two is there.
    """

    trade_no: str | None = None
    account: IssuedAccount | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrade:
    """One trade of a gateway: `amount` pays `orders` orders of a round in one go (B11)."""

    trade_no: str
    gateway: str
    round_id: str
    method: Method
    amount: int
    orders: int
    opened_by: UUID
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that has to go back; `reason` is the outcome of its event, or that no pack came for it.

    `way` is card or transfer, `state` how far it is. `file_id` is the transfer file in which it
    stands, `done_at` when it was sent back, None until then.
    """

    person_id: UUID
    event_id: UUID
    round_id: str
    amount: int
    reason: str
    way: str
    state: str
    due_at: datetime
    file_id: UUID | None
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
