"""What a rehearsal plays, and what its people do: fixed by a seed, whoever asks."""

from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path

from emask.rules.calendar import Round

SIGNED_IN_FOR_REAL = 500
"""People who go a whole way in, cards, certificates and all; the others begin with a session."""

CHILDREN_PER_THOUSAND = 20
FOREIGNERS_PER_THOUSAND = 35

# Shares of everybody, of the registered, of the selected, of the paid.
REGISTERS_AT_ONCE = 0.9
AMENDS = 0.03
CANCELS = 0.02
SENDS_TWICE = 0.02
COMES_TOO_LATE = 0.005
BUYS_AT_COUNTER_A_DAY = 0.012
UNDOES_SALE = 0.02
PAYS = 0.85
COLLECTS = 0.95
BY_PROXY = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One rehearsal. The quotas of its rounds are set; files that are None are made up."""

    people: int
    seed: int
    rounds: tuple[Round, ...]
    stores: Path | None = None
    counter_sites: Path | None = None
    days_fast: bool = False

    @property
    def round_ids(self) -> tuple[str, ...]:
        return tuple(each.id for each in self.rounds)


@dataclass(frozen=True, slots=True)
class Fate:
    """Decides what a person does: the same for the same seed, person and matter."""

    seed: int

    def share(self, serial: int, matter: str) -> float:
        """Evenly spread from 0 up to, not including, 1."""
        digest = blake2b(f"{self.seed}/{serial}/{matter}".encode(), digest_size=6).digest()
        return int.from_bytes(digest, "big") / 2**48

    def one_of(self, serial: int, matter: str, choices: int) -> int:
        """A number from 0 up to, not including, `choices`."""
        return int(self.share(serial, matter) * choices)


def day_matter(what: str, day: date) -> str:
    """The matter of what is decided anew each day."""
    return f"{what}/{day.isoformat()}"
