"""What card agents hand over, and the chip's own data in it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Final, cast

from emask.database.vault import Keys
from emask.identity.cards import read_card
from emask.identity.service import Identity
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.identity.site_tokens import SiteTokens
from emask.rules.nhi_card import MalformedCard, parse_nhi_card
from emask.rules.people import normalise_id, normalise_nhi_card
from emask.rules.refusals import Refusal
from emask.sandbox.cards import card_evidence, card_record
from emask.sandbox.population import made_up_people

_NOON: Final = datetime(2020, 3, 12, 4, tzinfo=UTC)
_TOKENS: Final = SiteTokens(
    SiteKeys(Keys(identity=bytes(32), data=bytes(32), session=bytes(32))),
    Site(origin="http://localhost"),
)
_NESTED: Final = "[" * 5_000


def read_record(data: bytes) -> None:
    """The basic data of an NHI card."""
    try:
        card = parse_nhi_card(data)
    except MalformedCard:
        return
    assert normalise_id(card.id_number) == card.id_number
    assert normalise_nhi_card(card.card_number) == card.card_number


def read_evidence(data: bytes) -> None:
    """A form's field with an NHI card's evidence."""
    # Reading needs nothing of identity but the site's tokens.
    identity = cast("Identity", SimpleNamespace(tokens=_TOKENS))
    try:
        reading = read_card(identity, data.decode(errors="replace"), at=_NOON)
    except Refusal:
        return
    assert normalise_nhi_card(reading.data.card_number) == reading.data.card_number


def record_seeds() -> list[bytes]:
    return [card_record(person) for person in made_up_people(40)]


def evidence_seeds() -> list[bytes]:
    sound = [card_evidence(_TOKENS, person, at=_NOON) for person in made_up_people(4)]
    return [seed.encode() for seed in (*sound, _NESTED, f'{{"token":{_NESTED}', f'{{"a":{_NESTED}')]
