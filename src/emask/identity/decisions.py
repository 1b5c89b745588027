"""Every way in, decided on facts alone (A1-A15). Each function returns, or raises the refusal."""

import hmac
from datetime import date
from typing import Final
from uuid import UUID

from emask.identity.model import CardOnFile, Session
from emask.identity.ports import Contract, LineFacts, Match
from emask.rules.calendar import Channel
from emask.rules.people import Document, InvalidEntry, Residency
from emask.rules.refusals import (
    CardInactive,
    CardUnknown,
    CertificateInvalid,
    CertificateNotBound,
    CompanyLine,
    ComputerOnly,
    DocumentsMissing,
    LineUnknown,
    LineUnproven,
    NationalsOnly,
    NotOnMobileNetwork,
    NotOwnNumber,
    NotRegistered,
    PrepaidLine,
)

HOUSEHOLD_CERTIFICATE: Final = "household_certificate"
"""Shown at NHI offices beside the documents of `rules.people.Document`."""

_OFFICE_DOCUMENTS: Final = {
    Residency.NATIONAL: (Document.NHI_CARD, Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE),
    Residency.FOREIGN: (Document.NHI_CARD, Document.RESIDENCE_PERMIT),
}


def check_national(residency: Residency) -> None:
    """A5: mobile numbers and citizen certificates are for nationals; told before they try."""
    if residency is not Residency.NATIONAL:
        raise NationalsOnly


def check_line(line: LineFacts) -> None:
    """A2, A4, A8, A10: network, line in service, prepaid, company, ownership, in this order.

    Nationality comes before all of them: `check_national`, before the operator is asked. What the
    operator leaves open proves nothing.
    """
    if not line.on_mobile_network:
        raise NotOnMobileNetwork
    if not line.known:
        raise LineUnknown
    if line.contract is Contract.PREPAID:
        raise PrepaidLine
    if line.contract is Contract.COMPANY:
        raise CompanyLine
    if not line.number_matches or line.owner is Match.NO:
        raise NotOwnNumber
    if line.contract is not Contract.MONTHLY or line.owner is not Match.YES:
        raise LineUnproven


def check_handset_owner(owner: UUID, person_id: UUID) -> None:
    """A13: a handset that is one person's own by its number cannot be another's."""
    if owner != person_id:
        raise NotOwnNumber


def check_card(on_file: CardOnFile | None, *, card_number: bytes, birth_date: date) -> CardOnFile:
    """The card that was read is the person's card in the registry, and in use.

    Args:
        on_file: the card of the person whose ID number was read.
        card_number: keyed digest of the number that was read.
        birth_date: as it was read.
    """
    if on_file is None or birth_date != on_file.birth_date:
        raise CardUnknown
    if not hmac.compare_digest(card_number, on_file.card_number):
        raise CardUnknown
    if not on_file.active:
        raise CardInactive
    return on_file


def check_card_owner(on_file: CardOnFile, *, printed_number: bytes, household: bytes) -> None:
    """A1.1-2, A9: what registering with a card asks for beside the card; keyed digests."""
    if not hmac.compare_digest(printed_number, on_file.card_number):
        raise CardUnknown
    if not hmac.compare_digest(household, on_file.household_number):
        raise InvalidEntry("household_number", "not_on_record")


def check_registered(password_hash: str | None) -> str:
    """The hash to verify against; who registered without a password has yet to set one."""
    if password_hash is None:
        raise NotRegistered
    return password_hash


def check_certificate_holder(id_last_four: str, id_number: str) -> None:
    """The certificate names the last four characters of its holder's ID number."""
    if not hmac.compare_digest(id_last_four.encode(), id_number[-4:].encode()):
        raise CertificateInvalid


def check_certificate_bound(bound_to: UUID | None) -> UUID:
    """The person whom the certificate's serial number is bound to."""
    if bound_to is None:
        raise CertificateNotBound
    return bound_to


def check_certificate_owner(bound_to: UUID, person_id: UUID) -> None:
    """A certificate that is one person's cannot be bound to another."""
    if bound_to != person_id:
        raise CertificateNotBound


def check_device_code_channel(session: Session) -> None:
    """A14: device codes are made on the computer."""
    if session.channel is not Channel.COMPUTER:
        raise ComputerOnly


def check_office_documents(
    residency: Residency, shown: frozenset[str], *, waived_reason: str | None
) -> None:
    """A1.1-3, A7: what an NHI office has to see.

    The household certificate may be waived, with a reason: A7 does not name it.
    """
    missing = [document for document in _OFFICE_DOCUMENTS[residency] if document not in shown]
    if (waived_reason or "").strip() and HOUSEHOLD_CERTIFICATE in missing:
        missing.remove(HOUSEHOLD_CERTIFICATE)
    if missing:
        raise DocumentsMissing(missing=tuple(missing))
