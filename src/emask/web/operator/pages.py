"""Phase, clock, next step, funnel, money, refunds, and the lamps of the audit."""

from dataclasses import dataclass
from datetime import datetime

from litestar import Response, get

from emask.database.pool import Transaction
from emask.payment.refunds import refunds_due
from emask.payment.service import money_of
from emask.programme.audit import audit_tables
from emask.programme.funnel import funnel_of
from emask.programme.queries import figures, steps_done
from emask.programme.steps import STEPS
from emask.rounds.service import UnknownRound, all_rounds, current_round, load_round
from emask.rules.calendar import Round
from emask.web.operator import words
from emask.web.shell.page import Page, ThisPage


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledStep:
    """A step of the round: when it is due, whether it is done."""

    name: str
    due: datetime
    done: bool


@get("/operator")
async def show_round(page: ThisPage) -> Response[str]:
    """One round at a glance. The audit reads whole tables, so it is run when asked for."""
    async with page.system.db.transaction() as tx:
        rounds = await all_rounds(tx)
        shown = await round_shown(tx, page)
        done = (await steps_done(tx)).get(shown.id, frozenset())
        lapse = await figures(tx, round_id=shown.id, step="lapse")
        funnel = await funnel_of(tx, shown.id)
        money = await money_of(tx, shown.id)
        refunds = await refunds_due(tx)
        findings = await audit_tables(tx) if page.asked("audit") or page.demo else None
    return page.show(
        "operator/round.html",
        {
            "rounds": rounds,
            "shown": shown,
            "phase": shown.phase(page.now),
            "steps": _schedule(page, shown, done),
            "unanswered": lapse.get("unanswered", 0),
            "funnel": funnel,
            "money": money,
            "refunds": refunds,
            "findings": findings,
            "words": words,
        },
    )


async def round_shown(tx: Transaction, page: Page) -> Round:
    """The round asked for, else the first one under way, else the current one."""
    if round_id := page.asked("round"):
        return await load_round(tx, round_id)
    for each in await all_rounds(tx):
        if each.opens_at <= page.now < each.pickup_ends_at:
            return each
    now_on = await current_round(tx, page.now)
    if now_on is None:
        raise UnknownRound
    return now_on


def _schedule(page: Page, round: Round, done: frozenset[str]) -> list[ScheduledStep]:
    beacon = page.system.partners.beacon
    return [
        ScheduledStep(name=step.name, due=step.due(round, beacon), done=step.name in done)
        for step in STEPS
    ]


STAFF = [show_round]
