"""NHI cards: what the reader read against what the registry has."""

from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity import registry_queries
from emask.identity.decisions import check_card
from emask.identity.evidence import Evidence, refuse_used_evidence
from emask.identity.model import CardOnFile
from emask.identity.ports import CardReading
from emask.identity.registry import card_digest


async def card_of_reading(
    tx: Transaction, vault: Vault, reading: CardReading
) -> tuple[UUID, CardOnFile]:
    """The person whose card was read, and the card as the registry has it.

    Raises:
        EvidenceReplayed: this reading was accepted before.
        CardUnknown, CardInactive: by their names.
    """
    await refuse_used_evidence(tx, vault, Evidence.CARD, reading.evidence_id)
    person_id = vault.person_id(reading.id_number)
    card = check_card(
        await registry_queries.card_on_file(tx, person_id),
        card_number=card_digest(vault, reading.card_number),
        birth_date=reading.birth_date,
    )
    return person_id, card
