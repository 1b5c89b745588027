"""The people of a scenario: made up from what its steps say of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from uuid import UUID

from emask.counter.model import Sale
from emask.identity.model import NewPerson
from emask.rules.calendar import Channel
from emask.rules.people import Residency, last_digit, make_national_id, make_residence_id
from emask.sandbox.visitor import Visitor

_FIRST_SERIAL = 40_000_000  # far from the made-up crowd's


@dataclass(slots=True, kw_only=True)
class Citizen:
    """A named person of a scenario.

    `person_id` is there once the registry has the person; what changes the ID number comes
    before. `round_id` is the round of the person's last act. Of the messages to the person the
    scenario has `seen` so many, those from `looked_from` on at the act `looked_at_act`.
    """

    visitor: Visitor
    person_id: UUID | None = None
    token: str | None = None
    channel: Channel | None = None
    trade_no: str | None = None
    sale: Sale | None = None
    round_id: str | None = None
    seen: int = 0
    looked_from: int = 0
    looked_at_act: int = -1

    @property
    def person(self) -> NewPerson:
        """The identity behind the name."""
        return self.visitor.person

    @property
    def mobile(self) -> str:
        """The number for notices."""
        return self.person.mobile or ""


@dataclass(slots=True)
class Birth:
    """Gives every citizen of one scenario a valid, made-up identity of their own."""

    _serials: Iterator[int] = field(default_factory=lambda: count(_FIRST_SERIAL))

    def of(self, name: str, *, born: date, residency: Residency, digit: int | None) -> NewPerson:
        """A new identity; `digit` asks for the last one of the ID number."""
        serial = next(self._serials)
        if residency is Residency.NATIONAL:
            id_number = make_national_id(serial, last_digit=digit)
        else:
            id_number = self._residence_id(digit)
        return NewPerson(
            id_number=id_number,
            name=name,
            birth_date=born,
            mobile=f"09{serial:08}",
            nhi_card=f"{serial:012}",
            household_number=f"F{serial % 10**7:07}",
        )

    def _residence_id(self, digit: int | None) -> str:
        numbers = (make_residence_id(serial) for serial in self._serials)
        return next(number for number in numbers if digit is None or last_digit(number) == digit)
