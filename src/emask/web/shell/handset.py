"""The phone in the visitor's hand, told apart from all others by a cookie of its own."""

import re
import secrets
from typing import Final

from emask.web.shell.cookies import HANDSET, handset_cookie
from emask.web.shell.page import Page

_MADE_HERE: Final = re.compile(r"[\w-]{1,64}", re.ASCII)


def handset_of(page: Page) -> str:
    """What this phone is told apart by; made at first need, kept for a year from its last use."""
    if (known := page.kept.get(HANDSET)) is not None and known.value:
        return known.value
    brought = page.connection.cookies.get(HANDSET, "")
    return take_handset(
        page, brought if _MADE_HERE.fullmatch(brought) else secrets.token_urlsafe(32)
    )


def take_handset(page: Page, handset: str) -> str:
    """From now on the visitor holds this one."""
    page.keep(handset_cookie(handset))
    return handset
