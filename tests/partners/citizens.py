"""A citizen's certificate on its card, the directory behind it, and the adapter that asks."""

import asyncio
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.ports import CertificateReading
from emask.partners.certificates import CitizenCertificates
from emask.rules.refusals import Refusal
from emask.sandbox import certificates, mischief
from emask.sandbox.certificates import Authority, Condition, SandboxCertificates, create_directory
from emask.sandbox.certificates.authority import Signer
from emask.sandbox.certificates.condition import CITIZENS
from emask.sandbox.certificates.profile import (
    Period,
    certificate,
    id_digits,
    list_at,
    named,
    ocsp_at,
    usage,
)
from emask.sandbox.certificates.signing import signed_message
from emask.sandbox.mischief import Mischief
from emask.sandbox.wire import Wire

BASE: Final = "http://127.0.0.1:8010"
HOLDER: Final = "A123456789"
CHALLENGE: Final = "eyJhbGciOiJFZERTQSJ9.a-challenge.of-ours"

Extensions = Sequence[tuple[x509.ExtensionType, bool]]


class Overheard(httpx2.AsyncBaseTransport):
    """Keeps which addresses were called; answers 404 where nobody is."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.called: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.called.append(str(request.url))
        return await self._inner.handle_async_request(request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizens:
    """The sandbox's certificates and the adapter, in one process."""

    clock: SetClock
    authority: Authority
    cards: SandboxCertificates
    mischief: Mischief
    overheard: Overheard
    client: httpx2.AsyncClient
    adapter: CitizenCertificates

    @classmethod
    async def open(cls, db: Database, clock: SetClock, keys: Keys) -> "Citizens":
        async with db.transaction() as tx:
            await tx.execute("CREATE SCHEMA IF NOT EXISTS sandbox")
            await tx.execute(certificates.TABLES)
            await tx.execute(mischief.TABLES)
        authority = Authority(keys, BASE)
        faults = Mischief(db)
        wire = Wire({"/ca": create_directory(authority, db, clock, faults)})
        overheard = Overheard(httpx2.ASGITransport(wire))
        client = httpx2.AsyncClient(transport=overheard)
        return cls(
            clock=clock,
            authority=authority,
            cards=SandboxCertificates(authority, db),
            mischief=faults,
            overheard=overheard,
            client=client,
            adapter=CitizenCertificates(authority.trust(), client),
        )

    async def sign(self, challenge: str = CHALLENGE) -> str:
        return await self.cards.sign(
            id_number=HOLDER,
            pin=certificates.PIN,
            challenge=challenge,
            at=await self.clock.now(),
        )

    async def verify(self, evidence: str, challenge: str = CHALLENGE) -> CertificateReading:
        return await self.adapter.verify(evidence, challenge=challenge, at=await self.clock.now())

    async def become(self, condition: Condition) -> None:
        await self.cards.set_condition(id_number=HOLDER, condition=condition)

    async def wrong(self, *kinds: str) -> None:
        for kind in kinds:
            await self.mischief.begin("ca", kind)


async def refusal(citizens: Citizens, evidence: str, challenge: str = CHALLENGE) -> str:
    """The code that evidence is refused with; empty if it is not."""
    try:
        await citizens.verify(evidence, challenge)
    except Refusal as refused:
        return refused.code
    return ""


def citizen_extensions(
    *,
    directory: str = f"{BASE}/ca/",
    purposes: Sequence[str] = ("digital_signature",),
    last_four: x509.ExtensionType | None = None,
) -> list[tuple[x509.ExtensionType, bool]]:
    """Those of a citizen's certificate, changed in what is given."""
    return [
        (usage(*purposes), True),
        (list_at(f"{directory}moica.crl"), False),
        (ocsp_at(f"{directory}ocsp"), False),
        (last_four or id_digits("6789"), False),
    ]


def issued(
    by: Signer,
    key: RSAPrivateKey,
    *,
    extensions: Extensions | None = None,
    period: Period = CITIZENS,
    serial_number: int = 77,
) -> x509.Certificate:
    """A certificate that an authority of the sandbox has signed, and never would issue."""
    return certificate(
        named("Somebody", serial_number="77"),
        key.public_key(),
        issuer=by.certificate.subject,
        issuer_key=by.key,
        serial_number=serial_number,
        period=period,
        extensions=citizen_extensions() if extensions is None else extensions,
    )


def evidence_of(
    holder: x509.Certificate, key: RSAPrivateKey, *, at: datetime, challenge: str = CHALLENGE
) -> str:
    """What a card with this certificate signs."""
    message = signed_message(challenge.encode(), key=key, certificates=[holder], at=at)
    return b64encode(message).decode()


async def openssl(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run OpenSSL's own tool, another implementation than all of ours."""
    program = shutil.which("openssl") or "openssl"
    return await asyncio.to_thread(
        subprocess.run, [program, *arguments], input=stdin, capture_output=True, check=False
    )


def pem_of(folder: Path, name: str, holder: x509.Certificate, key: RSAPrivateKey) -> Path:
    """A file with a certificate and its key."""
    path = folder / f"{name}.pem"
    path.write_bytes(
        holder.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path
