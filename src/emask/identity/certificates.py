"""Citizen digital certificates: our challenge, and what the signature over it shows."""

from datetime import datetime
from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity.decisions import check_certificate_holder
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.ports import CertificateReading
from emask.identity.registry import id_number_of
from emask.identity.service import Identity
from emask.identity.site_tokens import Purpose


async def new_challenge(identity: Identity) -> str:
    """A challenge for a certificate to sign: made by us, good once, for minutes."""
    return identity.tokens.issue(Purpose.SIGN, now=await identity.clock.now())


async def verified_certificate(
    identity: Identity, *, evidence: str, challenge: str, at: datetime
) -> tuple[CertificateReading, str]:
    """The certificate that signed our challenge, and the challenge's id.

    Raises:
        EvidenceAltered, EvidenceForeignOrigin, EvidenceExpired: about the challenge.
        Others: as `ports.Certificates.verify`.
    """
    challenge_id = identity.tokens.read(challenge, Purpose.SIGN, now=at)
    reading = await identity.partners.certificates.verify(evidence, challenge=challenge, at=at)
    return reading, challenge_id


def serial_digest(vault: Vault, certificate: CertificateReading) -> bytes:
    """What a certificate is bound by; serial numbers are unique within their issuer."""
    return vault.digest("certificate", f"{certificate.issuer}\0{certificate.serial_number}")


async def accept_certificate(
    tx: Transaction,
    vault: Vault,
    certificate: CertificateReading,
    *,
    challenge_id: str,
    person_id: UUID,
    at: datetime,
) -> None:
    """The certificate names this person, and the challenge was not answered before."""
    check_certificate_holder(certificate.id_last_four, await id_number_of(tx, vault, person_id))
    await accept_evidence(tx, vault, Evidence.CHALLENGE, challenge_id, at=at)
