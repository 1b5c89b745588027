"""How many wrong guesses an address may make, by each way in that has a secret to type."""

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum, auto
from functools import cache
from typing import Final, cast

from emask.identity.tries import PER_ADDRESS, PER_NETWORK, within_budget
from emask.web.shell.address import network_of, source_of, told_by_a_stranger
from emask.web.shell.page import Page
from emask.web.shell.security import Scope

_LOG: Final = logging.getLogger(__name__)


class Way(StrEnum):
    """A way in, or to somebody's order, whose secret is typed; each has a count of its own.

    Passkeys, certificates and what the operator says cannot be guessed and have none.
    """

    CARD = auto()
    DEVICE_CODE = auto()
    FAMILY_CODE = auto()
    STAFF = auto()


@asynccontextmanager
async def limited(page: Page, way: Way) -> AsyncIterator[None]:
    """Stands around the use case of a way in, and nothing else.

        async with limited(page, Way.CARD):
            person_id = await sign_in_with_card(page.system.identity, evidence=..., password=...)

    The refusals of the use case have to leave the block; handle them outside of it, if at all.
    Only those that tell of a wrong guess count (`identity.tries`), and what is kept is a keyed
    digest. The limits of a person, a card and a handset are the use cases' own.

    Raises:
        LockedOut: too many wrong guesses came from this address, or from around it.
        TooManyAtOnce: too much from there is being judged at this moment.
    """
    scope = cast("Scope", page.connection.scope)
    if told_by_a_stranger(scope):
        _warn_of_stranger()
    budgets = {source_of(scope): PER_ADDRESS}
    if network := network_of(scope):
        budgets[network] = PER_NETWORK
    async with AsyncExitStack() as within:
        for name, budget in budgets.items():
            source = page.system.vault.digest("address", f"{way} {name}")
            await within.enter_async_context(
                within_budget(page.system.db, budget, source=source, at=page.now)
            )
        yield


def address_of(page: Page) -> bytes:
    """Keyed digest of the address that a request comes from."""
    return page.system.vault.digest("address", source_of(cast("Scope", page.connection.scope)))


@cache
def _warn_of_stranger() -> None:
    _LOG.warning(
        "x-forwarded-for comes from an address that EMASK_TRUSTED_PROXIES does not list:"
        " if that is a proxy, everybody behind it shares the limits of one address"
    )
