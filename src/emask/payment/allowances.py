"""A relative's card may pay an order once its owner has allowed it (B11).

The owner is shown a short code, the relative enters it with the owner's ID number. Each order keeps
its own fee.
"""

import secrets
import unicodedata
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.payment import allowance_queries, queries
from emask.payment.allowance_queries import Allowance
from emask.rounds.service import load_round
from emask.rules.price import Method, check_method, check_payment_open
from emask.rules.refusals import FamilyCodeWrong, NoPreorder

CODE_DIGITS: Final = 8
CODE_LIFETIME: Final = timedelta(minutes=30)
PAYS_WITHIN: Final = timedelta(hours=1)
"""How long after entering the code the relative may pay, should a card be declined at first."""


async def allow(db: Database, clock: Clock, vault: Vault, *, person_id: UUID, round_id: str) -> str:
    """Allow whoever knows the code to pay an order by card.

    A new code ends the one before and what it allowed.

    Returns:
        The code, eight digits that are kept nowhere.

    Raises:
        NoPreorder, NotSelected, AlreadyPaid, PaymentNotOpen, PaymentClosed, MethodNotAllowed.
    """
    now = await clock.now()
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    async with db.transaction() as tx:
        ordered = await load_round(tx, round_id)
        standing = await queries.standing(tx, person_id, round_id)
        if standing is None:
            raise NoPreorder
        check_payment_open(ordered, now, standing.state)
        check_method(standing.channel, Method.CREDIT_CARD)
        allowance = Allowance(
            person_id=person_id,
            round_id=round_id,
            digest=_digest(vault, person_id, round_id, code),
            expires_at=now + CODE_LIFETIME,
        )
        await allowance_queries.replace(tx, allowance)
    return code


async def use_allowance(
    db: Database,
    clock: Clock,
    vault: Vault,
    *,
    payer: UUID,
    owner: UUID,
    round_id: str,
    code: str,
) -> None:
    """Let the payer's card pay the owner's order, for an hour. The fifth wrong try ends a code.

    Args:
        db: a try counts even if it is refused.
        clock: tells whether the code is still good.
        vault: digests the code.
        payer: who enters it.
        owner: whose order it is about; the answer does not tell whether there is one.
        round_id: the round of the order.
        code: as typed; only its digits count.

    Raises:
        FamilyCodeWrong: not the owner's code, or no longer, or somebody else's by now.
    """
    if payer == owner:  # needs none, and would use it up
        raise FamilyCodeWrong
    digest = _digest(vault, owner, round_id, _digits(code))
    now = await clock.now()
    async with db.transaction() as tx:
        used = await allowance_queries.use(
            tx, owner=owner, round_id=round_id, digest=digest, payer=payer, at=now
        )
    if not used:
        raise FamilyCodeWrong


async def allowed(
    tx: Transaction, *, payer: UUID, owner: UUID, round_id: str, at: datetime
) -> bool:
    """Whether the owner has allowed the payer to pay the order now."""
    return owner in await allowed_by(tx, payer=payer, round_id=round_id, at=at)


async def allowed_by(tx: Transaction, *, payer: UUID, round_id: str, at: datetime) -> list[UUID]:
    """Whose orders, still to be paid, the payer may pay now; in the order of the codes entered."""
    return await allowance_queries.owners(tx, payer, round_id, used_after=at - PAYS_WITHIN)


def _digits(typed: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign.isdigit())


def _digest(vault: Vault, owner: UUID, round_id: str, code: str) -> bytes:
    return vault.digest("family code", f"{owner} {round_id} {code}")
