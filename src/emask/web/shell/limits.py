"""How many wrong guesses at identities an address may make, whichever way in it tries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from emask.identity.tries import PER_ADDRESS, within_budget
from emask.web.shell.address import source_of
from emask.web.shell.page import Page
from emask.web.shell.security import Scope


@asynccontextmanager
async def limited(page: Page) -> AsyncIterator[None]:
    """Stands around the use case of every way in, and nothing else.

        async with limited(page):
            person_id = await sign_in_with_card(page.system.identity, evidence=..., password=...)

    The refusals of the use case have to leave the block; handle them outside of it, if at all.
    Only those that tell of a wrong guess count (`identity.tries`), and what is kept is a keyed
    digest. The limits of a person, a card and a handset are the use cases' own.

    Raises:
        LockedOut: too many wrong guesses came from this address.
    """
    source = page.system.vault.digest("address", source_of(cast("Scope", page.connection.scope)))
    async with within_budget(page.system.db, PER_ADDRESS, source=source, at=page.now):
        yield
