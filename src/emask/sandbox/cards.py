"""Made-up NHI cards: what their chips hold, and what a card agent would make of it."""

import json
from base64 import b64encode
from datetime import date, datetime
from typing import Final

from emask.identity.model import NewPerson
from emask.identity.site_tokens import Purpose, SiteTokens

_ISSUED_ON: Final = date(2019, 1, 1)
_NAME_BYTES: Final = 20
_ROC_OFFSET: Final = 1911


def card_record(person: NewPerson, *, card_number: str | None = None) -> bytes:
    """The 57 bytes of a person's card; another number makes it another card."""
    return b"".join(
        (
            (card_number or person.nhi_card).encode("ascii"),
            _name(person.name),
            person.id_number.encode("ascii"),
            _roc(person.birth_date),
            b"F" if person.id_number[1] in "29BD" else b"M",
            _roc(_ISSUED_ON),
        )
    )


def card_evidence(
    tokens: SiteTokens, person: NewPerson, *, at: datetime, card_number: str | None = None
) -> str:
    """What the agent hands over for the person's card in the reader."""
    token = tokens.issue(Purpose.READ, now=at)
    return evidence_of(token, card_record(person, card_number=card_number))


def evidence_of(token: str, record: bytes) -> str:
    """A reading as the agent writes it."""
    return json.dumps({"token": token, "record": b64encode(record).decode()})


def _name(name: str) -> bytes:
    """Cut at whole characters; what the chip's code lacks becomes a substitute."""
    written = b""
    for letter in name:
        more = letter.encode("big5hkscs", errors="replace")
        if len(written) + len(more) > _NAME_BYTES:
            break
        written += more
    return written.ljust(_NAME_BYTES, b"\0")


def _roc(day: date) -> bytes:
    return f"{day.year - _ROC_OFFSET:03}{day:%m%d}".encode()
