"""Changing what counters sell: from a day to come, or a day that has begun if that is meant."""

from collections.abc import Sequence
from datetime import date

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.rounds.policy_file import facts_of
from emask.rounds.service import all_policies, save_policies
from emask.rules.calendar import CounterPolicy, day_in_taipei


class DayHasBegun(Exception):
    """Policies would change from a day on that has begun; `day` is the first of them."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} has begun")
        self.day = day


async def import_policies(
    db: Database,
    clock: Clock,
    policies: Sequence[CounterPolicy],
    *,
    by: str,
    confirmed_from: date | None = None,
) -> list[CounterPolicy]:
    """Enter policies, each noted in the audit log; those that stand already change nothing.

    Args:
        db: the database.
        clock: tells which days have begun.
        policies: what is to hold, from each one's first day on.
        by: who brings them; it is kept.
        confirmed_from: the first day among those that have begun which may change.

    Returns:
        What was new or changed.

    Raises:
        DayHasBegun: one that changes holds from a day that has begun and is not confirmed.
    """
    now = await clock.now()
    today = day_in_taipei(now)

    async def use_case(tx: Transaction) -> list[CounterPolicy]:
        kept = {policy.valid_from: policy for policy in await all_policies(tx)}
        changed = [policy for policy in policies if kept.get(policy.valid_from) != policy]
        _check_days([policy.valid_from for policy in changed], today, confirmed_from)
        await save_policies(tx, changed)
        for policy in changed:
            was = kept.get(policy.valid_from)
            await audit_log.record(
                tx,
                at=now,
                actor=by,
                act="change_policy",
                subject=policy.valid_from.isoformat(),
                detail={"was": was and facts_of(was), "became": facts_of(policy)},
            )
        return changed

    return await db.retrying(use_case)


def _check_days(days: Sequence[date], today: date, confirmed_from: date | None) -> None:
    begun = [day for day in days if day <= today]
    if begun and (confirmed_from is None or min(begun) < confirmed_from):
        raise DayHasBegun(min(begun))
