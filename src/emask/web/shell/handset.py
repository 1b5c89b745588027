"""The phone in the visitor's hand, told apart from all others by a cookie of its own."""

import secrets

from emask.web.shell.cookies import HANDSET, handset_cookie
from emask.web.shell.page import Page


def handset_of(page: Page) -> str:
    """What this phone is told apart by; made at first need."""
    if (known := page.kept.get(HANDSET)) is not None and known.value:
        return known.value
    return page.connection.cookies.get(HANDSET) or take_handset(page, secrets.token_urlsafe(32))


def take_handset(page: Page, handset: str) -> str:
    """From now on the visitor holds this one."""
    page.keep(handset_cookie(handset))
    return handset
