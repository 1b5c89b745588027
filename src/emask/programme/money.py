"""The chores of money: what was not told is asked for, what goes back goes, days are reconciled."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from emask.payment.ports import Gateway, NoAnswer, Paused, UnreadableFile
from emask.payment.reconciliation import days_to_reconcile, is_reconciled, reconcile
from emask.payment.reconciliation_asking import TooManyTrades
from emask.payment.refunds import give_back_cards
from emask.payment.sweep import sweep
from emask.programme.system import System
from emask.rounds.service import all_rounds
from emask.rules.calendar import TAIPEI, day_in_taipei

_LOG: Final = logging.getLogger(__name__)
_FILES_FROM: Final = 10  # o'clock: yesterday's are there


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyChores:
    """What came of the chores.

    Args:
        asked: open trades that gateways were asked about.
        told: what they told that was news.
        unanswered: trades of which they said nothing.
        given_back: card payments that went back.
        reconciled: days that were held against the ledger.
        unexplained: differences on these days that nobody has explained.
        failed: chores that failed; they are tried again.
    """

    asked: int = 0
    told: int = 0
    unanswered: int = 0
    given_back: int = 0
    reconciled: int = 0
    unexplained: int = 0
    failed: int = 0

    def __add__(self, other: "MoneyChores") -> "MoneyChores":
        return MoneyChores(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )


async def look_after_money(system: System) -> MoneyChores:
    """Do every chore once; one that fails stops none of the others.

    A gateway's file is fetched for one day at a time: gateways give out few in a minute.
    """
    done = await _kept_apart("sweep", partial(_sweep, system))
    done += await _kept_apart("refunds", partial(_give_back, system))
    for gateway in system.partners.gateways:
        done += await _kept_apart("reconciliation", partial(_reconcile, system, gateway))
    return done


async def reconcile_past_days(system: System) -> MoneyChores:
    """Reconcile one due day after the other until none is left; one that fails is passed over."""
    done = MoneyChores()
    for gateway in system.partners.gateways:
        while (
            each := await _kept_apart("reconciliation", partial(_reconcile, system, gateway))
        ) != (MoneyChores()):
            done += each
    return done


async def _kept_apart(name: str, chore: Callable[[], Awaitable[MoneyChores]]) -> MoneyChores:
    """What came of a chore, also if it fails."""
    try:
        return await chore()
    except Exception as error:  # noqa: BLE001 - no chore may stop the others
        _LOG.warning("%s: %s", name, type(error).__name__)
        return MoneyChores(failed=1)


async def _sweep(system: System) -> MoneyChores:
    """Ask about the open trades of every round, also those that were unanswered when it lapsed."""
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        rounds = [
            each for each in await all_rounds(tx) if each.pay_from <= now < each.pickup_ends_at
        ]
    done = MoneyChores()
    for round in rounds:
        swept = await sweep(system.db, system.clock, system.partners.gateways, round=round)
        done += MoneyChores(asked=swept.asked, told=swept.told, unanswered=swept.unanswered)
    return done


async def _give_back(system: System) -> MoneyChores:
    gateways = system.partners.gateways
    return MoneyChores(given_back=await give_back_cards(system.db, system.clock, gateways))


async def _reconcile(system: System, gateway: Gateway) -> MoneyChores:
    """Reconcile the first day of a gateway that is due, if there is one."""
    now, watch = await system.clock.now(), system.money_watch
    day = await _day_due(system, gateway.name, now)
    if day is None:
        return MoneyChores()
    watch.postpone((gateway.name, day))  # whatever comes of it
    try:
        found = await reconcile(system.db, system.clock, gateway, day=day)
    except (NoAnswer, Paused, UnreadableFile, TooManyTrades) as error:
        _LOG.warning("reconciliation: %s %s: %s", gateway.name, day, type(error).__name__)
        return MoneyChores(failed=1)
    if not found.unanswered:
        watch.done((gateway.name, day))
    _LOG.info(
        "reconciliation: %s %s: %s rows, %s differences unexplained",
        gateway.name,
        day,
        found.day.file_rows,
        found.day.unexplained,
    )
    return MoneyChores(reconciled=1, unexplained=found.day.unexplained)


async def _day_due(system: System, gateway: str, now: datetime) -> date | None:
    """The first day whose file should be there and that was not reconciled, or not wholly."""
    ready = now.astimezone(TAIPEI).hour >= _FILES_FROM
    latest = day_in_taipei(now) - timedelta(days=1 if ready else 2)
    watch = system.money_watch
    async with system.db.transaction() as tx:
        due = watch.postponed(gateway)
        if not await is_reconciled(tx, gateway=gateway, day=latest):
            before = latest + timedelta(days=1)
            due += [*await days_to_reconcile(tx, gateway=gateway, before=before), latest]
    return next(
        (day for day in sorted(due) if day <= latest and watch.may_try((gateway, day))), None
    )
