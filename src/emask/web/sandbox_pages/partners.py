"""What the demo's partners do wrong, to be switched on and off: anybody can see the failures."""

from typing import Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from emask.language import source
from emask.sandbox.certificates import Condition
from emask.sandbox.system import Sandbox, sandbox_of
from emask.web.sandbox_pages.cast import CAST, member
from emask.web.sandbox_pages.faults import FAULTS, NAMES
from emask.web.shell.page import Page, SentForm, ThisPage

_CONDITIONS: Final = {
    Condition.GOOD: source("使用中"),
    Condition.EXPIRED: source("已過期"),
    Condition.REVOKED: source("已廢止"),
    Condition.UNTRUSTED: source("由其他單位簽發"),
}


@get("/sandbox/partners")
async def show_partners(page: ThisPage) -> Response[str]:
    """Every fault that a partner can have, those of now ticked, and people's certificates."""
    sandbox = _sandbox(page)
    partners = [
        {
            "key": partner,
            "name": name,
            "faults": FAULTS[partner],
            "now": await sandbox.mischief.kinds(partner),
        }
        for partner, name in NAMES.items()
    ]
    holders = [each for each in CAST if each.certificate or each.key == "tong"]
    return page.show(
        "sandbox_pages/partners.html",
        {"partners": partners, "holders": holders, "conditions": _CONDITIONS},
    )


@post("/sandbox/partners", status_code=HTTP_200_OK)
async def change_partner(page: ThisPage, form: SentForm) -> Redirect:
    """From now on the partner has the faults that were ticked, and no others."""
    partner = form.text("partner")
    if partner not in FAULTS:
        raise NotFoundException
    mischief = _sandbox(page).mischief
    await mischief.end(partner)
    for kind, fault in FAULTS[partner].items():
        if form.ticked(kind):
            await mischief.begin(partner, kind, fault.detail)
    return page.go("/sandbox/partners")


@post("/sandbox/partners/certificate", status_code=HTTP_200_OK)
async def change_certificate(page: ThisPage, form: SentForm) -> Redirect:
    """From now on the directory says this of somebody's certificate."""
    holder = member(form.text("holder"))
    condition = next((each for each in Condition if each == form.text("condition")), None)
    if holder is None or condition is None:
        raise NotFoundException
    await _sandbox(page).certificates.set_condition(
        id_number=holder.person.id_number, condition=condition
    )
    return page.go("/sandbox/partners")


def _sandbox(page: Page) -> Sandbox:
    sandbox = sandbox_of(page.system)
    if sandbox is None:
        raise NotFoundException
    return sandbox


DEMO = [show_partners, change_partner, change_certificate]
