"""What delivery asks of the chains: parcels on their way to stores, and what becomes of them.

Instants are aware, amounts whole NT$. A parcel goes by a number of ours that is fixed before the
first call is made, so that nothing is ever created twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from emask.rounds.model import Chain


class ForgedMessage(Exception):
    """A message that the chain did not sign, or would never send; change nothing.

    Nothing of the message stands in it.
    """


class UnfitForParcel(ValueError):
    """A parcel that the chain would refuse: says which field, and nothing of what stands there."""


class NoAnswer(Exception):
    """No answer, or none in the agreed form; what was asked for may have been done or not."""


class Paused(Exception):
    """The chain was asked too often; it is not to be asked anything before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"no calls before {until.isoformat()}")
        self.until = until


class Refused(Exception):
    """The chain does not do it, and nothing has changed.

    `said` is the chain's own text: opaque, and it may name a person, so it is never logged.
    """

    def __init__(self, call: str, said: str) -> None:
        super().__init__(call)
        self.said = said


class UnknownParcel(Exception):
    """The chain knows no parcel under our number."""


class ParcelState(StrEnum):
    """Where a parcel is."""

    IN_TRANSIT = "in_transit"
    """The chain has said something that we do not know."""
    ORDER_TAKEN = "order_taken"
    ACCEPTED = "accepted"
    """The chain has it, at its centre's door or at the store where it was handed in."""
    AT_CENTRE = "at_centre"
    RESELECT_STORE = "reselect_store"
    """The store has closed: another one is to be chosen."""
    STORE_CHANGED = "store_changed"
    ARRIVED = "arrived"
    GOING_BACK = "going_back"
    """Nobody came for it."""
    BACK_AT_CENTRE = "back_at_centre"
    RETURNED_TO_SENDER = "returned_to_sender"
    LOST = "lost"
    COLLECTED = "collected"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelOrder:
    """One parcel to create.

    Args:
        trade_no: our number for it, never used for another: up to 20 letters and digits.
        chain, store_code: where it goes.
        amount: NT$, which the chain is not to collect.
        goods: what is in it, as the store reads it.
        receiver_name: as the document says that is shown at the till (B15).
        receiver_mobile: ten digits, beginning with 09.
        told: where the chain tells what becomes of it; not where a chosen store comes back to.
    """

    trade_no: str
    chain: Chain
    store_code: str
    amount: int
    goods: str
    receiver_name: str
    receiver_mobile: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedParcel:
    """A parcel that the chain has taken the order for.

    `payment_no` and `validation_no` stand on the label of a parcel that is handed in at a store;
    the parcels of a logistics centre have none.
    """

    trade_no: str
    parcel_no: str
    chain: Chain
    payment_no: str = ""
    validation_no: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusMessage:
    """What the chain has told of one parcel, and signed.

    Args:
        trade_no: our number.
        parcel_no: the chain's.
        chain: whose parcel it is.
        code: the chain's own, which means something only together with its kind of parcel.
        state: what the code says.
        updated_at: when it became so; messages come in any order and are sorted by this.
    """

    trade_no: str
    parcel_no: str
    chain: Chain
    code: str
    state: ParcelState
    updated_at: datetime

    @property
    def message_id(self) -> str:
        """The same however often it is told; the signature lets the case of letters be changed."""
        return f"{self.parcel_no.lower()}:{self.code}:{self.updated_at.isoformat()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelStanding:
    """How a parcel stands, in answer to a question.

    Args:
        created: what the chain knows it by.
        shipment_no: the number on the label of a parcel from a logistics centre, if it has one.
        latest: as if the chain had told it by itself, but that nobody knows since when it is so.
    """

    created: CreatedParcel
    shipment_no: str
    latest: StatusMessage

    def news(self, known: StatusMessage | None) -> StatusMessage | None:
        """The latest, unless it is known already: that would only get a date that is too late."""
        return None if known is not None and known.code == self.latest.code else self.latest


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStore:
    """A store as its chain lists it."""

    chain: Chain
    code: str
    name: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenStore:
    """What a browser brought back from the map. Anybody can send it: nothing of it is signed.

    It is looked up in our own list by chain and code, and holds good for the `nonce` alone that we
    had sent along.
    """

    chain: Chain
    code: str
    name: str
    nonce: str


@dataclass(frozen=True, slots=True)
class BrowserForm:
    """What a browser posts where: the whole page, never a frame."""

    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the chain wants to hear in answer to a message: status and whole text."""

    status: int
    content: str


class MapDevice(StrEnum):
    """What the map is drawn for."""

    COMPUTER = "0"
    PHONE = "1"


class Creator(Protocol):
    """Whoever takes parcels. Both calls raise NoAnswer and Paused."""

    async def create(self, order: ParcelOrder, *, at: datetime) -> CreatedParcel:
        """Have a parcel's order taken. Raises UnfitForParcel, Refused."""
        ...

    async def ask(self, chain: Chain, trade_no: str, *, at: datetime) -> ParcelStanding:
        """How a parcel stands. Raises UnknownParcel, Refused."""
        ...


class Carrier(Creator, Protocol):
    """Whoever speaks for the chains. All calls raise NoAnswer and Paused."""

    @property
    def name(self) -> str:
        """What the address is called at which it tells."""
        ...

    @property
    def taken(self) -> Reply:
        """What it hears of a message that has been dealt with."""
        ...

    @property
    def not_genuine(self) -> Reply:
        """What it hears of any other; should our keys be wrong, it tells it again."""
        ...

    def read(self, body: bytes) -> StatusMessage:
        """Verify and read what its server posted. Raises ForgedMessage."""
        ...

    async def stores(self, chain: Chain, *, at: datetime) -> Sequence[ListedStore]:
        """All stores of a chain, as of the last evening. Raises Refused."""
        ...

    def store_map(
        self, chain: Chain, *, trade_no: str, returned: str, nonce: str, device: MapDevice
    ) -> BrowserForm:
        """The form that opens the chain's map. Raises UnfitForParcel."""
        ...

    def read_chosen(self, body: bytes) -> ChosenStore:
        """What the map sent back. Raises ForgedMessage if it is not even in form."""
        ...

    def label(self, parcels: Sequence[CreatedParcel]) -> BrowserForm:
        """The form that opens the page of labels. Raises ValueError if no page has them all."""
        ...

    async def fetch_labels(self, parcels: Sequence[CreatedParcel], *, at: datetime) -> bytes:
        """That page itself, HTML. Raises Refused."""
        ...

    async def change_store(self, parcel: CreatedParcel, *, store_code: str, at: datetime) -> None:
        """Send a parcel to another store of its chain. Raises Refused."""
        ...

    async def cancel(self, parcel: CreatedParcel, *, at: datetime) -> None:
        """Withdraw a parcel before it is handed in, where that can be done. Raises Refused."""
        ...
