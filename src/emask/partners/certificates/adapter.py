"""The adapter: from a card's signature over our challenge to whom it speaks for."""

from datetime import datetime

import httpx2

from emask.identity.ports import CertificateReading
from emask.partners.certificates.chain import Chains
from emask.partners.certificates.directory import Directory
from emask.partners.certificates.holder import id_last_four
from emask.partners.certificates.revocation import Revocation
from emask.partners.certificates.signature import read_signature
from emask.partners.certificates.trust import Trust


class CitizenCertificates:
    """Verifies citizen certificates: `emask.identity.ports.Certificates`.

    The signature is read by a strict DER reader that knows one form only, and lenient readers
    see no byte that an accepted authority has not signed. Chains are judged by
    pyhanko-certvalidator; revocation is asked of the authorities' own directories, of every
    certificate below the root, and no answer means no.

    Args:
        trust: the accepted authorities and where their directories are.
        client: calls the directories.
    """

    def __init__(self, trust: Trust, client: httpx2.AsyncClient) -> None:
        self._chains = Chains(trust)
        self._revocation = Revocation(Directory(client, trust.directories))

    async def verify(self, evidence: str, *, challenge: str, at: datetime) -> CertificateReading:
        """As the port says."""
        signature = read_signature(evidence, challenge=challenge)
        certificate = self._chains.signer(signature)
        signature.check(certificate)
        links = await self._chains.links(certificate, at=at)
        reading = CertificateReading(
            issuer=certificate.issuer.rfc4514_string(),
            serial_number=f"{certificate.serial_number:x}",
            id_last_four=id_last_four(certificate),
        )
        await self._revocation.check(links, at=at)
        return reading
