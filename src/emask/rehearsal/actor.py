"""The people of a rehearsal."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from emask.database.vault import Vault
from emask.identity.model import NewPerson
from emask.rehearsal.plan import CHILDREN_PER_THOUSAND, FOREIGNERS_PER_THOUSAND, Fate, Plan
from emask.rules.calendar import Channel
from emask.sandbox.population import made_up_people


@dataclass(slots=True)
class Actor:
    """One made-up person and what has become of them; by round id where rounds differ."""

    serial: int
    person: NewPerson
    person_id: UUID
    channel: Channel
    submissions: dict[str, UUID] = field(default_factory=dict)
    trades: dict[str, str] = field(default_factory=dict)


def cast(plan: Plan, vault: Vault, *, worker: int, workers: int) -> Iterator[Actor]:
    """The actors of one of several workers: every so-manieth person of the same population."""
    fate = Fate(plan.seed)
    people = made_up_people(
        plan.people,
        seed=plan.seed,
        foreigners_per_thousand=FOREIGNERS_PER_THOUSAND,
        children_per_thousand=CHILDREN_PER_THOUSAND,
    )
    for serial, person in islice(enumerate(people), worker, None, workers):
        yield Actor(
            serial=serial,
            person=person,
            person_id=vault.person_id(person.id_number),
            channel=_channel(fate.share(serial, "channel")),
        )


def _channel(share: float) -> Channel:
    if share < _BY_PHONE:
        return Channel.MOBILE
    return Channel.COMPUTER if share < _BY_PHONE + _BY_COMPUTER else Channel.COUNTER


_BY_PHONE = 0.6
_BY_COMPUTER = 0.37
