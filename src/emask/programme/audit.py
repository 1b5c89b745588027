"""Whether everything is sound: the invariants of the whole system, at any moment of any round."""

from dataclasses import dataclass

from emask.database.audit_log import first_broken_link
from emask.database.pool import Database, Transaction
from emask.draw import service as draw
from emask.draw.ports import Beacon
from emask.programme.audit_queries import INVARIANTS, offending, rounds_drawn


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
    detail = "" if broken is None else f"the chain breaks at row {broken}"
    return [*findings, Finding(invariant="audit_log_chained", ok=broken is None, detail=detail)]


async def _drawn_again(db: Database, round_id: str, beacon: Beacon) -> Finding:
    """The draw, recomputed from the list and the beacon value."""
    problems = await draw.verify(db, round_id, beacon)
    return Finding(
        invariant=f"draw_recomputed:{round_id}", ok=not problems, detail="; ".join(problems)
    )


def _counted(invariant: str, count: int) -> Finding:
    return Finding(
        invariant=invariant, ok=count == 0, detail="" if count == 0 else f"{count} rows break it"
    )
