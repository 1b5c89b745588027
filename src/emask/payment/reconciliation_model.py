"""A gateway's day held against the ledger; all amounts are NT$, days are Taipei's."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why file and ledger do not agree on a trade: on its payments, or on what went back of it."""

    UNKNOWN_TRADE = "unknown_trade"
    """The file has money of a trade that we never opened with this gateway."""
    NOT_IN_LEDGER = "not_in_ledger"
    """The file has money of which the ledger knows nothing."""
    NOT_IN_FILE = "not_in_file"
    """The ledger has money that the gateway does not account for."""
    WRONG_AMOUNT = "wrong_amount"
    """Both have money, and not the same."""
    TWICE_IN_FILE = "twice_in_file"
    """The file has one payment on more than one row."""
    REFUND_NOT_IN_LEDGER = "refund_not_in_ledger"
    """By the file more went back."""
    REFUND_NOT_IN_FILE = "refund_not_in_file"
    """By the ledger more went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One trade on which file and ledger do not agree; what went back is below zero.

    `explanation` tells why that is all right, None while nobody has said so.
    """

    gateway: str
    day: date
    trade_no: str
    reason: Reason
    file_amount: int
    ledger_amount: int
    explanation: str | None
    explained_by: str | None
    explained_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The sums of a day that was reconciled, and how many of its differences are unexplained.

    `file_total` less `ledger_total` is what the differences make together.
    """

    gateway: str
    day: date
    done_at: datetime
    file_rows: int
    file_total: int
    ledger_total: int
    unexplained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """A day's sums with every difference.

    Args:
        day: the sums.
        differences: the unexplained ones first.
        unanswered: trades of which the gateway did not say what it knows, so that another
            reconciliation may find less.
    """

    day: Day
    differences: tuple[Difference, ...]
    unanswered: int = 0

    @property
    def sound(self) -> bool:
        """Whether every difference is explained."""
        return self.day.unexplained == 0
