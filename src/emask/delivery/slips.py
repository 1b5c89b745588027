"""A slip at the till: what it stands for, and the hand-over against it (B4, B15)."""

from datetime import datetime, timedelta

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.delivery import slip_queries as queries
from emask.delivery.collection import (
    carry_out,
    documents_in_order,
    parcel_of,
    standing_of,
)
from emask.delivery.collection_queries import Handover
from emask.delivery.model import Bag, Till
from emask.delivery.standing import Standing, check_collection
from emask.identity import registry
from emask.rules.people import Document, masked_name
from emask.rules.pickup import normalise_slip_number
from emask.rules.refusals import (
    AlreadyCollected,
    AlreadyHandedOver,
    NotArrived,
    SlipExpired,
    SlipUnknown,
)

KEPT = timedelta(days=7)
"""How long a slip that was used or has expired can still be told from one that never was."""


async def read_slip(db: Database, clock: Clock, vault: Vault, *, number: str, till: Till) -> Bag:
    """What a scanned slip stands for, if its pack may be handed over here now.

    Raises:
        InvalidEntry: no slip has such a number.
        SlipUnknown, SlipExpired: by their names.
        AlreadyHandedOver: and by which till, however old the slip.
        Refusal: whatever :func:`~emask.delivery.standing.check_collection` refuses.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        slip, standing = await _usable(tx, vault, number=number, till=till, now=now)
        parcel = await parcel_of(tx, person_id=slip.person_id, round_id=slip.round_id)
        if parcel is None:
            raise NotArrived
        return Bag(
            person_id=slip.person_id,
            round_id=slip.round_id,
            bag_number=parcel.bag_number,
            masked_name=masked_name(await registry.name_of(tx, vault, slip.person_id)),
            documents=documents_in_order(standing),
        )


async def hand_over_slip(
    db: Database,
    clock: Clock,
    vault: Vault,
    *,
    number: str,
    till: Till,
    document: Document,
    by_proxy: bool,
) -> None:
    """The clerk has seen the orderer's document and hands the bag of a slip over, once.

    Raises:
        InvalidEntry, SlipUnknown, SlipExpired, AlreadyHandedOver, Refusal: as in
            :func:`read_slip`.
        DocumentMismatch: not a document that a person of this residency can show.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        slip, _ = await _usable(tx, vault, number=number, till=till, now=now)
        handover = Handover(
            slip.person_id,
            slip.round_id,
            now,
            till.chain,
            till.store_code,
            document,
            by_proxy,
            till.clerk,
        )
        await carry_out(tx, handover)


async def forget_slips(tx: Transaction, *, at: datetime) -> int:
    """Forget slips a week after they could last be used; returns how many."""
    return await queries.forget(tx, expired_before=at - KEPT)


async def _usable(
    tx: Transaction, vault: Vault, *, number: str, till: Till, now: datetime
) -> tuple[queries.Printed, Standing]:
    slip = await queries.find(tx, vault.digest("slip", normalise_slip_number(number)))
    if slip is None:
        raise SlipUnknown
    standing = await standing_of(tx, slip.person_id, slip.round_id)
    try:
        check_collection(standing, chain=till.chain, store_code=till.store_code, now=now)
    except AlreadyCollected as collected:
        raise AlreadyHandedOver(
            collected_at=collected.collected_at, till=standing.collected_by
        ) from None
    if now >= slip.expires_at:
        raise SlipExpired(expired_at=slip.expires_at)
    return slip, standing
