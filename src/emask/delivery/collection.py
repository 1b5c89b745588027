"""Collection: the kiosk's slip, the hand-over at the till (B4, B6, B15)."""

import hmac
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.delivery import collection_queries as queries
from emask.delivery import slip_queries
from emask.delivery.collection_queries import Handover
from emask.delivery.model import Parcel, Slip
from emask.delivery.standing import Standing, check_at_kiosk, check_collection
from emask.entitlement import service as entitlement
from emask.identity import registry
from emask.identity.tries import PER_KIOSK, within_budget
from emask.rounds.model import Chain
from emask.rules.people import (
    Document,
    check_document,
    documents_for,
    masked_name,
    normalise_id,
)
from emask.rules.pickup import normalise_kiosk_number, slip_number
from emask.rules.refusals import (
    LockedOut,
    NoPreorder,
    NotArrived,
    PickupNumberNeeded,
    WrongPickupNumber,
)

ATTEMPTS = 5
"""Wrong pick-up numbers in a row that a person's ID number may be tried with."""
LOCK = timedelta(minutes=15)
"""How long no more are taken after that."""
GOOD_FOR = timedelta(hours=2)
"""How long a slip can be used after it was printed."""


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
    """The kiosk: pick-up number and ID number, as typed, print a slip for the till.

    The beginning of an entry's own number tells how it stands, and prints nothing: that number is
    in a public list, and who has not paid has no other.

    Raises:
        InvalidEntry: one of the two numbers is mistyped.
        LockedOut: too many wrong numbers for this ID number, or in this store.
        TooManyAtOnce: too much is being judged in this store at this moment.
        WrongPickupNumber: the two do not belong together; of an unknown person no more is told.
        PickupNumberNeeded: the pack is here, and its own number was not given.
        Refusal: whatever :func:`~emask.delivery.standing.check_at_kiosk` refuses.
    """
    given = normalise_kiosk_number(pickup_number)
    person_id = vault.person_id(normalise_id(id_number))
    now = await clock.now()
    source = vault.digest("kiosk", f"{chain} {store_code}")
    async with within_budget(db, PER_KIOSK, source=source, at=now):
        async with db.transaction() as tx:
            round_id, parcel = await _match(tx, person_id, given, now)
        if round_id is None:  # raised only here: the count of attempts is to stay
            raise WrongPickupNumber
    async with db.transaction() as tx:
        standing = await standing_of(tx, person_id, round_id)
        check_at_kiosk(standing, chain=chain, store_code=store_code, now=now)
        if parcel is None:
            raise PickupNumberNeeded
        name = masked_name(await registry.name_of(tx, vault, person_id))
        printed = slip_queries.Printed(person_id, round_id, chain, store_code, now, now + GOOD_FOR)
        number = await _print(tx, vault, printed)
    return Slip(
        number=number,
        bag_number=parcel.bag_number,
        masked_name=name,
        documents=documents_in_order(standing),
        printed_at=now,
        expires_at=now + GOOD_FOR,
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
    handover = Handover(
        person_id, round_id, await clock.now(), chain, store_code, document, by_proxy, clerk
    )
    async with db.transaction() as tx:
        await carry_out(tx, handover)


async def carry_out(tx: Transaction, handover: Handover) -> None:
    """Hand a pack over within the caller's transaction; raises as :func:`hand_over`."""
    person_id, round_id, now = handover.person_id, handover.round_id, handover.at
    chain, store_code = handover.chain, handover.store_code
    standing = await standing_of(tx, person_id, round_id)
    check_collection(standing, chain=chain, store_code=store_code, now=now)
    check_document(standing.residency, handover.document)
    if not await queries.collect(tx, handover):
        # Another till or a change of store was quicker; read again, it says which.
        standing = await standing_of(tx, person_id, round_id)
        check_collection(standing, chain=chain, store_code=store_code, now=now)
        raise NotArrived
    await entitlement.mark_collected(tx, person_id=person_id, round_id=round_id)
    if standing.reopened_until:  # the others are sealed together: see seal.py
        detail = {
            "round_id": round_id,
            "document": handover.document,
            "by_proxy": handover.by_proxy,
        }
        await audit_log.record(
            tx, at=now, actor=handover.clerk, act="hand_over", subject=str(person_id), detail=detail
        )


def documents_in_order(standing: Standing) -> tuple[Document, ...]:
    """The documents that a person of this residency can show, always in the same order (B15)."""
    accepted = documents_for(standing.residency)
    return tuple(document for document in Document if document in accepted)


async def _print(tx: Transaction, vault: Vault, printed: slip_queries.Printed) -> str:
    """Note a slip under a number that nobody can guess; returns the number."""
    number = slip_number(f"{secrets.randbelow(10**11):011}")
    await slip_queries.note(tx, vault.digest("slip", number), printed)
    return number


async def _match(
    tx: Transaction, person_id: UUID, given: str, now: datetime
) -> tuple[str | None, Parcel | None]:
    """The person's round of this number, and the parcel if it is a parcel's.

    Every comparison takes the same time, and both are looked for, whoever the person is.
    """
    if not await queries.count_attempt(tx, person_id, at=now, most=ATTEMPTS, lock=LOCK):
        last = await queries.last_attempt(tx, person_id)
        raise LockedOut(until=last and last + LOCK)
    parcels = await queries.parcels_of(tx, person_id)
    matching = [parcel for parcel in parcels if hmac.compare_digest(parcel.pickup_number, given)]
    entry = await queries.round_of_entry(tx, person_id, given)
    if matching:
        await queries.clear_attempts(tx, person_id)
        return matching[0].round_id, matching[0]
    if entry:  # who knows an entry's number gets no more guesses at the pick-up number by it
        await queries.forget_attempt(tx, person_id)
    return entry, None
