"""Whether everything is sound: the invariants of the whole system, at any moment of any round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from emask.database.audit_log import first_broken_link
from emask.database.pool import Database, Transaction
from emask.delivery.seal import seal_holds
from emask.draw import service as draw
from emask.draw.ports import Beacon
from emask.programme.audit_queries import (
    INVARIANTS,
    days_not_reconciled,
    offending,
    rounds_drawn,
)
from emask.rounds.service import all_rounds

_DAYS_TOLD: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One invariant: whether it holds, and what was found if it does not."""

    invariant: str
    ok: bool
    detail: str = ""


async def audit(db: Database, beacon: Beacon) -> list[Finding]:
    """Every invariant, each with its finding; an unfinished round breaks none of them."""
    async with db.transaction() as tx:
        # one picture for all statements, while the system goes on
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        findings = await audit_tables(tx)
        drawn = await rounds_drawn(tx)
    return [*findings, *[await _drawn_again(db, round_id, beacon) for round_id in drawn]]


async def audit_tables(tx: Transaction) -> list[Finding]:
    """What the tables alone tell: counts of offending rows, and the chain of the audit log."""
    findings = [_counted(name, await offending(tx, name)) for name in INVARIANTS]
    broken = await first_broken_link(tx)
    unsealed = [round.id for round in await all_rounds(tx) if not await seal_holds(tx, round=round)]
    return [
        *findings,
        _told("hand_overs_sealed", [f"changed since: {round_id}" for round_id in unsealed]),
        _told("audit_log_chained", [] if broken is None else [f"breaks at row {broken}"]),
        _still_to_come("days_reconciled", await days_not_reconciled(tx)),
    ]


async def _drawn_again(db: Database, round_id: str, beacon: Beacon) -> Finding:
    """The draw, recomputed from the list and the beacon value."""
    return _told(f"draw_recomputed:{round_id}", await draw.verify(db, round_id, beacon))


def _counted(invariant: str, count: int) -> Finding:
    return _told(invariant, [f"{count} rows break it"] if count else [])


def _still_to_come(invariant: str, days: Sequence[str]) -> Finding:
    """What is no fault yet, but has to be done."""
    return Finding(
        invariant=invariant,
        ok=True,
        detail=f"not yet: {', '.join(days[:_DAYS_TOLD])}" if days else "",
    )


def _told(invariant: str, problems: Sequence[str]) -> Finding:
    return Finding(invariant=invariant, ok=not problems, detail="; ".join(problems))
