"""The rules in force, each with its dates, as the system itself applies them (B1, B8, B17)."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from litestar import Response, get

from emask.language import source
from emask.rounds.service import all_policies, all_rounds, current_round
from emask.rules.calendar import Channel, CounterPolicy, DeferredClaim, Round, day_in_taipei
from emask.rules.round_days import Event, RoundDay, weeks_of
from emask.web.shell.page import ThisPage

_CHANNELS: Final = {
    Channel.COMPUTER: source("電腦"),
    Channel.MOBILE: source("手機"),
    Channel.COUNTER: source("健保署服務據點"),
    Channel.KIOSK: source("超商機台"),
}
_DEFERRED: Final = {
    DeferredClaim.FULL: source("從新的領取首日起算滿間隔天數"),
    DeferredClaim.WINDOW_START: source("從領取期間第一天起算"),
}
_EVENTS: Final = {
    Event.OPENS: source("登記開始"),
    Event.CLOSES: source("登記截止"),
    Event.PAY_FROM: source("公布抽籤結果、開始繳費"),
    Event.PAY_UNTIL: source("繳費截止"),
    Event.PICKUP_FROM: source("開始領取（間隔起算日）"),
    Event.PICKUP_UNTIL: source("領取截止"),
    Event.NEXT_PURCHASE: source("下次可購買日"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A counter policy and the last day on which it holds; None while nothing follows it."""

    policy: CounterPolicy
    until: date | None

    def holds(self, day: date) -> bool:
        return self.policy.valid_from <= day and (self.until is None or day <= self.until)


@get("/rules")
async def tell_rules(page: ThisPage) -> Response[str]:
    """Every parameter of rounds and counters, and the calendar of the present round."""
    async with page.system.db.transaction() as tx:
        rounds = await all_rounds(tx)
        policies = await all_policies(tx)
        now_on = await current_round(tx, page.now)
    return page.show(
        "public/rules.html",
        {
            "today": day_in_taipei(page.now),
            "rounds": rounds,
            "policies": _in_force(policies),
            "round": now_on,
            "weeks": _weeks(now_on, policies),
            "channels": _CHANNELS,
            "deferred": _DEFERRED,
            "events": _EVENTS,
        },
    )


def _in_force(policies: list[CounterPolicy]) -> list[InForce]:
    ends = [later.valid_from - timedelta(days=1) for _, later in pairwise(policies)]
    return [
        InForce(policy=policy, until=until)
        for policy, until in zip(policies, [*ends, None], strict=False)
    ]


def _weeks(round: Round | None, policies: list[CounterPolicy]) -> list[list[RoundDay]]:
    """None are drawn without a round, or where no counter sold yet as it began."""
    if round is None or not policies or policies[0].valid_from > day_in_taipei(round.opens_at):
        return []

    def policy_on(day: date) -> CounterPolicy:
        return [each for each in policies if each.valid_from <= day][-1]

    return weeks_of(round, policy_on)


PUBLIC = [tell_rules]
