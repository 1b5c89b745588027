"""What can be in the way, each with the code that the page is told."""

from enum import StrEnum
from typing import Final


class Code(StrEnum):
    """Codes of refusals; the page has the words, in the reader's language."""

    ORIGIN_REFUSED = "origin_refused"
    """The page is not of a site that this agent serves."""
    HOST_REFUSED = "host_refused"
    """The agent was addressed by a name that is not its own."""
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code
    """The site did not ask for this, or not now, or it was answered already."""
    NO_READER = "no_reader"
    """No reader is connected, or its service does not run."""
    NO_CARD = "no_card"
    """All readers are empty."""
    OTHER_CARD = "other_card"
    """A card is there, but not one of the kind that is asked for, or the wrong way round."""
    CARD_REMOVED = "card_removed"
    """It was pulled out before it had answered."""
    CARD_MALFORMED = "card_malformed"
    """The card answered with something that is not its basic data."""
    CARD_BUSY = "card_busy"
    """Another program, or another request, has the card."""
    NO_CERTIFICATE = "no_certificate"
    """No certificate for signatures is on the card, or no module to use it is set up."""
    PIN_CANCELLED = "pin_cancelled"
    """The PIN's window was closed, nobody typed in time, or the page was left."""
    WRONG_PIN = "wrong_pin"
    """The card refused the PIN."""
    PIN_LOCKED = "pin_locked"
    """Too many wrong PINs: the card refuses every one until its issuer unlocks it."""
    UNREADABLE = "unreadable"
    """Anything else; the agent's own output says more."""


STATUS: Final = {
    Code.ORIGIN_REFUSED: 403,
    Code.HOST_REFUSED: 421,
    Code.TOKEN_REFUSED: 401,
    Code.NO_READER: 409,
    Code.NO_CARD: 409,
    Code.OTHER_CARD: 409,
    Code.CARD_REMOVED: 409,
    Code.CARD_MALFORMED: 422,
    Code.CARD_BUSY: 423,
    Code.NO_CERTIFICATE: 409,
    Code.PIN_CANCELLED: 409,
    Code.WRONG_PIN: 403,
    Code.PIN_LOCKED: 423,
    Code.UNREADABLE: 500,
}
"""The HTTP status of each code."""


class Problem(Exception):
    """What was asked for cannot be done.

    Args:
        code: why.
        tries_left: how many PINs may still be tried, where the card tells.
    """

    def __init__(self, code: Code, *, tries_left: int | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.tries_left = tries_left
