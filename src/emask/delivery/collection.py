"""Collection: the kiosk's slip, the hand-over at the till (B4, B6, B15)."""

import hmac
from datetime import datetime, timedelta
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.delivery import collection_queries as queries
from emask.delivery.model import Parcel, Slip
from emask.delivery.standing import Standing, check_collection
from emask.entitlement import service as entitlement
from emask.identity import registry
from emask.rounds.model import Chain
from emask.rules.people import (
    Document,
    check_document,
    documents_for,
    masked_name,
    normalise_id,
)
from emask.rules.pickup import normalise_pickup_number
from emask.rules.refusals import (
    LockedOut,
    NoPreorder,
    NotArrived,
    WrongPickupNumber,
)

ATTEMPTS = 5
"""Wrong pick-up numbers in a row that a person's ID number may be tried with."""
LOCK = timedelta(minutes=15)
"""How long no more are taken after that."""


async def parcel_of(tx: Transaction, *, person_id: UUID, round_id: str) -> Parcel | None:
    """The parcel of a person's order, or None before it is packed."""
    parcels = await queries.parcels_of(tx, person_id)
    return next((parcel for parcel in parcels if parcel.round_id == round_id), None)


async def standing_of(tx: Transaction, person_id: UUID, round_id: str) -> Standing:
    """Where a person's pack of a round stands. Raises NoPreorder without such a person or round."""
    standing = await queries.standing(tx, person_id, round_id)
    if standing is None:
        raise NoPreorder
    return standing


async def ask_for_slip(
    db: Database,
    clock: Clock,
    vault: Vault,
    *,
    pickup_number: str,
    id_number: str,
    chain: Chain,
    store_code: str,
) -> Slip:
    """The kiosk: pick-up number and ID number, as typed, find the bag for the clerk.

    Raises:
        InvalidEntry: one of the two numbers is mistyped.
        LockedOut: too many wrong pick-up numbers for this ID number.
        WrongPickupNumber: the two do not belong together; of an unknown person no more is told.
        Refusal: whatever :func:`~emask.delivery.standing.check_collection` refuses.
    """
    given = normalise_pickup_number(pickup_number)
    person_id = vault.person_id(normalise_id(id_number))
    now = await clock.now()
    async with db.transaction() as tx:
        parcel = await _match(tx, person_id, given, now)
    if parcel is None:  # raised only here: the count of attempts is to stay
        raise WrongPickupNumber
    async with db.transaction() as tx:
        standing = await standing_of(tx, person_id, parcel.round_id)
        check_collection(standing, chain=chain, store_code=store_code, now=now)
        accepted = documents_for(standing.residency)
        return Slip(
            person_id=person_id,
            round_id=parcel.round_id,
            bag_number=parcel.bag_number,
            masked_name=masked_name(await registry.name_of(tx, vault, person_id)),
            documents=tuple(document for document in Document if document in accepted),
            earliest=standing.earliest,
        )


async def hand_over(
    db: Database,
    clock: Clock,
    *,
    person_id: UUID,
    round_id: str,
    chain: Chain,
    store_code: str,
    document: Document,
    by_proxy: bool,
    clerk: str,
) -> None:
    """The till: the clerk has seen the orderer's document and hands the bag over, once.

    Args:
        db: the database.
        clock: tells the day of collection.
        person_id: the orderer.
        round_id: the round of the order.
        chain: the chain of the store at which it happens.
        store_code: its store code.
        document: which document of the orderer was shown.
        by_proxy: somebody else brought it (B4); nothing is kept about whom.
        clerk: the staff account.

    Raises:
        DocumentMismatch: not a document that a person of this residency can show.
        Refusal: whatever :func:`~emask.delivery.standing.check_collection` refuses; that comes
            first.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        standing = await standing_of(tx, person_id, round_id)
        check_collection(standing, chain=chain, store_code=store_code, now=now)
        check_document(standing.residency, document)
        handover = queries.Handover(
            person_id, round_id, now, chain, store_code, document, by_proxy, clerk
        )
        if not await queries.collect(tx, handover):
            # Another till or a change of store was quicker; read again, it says which.
            standing = await standing_of(tx, person_id, round_id)
            check_collection(standing, chain=chain, store_code=store_code, now=now)
            raise NotArrived
        await entitlement.mark_collected(tx, person_id=person_id, round_id=round_id)
        if standing.reopened_until:  # the others are sealed together: see seal.py
            detail = {"round_id": round_id, "document": document, "by_proxy": by_proxy}
            await audit_log.record(
                tx, at=now, actor=clerk, act="hand_over", subject=str(person_id), detail=detail
            )


async def _match(tx: Transaction, person_id: UUID, given: str, now: datetime) -> Parcel | None:
    """The person's parcel of this number; every comparison takes the same time."""
    if not await queries.count_attempt(tx, person_id, at=now, most=ATTEMPTS, lock=LOCK):
        last = await queries.last_attempt(tx, person_id)
        raise LockedOut(until=last and last + LOCK)
    parcels = await queries.parcels_of(tx, person_id)
    matching = [parcel for parcel in parcels if hmac.compare_digest(parcel.pickup_number, given)]
    if not matching:
        return None
    await queries.clear_attempts(tx, person_id)
    return matching[0]
