"""What the checks work with: an implementation under test, and one chain of it at a time."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

import httpx2

from emask.database.clock import Clock
from emask.delivery.ports import ParcelOrder
from emask.partners.ecpay.calls import read_answer
from emask.partners.ecpay.mac import FIELD, Digest, is_genuine
from emask.partners.ecpay.wire import FORM_TYPE, form_body
from emask.partners.logistics.calls import QUERY, sign
from emask.partners.logistics.creation import creation_fields
from emask.partners.logistics.kinds import SUB_TYPES, Account, Logistics, SubType
from emask.rounds.model import Chain

_NOWHERE: Final = "https://invalid.invalid/parcels"
_LONGEST_SAID: Final = 80


class Outcome(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found at one chain; `reason` is empty if it passed."""

    chain: Chain
    check: str
    outcome: Outcome
    reason: str


class Failed(Exception):
    """The implementation is not as it has to be; the message says in what."""


class NotTried(Exception):
    """The check cannot be made here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One call of the implementation's server to ours."""

    content_type: str
    body: bytes


class Ear(Protocol):
    """Where the implementation tells of its parcels."""

    @property
    def url(self) -> str:
        """What is given to it as ServerReplyURL."""
        ...

    async def heard(self, trade_no: str) -> Sequence[Heard]:
        """All that was told so far, once that parcel is among it or there is no more time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An implementation under test.

    Args:
        logistics: the two accounts that it knows, and where it is.
        client: what it is called with.
        clock: the time that it lives by.
        stores: one store of each chain to try, by the code of our own list.
        ear: where it tells; without one, that is not tried.
    """

    logistics: Logistics
    client: httpx2.AsyncClient
    clock: Clock
    stores: Mapping[Chain, str]
    ear: Ear | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer as it came."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_refusal(self) -> bool:
        return self.body.startswith(b"0|")

    def __str__(self) -> str:
        text = self.body.decode(errors="replace")[:_LONGEST_SAID]
        return f"status {self.status}, {text!r}"


@dataclass
class Bench:
    """One chain of the subject; `parcel` are the fields that its first parcel came back with."""

    subject: Subject
    chain: Chain
    parcel: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> SubType:
        return SUB_TYPES[self.chain]

    @property
    def account(self) -> Account:
        return self.subject.logistics.account_for(self.kind)

    @property
    def other_account(self) -> Account:
        logistics = self.subject.logistics
        return logistics.b2c if self.account is logistics.c2c else logistics.c2c

    def created(self) -> dict[str, str]:
        """The fields of the parcel that the first check has created. Raises NotTried."""
        if not self.parcel:
            raise NotTried("no parcel was created")
        return self.parcel

    async def now(self) -> datetime:
        return await self.subject.clock.now()

    async def new_parcel(self) -> dict[str, str]:
        """The fields of a parcel with a number that has never been used, signed."""
        order = ParcelOrder(
            trade_no=f"EK{secrets.token_hex(9).upper()}",
            chain=self.chain,
            store_code=self.subject.stores[self.chain],
            amount=22,
            goods="測試口罩",
            receiver_name="測試員",
            receiver_mobile="0900000000",
            told=self.subject.ear.url if self.subject.ear else _NOWHERE,
        )
        return creation_fields(self.subject.logistics, order, at=await self.now())

    def signed(self, fields: Mapping[str, str], **changed: str) -> dict[str, str]:
        """The fields with some changed, and signed anew."""
        kept = {name: value for name, value in fields.items() if name != FIELD}
        return sign(kept | changed, self.account)

    async def post(self, call: str, fields: Mapping[str, str]) -> Said:
        """What it answers to a form. Raises Failed if it does not."""
        url = f"{self.subject.logistics.base}{call}"
        try:
            response = await self.subject.client.post(
                url,
                content=form_body(fields),
                headers={"content-type": FORM_TYPE},
                follow_redirects=False,
                timeout=self.subject.logistics.call_seconds,
            )
        except httpx2.HTTPError as error:
            raise Failed(f"{call} is not answered: {type(error).__name__}") from None
        content_type = response.headers.get("content-type", "")
        return Said(status=response.status_code, content_type=content_type, body=response.content)

    async def ask(self, **changed: str) -> Said:
        """What it answers to a question about a parcel."""
        stamp = str(int((await self.now()).timestamp()))
        return await self.post(QUERY, self.signed({"TimeStamp": stamp}, **changed))

    def read(self, body: bytes) -> dict[str, str]:
        """The fields of a signed answer. Raises Failed."""
        try:
            fields = read_answer(body)
        except ValueError:
            raise Failed("the answer is not UTF-8, or has a field twice") from None
        if FIELD not in fields:
            raise Failed("the answer has no CheckMacValue")
        if not is_genuine(fields, self.account.keys, Digest.MD5):
            raise Failed("the CheckMacValue is not MD5 over all fields as sent, empty ones too")
        return fields


def refused(said: Said, what: str) -> None:
    """Make sure that it was. Raises Failed."""
    if not said.is_refusal:
        raise Failed(f"{what} is not refused with 0|… but answered with {said}")


def same(fields: Mapping[str, str], name: str, expected: str) -> None:
    """Make sure that a field says what it has to. Raises Failed."""
    if fields.get(name) != expected:
        raise Failed(f"{name} is {fields.get(name)!r}, not {expected!r}")
