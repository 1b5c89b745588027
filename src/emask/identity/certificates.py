"""Citizen digital certificates: our challenge, and what the signature over it shows."""

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.identity.decisions import check_certificate_holder
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.ports import CertificateReading
from emask.identity.registry import id_number_of
from emask.identity.service import Identity
from emask.rules.refusals import CertificateInvalid, EvidenceReplayed

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)


async def new_challenge(identity: Identity) -> str:
    """A challenge for a certificate to sign: made by us, good once, for `CHALLENGE_LIFETIME`."""
    expires_at = await identity.clock.now() + CHALLENGE_LIFETIME
    body = f"{int(expires_at.timestamp())}.{secrets.token_urlsafe(16)}"
    return f"{body}.{_mac(identity.vault, body)}"


def check_challenge(vault: Vault, challenge: str, *, at: datetime) -> None:
    """Raises CertificateInvalid if we did not make it, EvidenceReplayed if it is over."""
    body, _, mac = challenge.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(vault, body).encode()):
        raise CertificateInvalid
    if at.timestamp() >= int(body.partition(".")[0]):
        raise EvidenceReplayed


async def verified_certificate(
    identity: Identity, *, evidence: str, challenge: str, at: datetime
) -> CertificateReading:
    """The certificate that signed our challenge; raises as `ports.Certificates.verify` does."""
    check_challenge(identity.vault, challenge, at=at)
    return await identity.partners.certificates.verify(evidence, challenge=challenge, at=at)


def serial_digest(vault: Vault, certificate: CertificateReading) -> bytes:
    """What a certificate is bound by; serial numbers are unique within their issuer."""
    return vault.digest("certificate", f"{certificate.issuer}\0{certificate.serial_number}")


async def accept_certificate(
    tx: Transaction,
    vault: Vault,
    certificate: CertificateReading,
    *,
    challenge: str,
    person_id: UUID,
    at: datetime,
) -> None:
    """The certificate names this person, and neither it nor the challenge was used before."""
    check_certificate_holder(certificate.id_last_four, await id_number_of(tx, vault, person_id))
    await accept_evidence(tx, vault, Evidence.CHALLENGE, challenge, at=at)
    await accept_evidence(tx, vault, Evidence.CERTIFICATE, certificate.evidence_id, at=at)


def _mac(vault: Vault, body: str) -> str:
    return vault.digest("challenge", body).hex()
