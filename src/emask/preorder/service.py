"""A person's own pre-order: look at it, cancel it. Placing it is the intake's."""

from uuid import UUID

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.preorder import queries
from emask.preorder.model import Preorder
from emask.rounds.service import load_round
from emask.rules.calendar import Product, Round
from emask.rules.refusals import Closed, NoPreorder, NotOpenYet, ProductNotOnline


async def cancel_preorder(db: Database, clock: Clock, *, person_id: UUID, round_id: str) -> None:
    """Cancel before closing; submitting again registers again.

    Raises:
        NotOpenYet, Closed: the round takes no changes now.
        NoPreorder: there is nothing to cancel.
        UnknownRound: there is no such round.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        if await queries.cancel(tx, person_id=person_id, round_id=round_id, now=now):
            return
        offered = await load_round(tx, round_id)
        frozen = await queries.frozen(tx, round_id)
    if now < offered.opens_at:
        raise NotOpenYet(opens_at=offered.opens_at)
    if frozen or not offered.accepts_preorders(now):
        raise Closed(closed_at=offered.closes_at)
    raise NoPreorder


async def preorder_of(tx: Transaction, *, person_id: UUID, round_id: str) -> Preorder | None:
    """A person's entry in a round, cancelled ones too; None if there never was one."""
    return await queries.preorder(tx, person_id=person_id, round_id=round_id)


async def mobile_of(tx: Transaction, vault: Vault, *, person_id: UUID, round_id: str) -> str:
    """The number for notices, in clear. Raises NoPreorder."""
    sealed = await queries.sealed_mobile(tx, person_id=person_id, round_id=round_id)
    if sealed is None:
        raise NoPreorder
    return vault.open(sealed, person_id=person_id, field=queries.SEALED_AS)


def check_product(round: Round, product: Product) -> None:
    """Raises ProductNotOnline unless the round offers this kind of mask (B5)."""
    if product is not round.product:
        raise ProductNotOnline
