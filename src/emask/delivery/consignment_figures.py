"""How parcels stand with their chains, for operators: figures, and what somebody has to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from psycopg.rows import dict_row

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.delivery.consignment_refusals import Refusal, read_refusal
from emask.delivery.consignments import REFUSAL
from emask.rounds.model import Chain

MOST: Final = 200
"""So many troubles are listed."""


class Decision(StrEnum):
    """What an operator decides about a parcel that its chain has lost."""

    SEND_AGAIN = "send_again"
    """Another pack goes to the store."""
    REFUND = "refund"
    """No pack comes, and the money goes back (:mod:`emask.delivery.missing`)."""


class Trouble(StrEnum):
    """Why somebody has to look at a parcel."""

    REFUSED = "refused"
    LOST = "lost"
    RESELECT_STORE = "reselect_store"
    BACK_TOO_EARLY = "back_too_early"
    NOT_HANDED_OVER = "not_handed_over"
    """The chain says that it was collected, and our tills know nothing of it."""
    NOT_COLLECTED = "not_collected"
    """Our till has handed over what the chain has lost, or has on its way back."""
    CAME_AFTER_ALL = "came_after_all"
    """Its money was given back, and now the chain has it at the store."""


class NothingToDecide(LookupError):
    """The parcel is not lost, or somebody has decided before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """A parcel that somebody has to look at; nobody is named."""

    trade_no: str
    chain: Chain
    store_code: str
    trouble: Trouble
    since: datetime
    decision: Decision | None
    refusal: Refusal | None


async def parcels_by_state(tx: Transaction, round_id: str) -> Mapping[str, Mapping[str, int]]:
    """The parcels of a round by state and chain; those `waiting` are not created yet."""
    cursor = await tx.execute(
        "SELECT now, chain, count(*) FROM (SELECT chain,"
        "  CASE WHEN parcel_no IS NOT NULL THEN coalesce(state, 'order_taken')"
        "  WHEN refusal IS NOT NULL THEN 'refused' ELSE 'waiting' END AS now"
        "  FROM consignment WHERE round_id = %s) AS parcel"
        " GROUP BY now, chain ORDER BY parcel_rank(now) NULLS FIRST, now, chain",
        (round_id,),
    )
    found: dict[str, dict[str, int]] = {}
    for state, chain, number in await cursor.fetchall():
        found.setdefault(state, {})[chain] = number
    return found


async def troubled(tx: Transaction, vault: Vault, round_id: str) -> list[Troubled]:
    """Parcels of a round that somebody has to look at, the latest first, :data:`MOST` at most.

    What our till says of a hand-over holds (B15); where the chain says otherwise it is listed.
    """
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_TROUBLED, {"round": round_id, "most": MOST})
        return [
            Troubled(
                trade_no=row["trade_no"],
                chain=Chain(row["chain"]),
                store_code=row["store_code"],
                trouble=Trouble(row["trouble"]),
                since=row["at"],
                decision=row["decision"] and Decision(row["decision"]),
                refusal=_refusal(vault, row["refusal"], row["person_id"]),
            )
            for row in await cursor.fetchall()
        ]


def _refusal(vault: Vault, sealed: bytes | None, person_id: UUID) -> Refusal | None:
    if sealed is None:
        return None
    return read_refusal(vault.open(sealed, person_id=person_id, field=REFUSAL))


async def send_again(
    db: Database, clock: Clock, *, trade_no: str, reason: str, operator: str
) -> None:
    """Let another pack go to the store for a parcel that is lost; it is noted in the audit log.

    Raises:
        NothingToDecide: nothing changed.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        cursor = await tx.execute(_SEND_AGAIN, {"trade_no": trade_no, "at": now, "by": operator})
        row = await cursor.fetchone()
        if row is None:
            raise NothingToDecide
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="send_lost_again",
            subject=str(row[0]),
            detail={"round_id": row[1], "trade_no": trade_no, "reason": reason},
        )


_TROUBLED: Final = """
    SELECT * FROM (
        SELECT c.trade_no, c.chain, c.store_code, c.decision, c.person_id, c.refusal,
            coalesce(c.since, c.made_at) AS at,
            CASE
                WHEN c.refusal IS NOT NULL AND c.ended_at IS NULL THEN 'refused'
                WHEN c.state IN ('lost', 'going_back', 'back_at_centre', 'returned_to_sender')
                    AND o.state = 'collected' THEN 'not_collected'
                WHEN c.state = 'lost' THEN 'lost'
                WHEN c.state = 'arrived' AND c.decision = 'refund' THEN 'came_after_all'
                WHEN c.state = 'collected' AND o.state <> 'collected' THEN 'not_handed_over'
                WHEN c.state = 'reselect_store' AND o.state IN ('paid', 'arrived')
                    THEN 'reselect_store'
                WHEN c.state IN ('going_back', 'back_at_centre', 'returned_to_sender')
                    AND c.returned_at IS NULL AND o.state IN ('paid', 'arrived')
                    THEN 'back_too_early'
            END AS trouble
        FROM consignment c JOIN orders o USING (person_id, round_id)
        WHERE c.round_id = %(round)s AND NOT EXISTS (
            SELECT FROM consignment later WHERE later.person_id = c.person_id
            AND later.round_id = c.round_id AND later.nth > c.nth)
    ) AS parcel WHERE trouble IS NOT NULL
    ORDER BY decision IS NOT NULL, at DESC, trade_no LIMIT %(most)s
"""
_SEND_AGAIN: Final = """
    WITH lost AS (
        UPDATE consignment c SET decision = 'send_again', decided_at = %(at)s,
            decided_by = %(by)s, ended_at = %(at)s
        FROM orders o
        WHERE c.trade_no = %(trade_no)s AND c.state = 'lost' AND c.decision IS NULL
          AND c.ended_at IS NULL AND o.person_id = c.person_id AND o.round_id = c.round_id
          AND o.state IN ('paid', 'arrived')
        RETURNING c.person_id, c.round_id
    ), again AS (
        UPDATE orders o SET state = 'paid', changed_at = %(at)s FROM lost
        WHERE o.state = 'arrived'
          AND o.person_id = lost.person_id AND o.round_id = lost.round_id
    )
    SELECT person_id, round_id FROM lost
"""
