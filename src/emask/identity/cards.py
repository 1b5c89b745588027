"""NHI cards: what the reader read against what the registry has."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity import registry_queries
from emask.identity.decisions import check_card
from emask.identity.evidence import Evidence, refuse_used_evidence
from emask.identity.model import CardOnFile
from emask.identity.registry import card_digest
from emask.identity.service import Identity
from emask.identity.site_tokens import Purpose
from emask.rules.nhi_card import MalformedCard, NhiCardData, parse_nhi_card
from emask.rules.refusals import CardMalformed, EvidenceAltered


class CardEvidence(msgspec.Struct, frozen=True):
    """What a card agent hands over: our token, and the card's 57 bytes in base64."""

    token: str
    record: str


_EVIDENCE: Final = msgspec.json.Decoder(CardEvidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReading:
    """A card read for this site just now."""

    data: NhiCardData
    evidence_id: str


def read_card(identity: Identity, evidence: str, *, at: datetime) -> CardReading:
    """What the agent read.

    It shows that the card was at hand, no more: anybody may have copied the data, so no way in
    rests on it alone.

    Raises:
        EvidenceAltered, EvidenceForeignOrigin, EvidenceExpired: about the token.
        CardMalformed: what was read is not the data of an NHI card.
    """
    try:
        given = _EVIDENCE.decode(evidence)
    except (msgspec.MsgspecError, RecursionError, ValueError):  # RecursionError: deeply nested
        raise EvidenceAltered from None
    token_id = identity.tokens.read(given.token, Purpose.READ, now=at)
    try:
        data = parse_nhi_card(b64decode(given.record, validate=True))
    except (MalformedCard, ValueError):
        raise CardMalformed from None
    return CardReading(data=data, evidence_id=token_id)


def source_of(identity: Identity, reading: CardReading) -> bytes:
    """What wrong guesses with a card are counted by, whether the registry knows it or not."""
    return card_digest(identity.vault, reading.data.card_number)


async def card_of_reading(
    tx: Transaction, vault: Vault, reading: CardReading
) -> tuple[UUID, CardOnFile]:
    """The person whose card was read, and the card as the registry has it.

    Raises:
        EvidenceReplayed: this reading was accepted before.
        CardUnknown, CardInactive: by their names.
    """
    await refuse_used_evidence(tx, vault, Evidence.CARD, reading.evidence_id)
    person_id = vault.person_id(reading.data.id_number)
    card = check_card(
        await registry_queries.card_on_file(tx, person_id),
        card_number=card_digest(vault, reading.data.card_number),
        birth_date=reading.data.birth_date,
    )
    return person_id, card
