"""What a pre-order is, what is submitted, and what comes back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from emask.language import Language
from emask.rounds.model import Chain
from emask.rules.calendar import Channel
from emask.rules.states import OrderState


class Entry(NamedTuple):
    """One submission: who orders in which round, where it is collected, how notices go out.

    `mobile` may come as people type it. `channel` is the session's. A submission that is sent
    again carries the same `submission_id` and changes nothing.
    """

    person_id: UUID
    round_id: str
    chain: Chain
    store_code: str
    mobile: str
    channel: Channel
    language: Language
    submission_id: UUID


class Placement(StrEnum):
    """What became of a submission that was accepted."""

    PLACED = "placed"
    AMENDED = "amended"
    REPLAYED = "replayed"


class Receipt(NamedTuple):
    """The acknowledgement: what it tells is committed.

    `ticket` is the entry's public name in the draw and stays the same through all revisions.
    """

    placement: Placement
    ticket: UUID
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preorder:
    """One person's entry in one round, as it stands; `state` is registered or cancelled."""

    person_id: UUID
    round_id: str
    ticket: UUID
    chain: Chain
    store_code: str
    channel: Channel
    state: OrderState
    revision: int
    placed_at: datetime
    changed_at: datetime
    language: Language


class SubmissionReused(Exception):
    """A submission id came again with another order."""
