"""Pages that ask the card agent on the visitor's own computer (A1-1), and the one about it."""

from collections.abc import Mapping
from typing import Final

from litestar import Response, get
from litestar.status_codes import HTTP_200_OK

from emask.identity.site_tokens import Purpose
from emask.web.citizen.troubles import CARD_READING, SIGNATURE, tell
from emask.web.sandbox_pages.wallet import offered
from emask.web.shell.page import Page, ThisPage

_ASKED: Final = {Purpose.READ: ("card", CARD_READING), Purpose.SIGN: ("signature", SIGNATURE)}


@get("/card-agent")
async def tell_about_agent(page: ThisPage) -> Response[str]:
    """What the agent does, how to get it, and how to start it for this site."""
    return page.show("citizen/card_agent.html", {})


def show_reader(
    page: Page,
    template: str,
    purpose: Purpose,
    facts: Mapping[str, object],
    *,
    status: int = HTTP_200_OK,
) -> Response[str]:
    """A page that asks for a card in a reader, with a fresh token for it."""
    asks, troubles = _ASKED[purpose]
    reader = {
        "asks": asks,
        "address": page.system.site.agent,
        "token": page.system.identity.tokens.issue(purpose, now=page.now),
        "troubles": tell(page, troubles),
    }
    given = {"reader": reader, "wallet": offered(page)} | dict(facts)
    return page.show(template, given, status=status)


PUBLIC = [tell_about_agent]
