"""The demo's phone: the messages that reached the visitor's number."""

from litestar import Response, get
from litestar.exceptions import NotFoundException

from emask.identity.registry import default_mobile
from emask.preorder.service import mobile_of
from emask.rounds.service import all_rounds
from emask.rules.refusals import NoPreorder
from emask.sandbox.sms import TakenSms
from emask.sandbox.system import sandbox_of
from emask.web.shell.page import Page, ThisPage


@get("/sandbox/phone")
async def show_messages(page: ThisPage) -> Response[str]:
    """What arrived, the latest first."""
    sandbox = sandbox_of(page.system)
    if sandbox is None:
        raise NotFoundException
    messages: list[TakenSms] = []
    for number in await _numbers(page):
        messages += await sandbox.sms.messages_for(number)
    messages.sort(key=lambda each: each.seq, reverse=True)
    return page.show("sandbox_pages/phone.html", {"messages": messages})


async def _numbers(page: Page) -> set[str]:
    """The numbers that the visitor gave, and the one known from earlier."""
    person_id = page.session.person_id
    vault = page.system.vault
    async with page.system.db.transaction() as tx:
        known = await default_mobile(tx, vault, person_id)
        numbers = {known} if known else set()
        for each in await all_rounds(tx):
            try:
                numbers.add(await mobile_of(tx, vault, person_id=person_id, round_id=each.id))
            except NoPreorder:
                continue
    return numbers


DEMO_PERSONAL = [show_messages]
