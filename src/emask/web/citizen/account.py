"""A password of one's own in place of an office's; signing out everywhere; releasing phones."""

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.identity.first_password import choose_own_password
from emask.identity.phones import bound_phones, release_phones
from emask.identity.session_ends import end_everywhere
from emask.rules.calendar import Channel
from emask.rules.people import InvalidEntry
from emask.rules.refusals import EvidenceExpired
from emask.web.citizen.arrival import CHOOSING_PAGE, renew, welcome
from emask.web.shell.cookies import CHOOSING, DRAFT, SESSION, forget_steps
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect


@get(CHOOSING_PAGE)
async def ask_own_password(page: ThisPage) -> Response[str]:
    """Signed in with an office's password: a password of one's own comes before all else."""
    _permit(page)
    return page.show("citizen/own_password.html", {})


@post(CHOOSING_PAGE, status_code=HTTP_200_OK)
async def take_own_password(page: ThisPage, form: SentForm) -> Answer:
    """The password chosen signs in."""
    password = form.require("password", page.say("設定一組密碼，8 個字以上"))
    if not form.ok:
        return _again(page, form)
    try:
        person_id = await choose_own_password(
            page.system.identity, permit=_permit(page), password=password
        )
    except InvalidEntry as invalid:
        form.fail("password", _what_to_type(page, invalid))
        return _again(page, form)
    return await welcome(page, person_id, Channel.COMPUTER)


@get("/sessions")
async def offer_to_sign_out_everywhere(page: ThisPage) -> Response[str]:
    """What signing out everywhere ends, and what it leaves alone: the phones, which are listed."""
    return await _with_phones(page, "citizen/sessions.html")


@post("/sessions", status_code=HTTP_200_OK)
async def sign_out_everywhere(page: ThisPage) -> Response[str]:
    """End every session of the person, this one included."""
    await end_everywhere(page.system.identity, person_id=page.session.person_id)
    await note_if_served(page, "sign_out_everywhere")
    page.visitor = None
    answer = page.show("citizen/sessions.html", {"done": True})
    answer.delete_cookie(SESSION)
    answer.delete_cookie(DRAFT)
    forget_steps(answer)
    return answer


@get("/phones")
async def offer_to_release_phones(page: ThisPage) -> Response[str]:
    """The phones whose unlock signs the person in, and what releasing them means."""
    return await _with_phones(page, "citizen/phones.html")


@post("/phones", status_code=HTTP_200_OK)
async def take_phones_released(page: ThisPage) -> Response[str]:
    """No phone signs the person in any more; the session at hand goes on."""
    await release_phones(page.system.identity, person_id=page.session.person_id)
    await renew(page)
    await note_if_served(page, "release_phones")
    return page.show("citizen/phones.html", {"phones": [], "done": True})


async def _with_phones(page: Page, template: str) -> Response[str]:
    async with page.system.db.transaction() as tx:
        phones = await bound_phones(tx, page.session.person_id)
    return page.show(template, {"phones": phones, "done": False})


def _permit(page: Page) -> str:
    """What the sign-in with an office's password left. Raises EvidenceExpired."""
    permit = page.connection.cookies.get(CHOOSING)
    if not permit:
        raise EvidenceExpired
    return permit


def _what_to_type(page: Page, invalid: InvalidEntry) -> str:
    if invalid.reason == "unchanged":
        return page.say("換一組和紙上不同的密碼")
    return invalid.text(page.language.code)


def _again(page: Page, form: Form) -> Response[str]:
    return page.show(
        "citizen/own_password.html", {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY
    )


PUBLIC = [ask_own_password, take_own_password]
PERSONAL = [
    offer_to_sign_out_everywhere,
    sign_out_everywhere,
    offer_to_release_phones,
    take_phones_released,
]
