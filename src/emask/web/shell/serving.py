"""What an officer does for a person in that person's session, told to the audit log."""

from emask.identity.counter_office import note_act
from emask.rules.calendar import Channel
from emask.web.shell.page import Page


async def note_if_served(page: Page, act: str, *, round_id: str | None = None) -> None:
    """Log an act of the officer whom the session names; nothing where people act for themselves.

    Args:
        page: whose session it was done in.
        act: such as ``place_preorder``.
        round_id: the round that it belongs to, if any.
    """
    visitor = page.visitor
    if visitor is None or visitor.channel is not Channel.COUNTER:
        return
    await note_act(
        page.system.identity,
        officer=visitor.officer,
        act=act,
        person_id=visitor.person_id,
        detail={} if round_id is None else {"round": round_id},
    )
