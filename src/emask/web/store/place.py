"""Where a screen of a store stands: its account's own chain and store, which no form can change."""

from emask.delivery.model import Till
from emask.rounds.model import Chain, Store
from emask.rounds.stores import find_store
from emask.web.shell.page import Page


def till_of(page: Page) -> Till:
    """The till, or kiosk, of who is signed in; neither role can be had without a store."""
    staff = page.staff
    return Till(
        chain=Chain(staff.chain or ""), store_code=staff.store_code or "", clerk=staff.username
    )


async def store_of(page: Page) -> Store | None:
    """Its store, as the directory has it."""
    till = till_of(page)
    async with page.system.db.transaction() as tx:
        return await find_store(tx, chain=till.chain, code=till.store_code)
