"""How far a notice is."""

from enum import StrEnum


class NoticeState(StrEnum):
    """The state of a notice; the outbox calls it so.

    From WAITING to SENT, and from there to DELIVERED or UNDELIVERED; or from WAITING to UNCLEAR,
    when nobody answered and it may have been sent, or to FAILED, when it cannot be. Those two go
    back to WAITING when an operator has them sent again.
    """

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCLEAR = "unclear"
    FAILED = "failed"
