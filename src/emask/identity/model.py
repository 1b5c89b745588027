"""People, staff and their sessions."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from emask.rules.calendar import Channel, Language
from emask.rules.people import Residency


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the rules need to know of a person; nothing that tells who it is."""

    person_id: UUID
    birth_date: date
    residency: Residency


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """An entry of the NHI registry: all numbers in their normal form (`rules.people`)."""

    id_number: str
    name: str
    birth_date: date
    mobile: str | None
    nhi_card: str
    household_number: str
    language: Language = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOnFile:
    """A person's NHI card as the registry has it; both numbers as keyed digests."""

    card_number: bytes
    household_number: bytes
    birth_date: date
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A person signed in; the channel decides the ways to pay (B14).

    It ends with its id, or with every session of the person that is of its generation or earlier.
    One at an office names the officer's account, and opens nothing where they are not signed in.
    """

    person_id: UUID
    channel: Channel
    session_id: str
    generation: int = 0
    issued_at: datetime
    expires_at: datetime
    officer: str = ""


class StaffRole(StrEnum):
    """What an account of staff is for."""

    PHARMACIST = "pharmacist"
    CLERK = "clerk"
    KIOSK = "kiosk"
    OFFICER = "officer"
    CENTRE = "centre"
    OPERATOR = "operator"
    HOTLINE = "hotline"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSession:
    """A member of staff signed in.

    A pharmacist belongs to a counter site, a clerk and a kiosk to a store of a chain, somebody of a
    logistics centre to a chain; officers, operators and the hotline belong to no place. It ends as
    a person's does. A kiosk is a machine that people use by themselves: it may do nothing but print
    slips.
    """

    username: str
    role: StaffRole
    site_code: str | None
    chain: str | None
    store_code: str | None
    session_id: str = ""
    generation: int = 0
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCode:
    """What a computer shows and a phone takes once (A14)."""

    digits: str
    expires_at: datetime
