"""One's own monthly number on one's own phone (A1.1-1, A2, A10, A12, A13).

The phone goes to the operator over its mobile data and comes back; the operator is asked about
the line; what it says becomes a permit to bind this phone. No code is ever sent (A12).
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from emask.identity.binding import BindingPermit, BoundBy, handset_digest
from emask.identity.decisions import check_handset_owner, check_line, check_national
from emask.identity.device_queries import own_handset_of
from emask.identity.evidence import Evidence, accept_evidence
from emask.identity.permits import Permit, expiry, new_permit_id, open_permit, seal_permit
from emask.identity.ports import Departure, Return, Subscriber
from emask.identity.registry import person_by_id_number
from emask.identity.service import Identity
from emask.rules.people import normalise_id, normalise_mobile, residency_of
from emask.rules.refusals import EvidenceAltered, NotRegistered

CALLBACK: Final = "/identify/mobile/return"
"""Where the operator sends the phone back to, registered with it."""


class DeparturePermit(Permit, frozen=True, kw_only=True):
    """Who set out to be recognised, and what the answer has to bring along."""

    id_number: str
    mobile: str
    redirect_uri: str
    state: str
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOut:
    """Where the phone goes, and the permit that it comes back with."""

    url: str
    permit: str


async def set_out_with_own_number(identity: Identity, *, id_number: str, mobile: str) -> SetOut:
    """Send the phone to its operator.

    Args:
        identity: what the use cases act with.
        id_number: as typed.
        mobile: the number of the SIM in the phone, as typed.

    Raises:
        InvalidEntry: a number cannot be one.
        NationalsOnly: told before the operator is asked (A5).
        OperatorUnreachable: by its name.
    """
    id_number, mobile = normalise_id(id_number), normalise_mobile(mobile)
    check_national(residency_of(id_number))
    now = await identity.clock.now()
    permit = DeparturePermit(
        permit_id=new_permit_id(),
        expires_at=expiry(now),
        id_number=id_number,
        mobile=mobile,
        redirect_uri=identity.site.address(CALLBACK),
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        code_verifier=secrets.token_urlsafe(48),
    )
    url = await identity.partners.operator.authorisation_url(_departure(permit))
    return SetOut(url=url, permit=seal_permit(identity.vault, permit))


async def return_with_own_number(
    identity: Identity, *, permit: str, state: str, returned: Return, handset: str
) -> BindingPermit:
    """Ask the operator about the line that the phone came back with; a permit to bind the phone.

    Args:
        identity: what the use cases act with.
        permit: from `set_out_with_own_number`.
        state: as the phone brought it back.
        returned: what else it brought.
        handset: tells this phone's browser apart.

    Raises:
        EvidenceAltered, EvidenceExpired, EvidenceReplayed: about permit, state or code.
        NotOnMobileNetwork, LineUnknown, PrepaidLine, CompanyLine, NotOwnNumber: in this order.
        LineUnproven, OperatorUnreachable: the operator does not say enough, or nothing.
        NotRegistered: the registry does not know the owner of the line.
    """
    now = await identity.clock.now()
    departed = open_permit(identity.vault, DeparturePermit, permit, at=now)
    if not hmac.compare_digest(departed.state.encode(), state.encode()):
        raise EvidenceAltered
    person_id, birth_date = await _registered(identity, departed.id_number)
    line = await identity.partners.operator.line(
        returned,
        departure=_departure(departed),
        subscriber=Subscriber(
            mobile=departed.mobile, id_number=departed.id_number, birth_date=birth_date
        ),
        at=now,
    )
    check_line(line)
    if person_id is None:
        raise NotRegistered
    async with identity.db.transaction() as tx:
        await accept_evidence(tx, identity.vault, Evidence.LINE, line.evidence_id, at=now)
        owner = await own_handset_of(tx, handset_digest(identity.vault, handset))
    check_handset_owner(owner or person_id, person_id)
    return BindingPermit(
        permit_id=new_permit_id(),
        expires_at=expiry(now),
        person_id=person_id,
        bound_by=BoundBy.MOBILE_NUMBER,
    )


async def _registered(identity: Identity, id_number: str) -> tuple[UUID | None, date | None]:
    async with identity.db.transaction() as tx:
        person = await person_by_id_number(tx, identity.vault, id_number)
    return (person.person_id, person.birth_date) if person else (None, None)


def _departure(permit: DeparturePermit) -> Departure:
    return Departure(
        redirect_uri=permit.redirect_uri,
        state=permit.state,
        nonce=permit.nonce,
        code_verifier=permit.code_verifier,
    )
