"""Which of several messages about one parcel counts; they come in any order."""

from collections.abc import Iterable
from typing import Final

from emask.delivery.ports import ParcelState, StatusMessage

_RANKS: Final = {state: rank for rank, state in enumerate(ParcelState)}


def counting(one: StatusMessage, other: StatusMessage) -> StatusMessage:
    """Which of two messages about the same parcel tells where it is.

    The one that became so later, whichever came first; within one second the one further along a
    parcel's way. What we do not understand never displaces what we do: after "collected" the
    chains still send codes of their book-keeping.
    """
    return max(one, other, key=_weight)


def latest(messages: Iterable[StatusMessage]) -> StatusMessage | None:
    """The message that counts among all about one parcel; None if there is none."""
    return max(messages, key=_weight, default=None)


def _weight(message: StatusMessage) -> tuple[object, ...]:
    known = message.state is not ParcelState.IN_TRANSIT
    return known, message.updated_at, _RANKS[message.state], message.code
