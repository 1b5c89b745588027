"""Arriving after sign-in: the session's cookie, and on to what the person came for; leaving."""

from typing import Final
from uuid import UUID

from litestar.response import Redirect

from emask.identity.first_password import must_choose_password, permit_to_choose
from emask.identity.session_ends import begin_session, end_session, renew_session
from emask.preorder.service import preorder_of
from emask.rounds.service import all_rounds, current_round
from emask.rules.calendar import Channel
from emask.rules.states import OrderState
from emask.web.shell.cookies import (
    BINDING,
    CHOOSING,
    DEPARTURE,
    SESSION,
    cookie,
    forget_steps,
    step_cookie,
)
from emask.web.shell.page import Page

CHOOSING_PAGE: Final = "/identify/password"


async def welcome(page: Page, person_id: UUID, channel: Channel) -> Redirect:
    """Open a session; on to the order for who may place the first one, else to what they have.

    The session that this browser had is over, and so is whatever way in was left half-way there.
    """
    await leave(page)
    token = await begin_session(
        page.system.db,
        page.system.sessions,
        person_id=person_id,
        channel=channel,
        now=page.now,
        officer=page.staff.username if channel is Channel.COUNTER else "",
    )
    answer = page.go("/store" if await _may_begin(page, person_id) else "/progress")
    answer.set_cookie(cookie(SESSION, token))
    forget_steps(answer)
    return answer


async def welcome_by_password(page: Page, person_id: UUID) -> Redirect:
    """Likewise, after a card and its password.

    Who still has the one that an office handed out chooses another before there is a session.
    """
    if not await _must_choose(page, person_id):
        return await welcome(page, person_id, Channel.COMPUTER)
    await leave(page)
    permit = await permit_to_choose(page.system.identity, person_id=person_id)
    page.keep(step_cookie(CHOOSING, permit))
    answer = page.go(CHOOSING_PAGE)
    for each in (SESSION, DEPARTURE, BINDING):
        answer.delete_cookie(each)
    return answer


async def renew(page: Page) -> None:
    """Go on in another session once this one may do more: after a new password or certificate."""
    token = await renew_session(page.system.identity, page.system.sessions, session=page.session)
    page.visitor = page.system.sessions.read(token, now=page.now)
    page.keep(cookie(SESSION, token))


async def leave(page: Page) -> None:
    """End the session if there is one; the answer still has to drop its cookies."""
    if page.visitor is not None:
        await end_session(page.system.identity, session=page.visitor)
        page.visitor = None


async def _must_choose(page: Page, person_id: UUID) -> bool:
    async with page.system.db.transaction() as tx:
        return await must_choose_password(tx, person_id)


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
