"""Revocation: asked of every certificate of a chain, by OCSP and by revocation list.

Either one that says "revoked" is believed, either one that says "good" is enough; where neither
says anything that is in date, the certificate is not accepted.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from emask.partners.certificates.chain import Link
from emask.partners.certificates.directory import Directory
from emask.partners.certificates.ocsp import judge_answer, question
from emask.partners.certificates.revocation_list import list_in_date, look_up, read_list
from emask.partners.certificates.standing import Standing
from emask.partners.certificates.troubles import complain
from emask.rules.refusals import CertificateRevoked, RevocationUnknown

_KEPT: Final = 64
"""Revocation lists kept at once; an authority's are few, each for thousands of certificates."""


class Revocation:
    """Asks the authorities' directory; keeps revocation lists until the next ones are due."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._lists: dict[tuple[str, bytes], x509.CertificateRevocationList] = {}

    async def check(self, links: Sequence[Link], *, at: datetime) -> None:
        """Nothing in the chain is revoked at an instant, and each of it is known not to be.

        Raises:
            CertificateRevoked: one is.
            RevocationUnknown: nothing in date is said of one of them.
        """
        answers = await asyncio.gather(*(self._ask(link, at) for link in links))
        if any(Standing.REVOKED in said for said in answers):
            raise CertificateRevoked
        if not all(Standing.GOOD in said for said in answers):
            raise RevocationUnknown

    async def _ask(self, link: Link, at: datetime) -> Sequence[Standing | None]:
        return await asyncio.gather(
            *(self._by_ocsp(link, address, at) for address in _responders(link.certificate)),
            *(self._by_list(link, address, at) for address in _lists(link.certificate)),
        )

    async def _by_ocsp(self, link: Link, address: str, at: datetime) -> Standing | None:
        asked = question(link)
        answer = await self._directory.post(
            address, asked.public_bytes(Encoding.DER), content_type="application/ocsp-request"
        )
        return None if answer is None else judge_answer(answer, asked=asked, link=link, at=at)

    async def _by_list(self, link: Link, address: str, at: datetime) -> Standing | None:
        revoked = await self._list(link, address, at)
        if revoked is None:
            return None
        standing = look_up(revoked, link=link, address=address)
        if standing is None:
            complain("a revocation list has another scope")
        return standing

    async def _list(
        self, link: Link, address: str, at: datetime
    ) -> x509.CertificateRevocationList | None:
        key = (address, link.issuer.tbs_certificate_bytes)
        kept = self._lists.get(key)
        if kept is not None and list_in_date(kept, at=at):
            return kept
        der = await self._directory.get(address)
        if der is None:
            return None
        fetched = read_list(der, link.issuer)
        if fetched is None:
            complain("a revocation list is not its authority's")
            return None
        if not list_in_date(fetched, at=at):
            complain("a revocation list is out of date")
            return None
        self._lists.pop(key, None)
        while len(self._lists) >= _KEPT:
            del self._lists[next(iter(self._lists))]
        self._lists[key] = fetched
        return fetched


def _responders(certificate: x509.Certificate) -> Iterator[str]:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.AuthorityInformationAccess):
            yield from _addresses(
                access.access_location
                for access in extension.value
                if access.access_method == AuthorityInformationAccessOID.OCSP
            )


def _lists(certificate: x509.Certificate) -> Iterator[str]:
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.CRLDistributionPoints):
            for point in extension.value:
                yield from _addresses(point.full_name or ())


def _addresses(names: Iterable[x509.GeneralName]) -> Iterator[str]:
    return (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
