"""Messages to people: how they stand, and sending again what went wrong."""

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from emask.notices.service import Stranded, figures, send_again, stranded
from emask.web.shell import notice_words as words
from emask.web.shell.page import SentForm, ThisPage


@get("/operator/notices")
async def show_notices(page: ThisPage) -> Response[str]:
    """By kind, by provider, and what is sent no more by itself; nobody is named."""
    async with page.system.db.transaction() as tx:
        found = await figures(tx, at=page.now)
        wrong = await stranded(tx)
    again = page.asked("sent-again")
    return page.show(
        "operator/notices.html",
        {
            "figures": found,
            "stranded": [(_name(group), group) for group in wrong],
            "sent_again": int(again) if again.isdecimal() else None,
            "words": words,
        },
    )


@post("/operator/notices", status_code=HTTP_200_OK)
async def send_stranded(page: ThisPage, form: SentForm) -> Redirect:
    """Send one group again; pressed twice, it is sent once."""
    async with page.system.db.transaction() as tx:
        groups = {_name(group): group for group in await stranded(tx)}
    number = 0
    if group := groups.get(form.text("group")):
        number = await send_again(
            page.system.db, page.system.clock, which=group, operator=page.staff.username
        )
    return page.go(f"/operator/notices?sent-again={number}")


def _name(group: Stranded) -> str:
    """What tells a group from the others: facts that the page shows."""
    facts = (group.round_id, group.kind, group.state, group.provider, group.delivery)
    return " ".join(fact or "-" for fact in facts)


STAFF = [show_notices, send_stranded]
