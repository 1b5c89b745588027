"""What a draw is and what one person sees of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawRecord:
    """One run of a round's draw: the commitment first, what came of it once it is there.

    `root` is the tree's root over the `entries` tickets in their order, `result_root` the one
    over the `selected` in the order of the draw; `seed` is the randomness of `beacon_round`,
    which was named at `committed_at`, before it existed. A second run has a `reason`.
    """

    round_id: str
    run: int
    reason: str | None
    algorithm: str
    entries: int
    quota: int
    root: bytes
    beacon: str
    beacon_key: bytes
    beacon_round: int
    committed_at: datetime
    seed: bytes | None = None
    signature: bytes | None = None
    selected: int | None = None
    result_root: bytes | None = None
    drawn_at: datetime | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawPlace:
    """What a person sees: the own rank, counted from 1, and the figures that explain it."""

    rank: int
    selected: bool
    entries: int
    quota: int
