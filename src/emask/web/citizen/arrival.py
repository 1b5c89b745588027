"""Arriving after sign-in: the session's cookie, and on to what the person came for."""

from uuid import UUID

from litestar.response import Redirect

from emask.preorder.service import preorder_of
from emask.rounds.service import all_rounds, current_round
from emask.rules.calendar import Channel
from emask.rules.states import OrderState
from emask.web.shell.cookies import SESSION, cookie
from emask.web.shell.page import Page


async def welcome(page: Page, person_id: UUID, channel: Channel) -> Redirect:
    """Open a session; on to the order for who may place the first one, else to what they have."""
    token = page.system.sessions.issue(person_id=person_id, channel=channel, now=page.now)
    answer = page.go("/store" if await _may_begin(page, person_id) else "/progress")
    answer.set_cookie(cookie(SESSION, token))
    return answer


async def _may_begin(page: Page, person_id: UUID) -> bool:
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
        if now_on is None or not now_on.accepts_preorders(page.now):
            return False
        entries = [
            await preorder_of(tx, person_id=person_id, round_id=each.id)
            for each in await all_rounds(tx)
            if each.opens_at <= page.now < each.pickup_ends_at
        ]
    return all(entry is None or entry.state is OrderState.CANCELLED for entry in entries)
