"""What became of a round's packs: figures by chain and county, supply, bags that are missing."""

from typing import Final

from litestar import Response, get

from emask.delivery.figures import figures_of
from emask.delivery.returns import gaps, supplies
from emask.rounds.service import UnknownRound, all_rounds
from emask.rules.calendar import Round
from emask.web.shell.page import ThisPage

_STORES: Final = 100
"""Stores from which bags are missing that one page names, most bags first."""


@get("/operator/deliveries")
async def show_deliveries(page: ThisPage) -> Response[str]:
    """One round: the one asked for, else the latest whose orders may have been paid."""
    async with page.system.db.transaction() as tx:
        rounds = [each for each in await all_rounds(tx) if each.pay_from <= page.now]
        shown = _shown(rounds, page.asked("round"))
        figures = shown and await figures_of(tx, round_id=shown.id)
        supply = await supplies(tx, round_id=shown.id) if shown else []
        missing = await gaps(tx, round_id=shown.id) if shown else []
    return page.show(
        "operator/deliveries.html",
        {
            "rounds": rounds,
            "shown": shown,
            "figures": figures,
            "supplies": supply,
            "gaps": missing[:_STORES],
            "more_gaps": max(0, len(missing) - _STORES),
        },
    )


def _shown(rounds: list[Round], asked: str) -> Round | None:
    """Raises UnknownRound for one that is not among them."""
    if not asked:
        return rounds[-1] if rounds else None
    for each in rounds:
        if each.id == asked:
            return each
    raise UnknownRound(asked)


STAFF = [show_deliveries]
