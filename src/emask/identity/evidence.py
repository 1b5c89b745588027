"""Evidence is good once: what was accepted is noted, and refused when it comes again."""

from datetime import datetime
from enum import StrEnum

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity import queries
from emask.rules.refusals import EvidenceReplayed


class Evidence(StrEnum):
    """Whose identifiers an evidence id belongs to; two kinds may use the same ones."""

    CARD = "card"
    CHALLENGE = "challenge"
    LINE = "line"
    PASSKEY = "passkey"
    PERMIT = "permit"


async def accept_evidence(
    tx: Transaction, vault: Vault, kind: Evidence, evidence_id: str, *, at: datetime
) -> None:
    """Use up evidence in the transaction of what it opens. Raises EvidenceReplayed."""
    if not await queries.use_evidence(tx, _digest(vault, kind, evidence_id), at=at):
        raise EvidenceReplayed


async def refuse_used_evidence(
    tx: Transaction, vault: Vault, kind: Evidence, evidence_id: str
) -> None:
    """Raises EvidenceReplayed before a guess is even counted."""
    if await queries.evidence_used(tx, _digest(vault, kind, evidence_id)):
        raise EvidenceReplayed


def _digest(vault: Vault, kind: Evidence, evidence_id: str) -> bytes:
    return vault.digest(f"{kind} evidence", evidence_id)
