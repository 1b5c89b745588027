"""Which chain and round a page of a logistics centre is about."""

from dataclasses import dataclass

from emask.delivery.packing import packed_rounds
from emask.rounds.model import Chain
from emask.rounds.service import all_rounds
from emask.rules.calendar import Round
from emask.web.shell.forms import Form
from emask.web.shell.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreRound:
    """The centre's own chain, the round that was asked for, and all of which it sent anything."""

    chain: Chain
    round: Round | None
    rounds: list[Round]


async def round_asked(page: Page, form: Form) -> CentreRound:
    """The round that the form or the address names, else the latest one that is packed."""
    chain = chain_of(page)
    async with page.system.db.transaction() as tx:
        packed = await packed_rounds(tx, chain)
        rounds = [each for each in await all_rounds(tx) if each.id in packed]
    asked = form.text("round_id") or page.asked("round")
    named = [each for each in rounds if each.id == asked] or rounds
    return CentreRound(chain=chain, round=named[-1] if named else None, rounds=rounds)


def chain_of(page: Page) -> Chain:
    """The centre's own chain; the role cannot be had without one."""
    return Chain(page.staff.chain or "")
