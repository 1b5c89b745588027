"""What identity asks of the outside, and the answers that come back."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateReading:
    """A citizen certificate whose signature over our challenge was verified."""

    issuer: str
    serial_number: str
    id_last_four: str


class Certificates(Protocol):
    """Citizen digital certificates: signature, chain and revocation."""

    async def verify(self, evidence: str, *, challenge: str, at: datetime) -> CertificateReading:
        """Verify a signature over `challenge`.

        Args:
            evidence: a detached CMS signature, DER in base64, over the bytes of `challenge`.
            challenge: what was to be signed, as it was issued.
            at: the instant at which chain and revocation are judged.

        Raises:
            CertificateInvalid: not a signature of a citizen certificate over this challenge.
            CertificateExpired, CertificateRevoked, CertificateUntrusted: by their names.
            RevocationUnknown: neither list nor OCSP says anything that is in date.
        """
        ...


class Contract(StrEnum):
    """How a line is paid, as the operator says."""

    MONTHLY = "monthly"
    PREPAID = "prepaid"
    COMPANY = "company"
    UNKNOWN = "unknown"


class Match(StrEnum):
    """Whether the operator's record agrees with ours."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What the operator says of the SIM in use (A2, A4).

    A line that is lost or ended is not `known`. `number_matches`: the SIM in use has the number
    that was asked about. `owner`: it is registered to the ID number and birth date.
    `evidence_id` is the authorisation's own, by which a second use is noticed.
    """

    on_mobile_network: bool
    known: bool
    contract: Contract
    number_matches: bool
    owner: Match
    evidence_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """Whose line it should be; `mobile` as 09 and eight digits, all in their normal form."""

    mobile: str
    id_number: str
    birth_date: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What an authorisation is begun with and has to come back to: all random but the address."""

    redirect_uri: str
    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the operator sent the phone back with: a code, or the name of an error."""

    code: str
    error: str


class MobileOperator(Protocol):
    """The operator that knows the SIM from its own data path; it never sends a code (A12)."""

    async def authorisation_url(self, departure: Departure) -> str:
        """Where the phone goes, over its mobile data, to be recognised by the network.

        Raises:
            OperatorUnreachable: by its name.
        """
        ...

    async def line(
        self, returned: Return, *, departure: Departure, subscriber: Subscriber, at: datetime
    ) -> LineFacts:
        """Ask about the line in use, and whether it is the subscriber's.

        A phone that the network did not recognise is not on it; what was not asked for that
        reason is answered by False and UNKNOWN.

        Raises:
            EvidenceReplayed: the code was used before.
            EvidenceAltered: the operator's token is not for us, or not for this departure.
            OperatorUnreachable: no answer, or none in the agreed form.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityPartners:
    """Everything outside that proves who somebody is."""

    certificates: Certificates
    operator: MobileOperator
