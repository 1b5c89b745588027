"""A password of one's own in place of an office's; signing out everywhere."""

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.identity.first_password import choose_own_password
from emask.identity.session_ends import end_everywhere
from emask.rules.calendar import Channel
from emask.rules.people import InvalidEntry
from emask.rules.refusals import EvidenceExpired
from emask.web.citizen.arrival import CHOOSING_PAGE, welcome
from emask.web.shell.cookies import CHOOSING, DRAFT, SESSION
from emask.web.shell.forms import Form
from emask.web.shell.limits import limited
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
        async with limited(page):
            person_id = await choose_own_password(
                page.system.identity, permit=_permit(page), password=password
            )
    except InvalidEntry as invalid:
        form.fail("password", _what_to_type(page, invalid))
        return _again(page, form)
    arrived = await welcome(page, person_id, Channel.COMPUTER)
    arrived.delete_cookie(CHOOSING)
    return arrived


@get("/sessions")
async def offer_to_sign_out_everywhere(page: ThisPage) -> Response[str]:
    """What signing out everywhere ends, and what it leaves alone."""
    return page.show("citizen/sessions.html", {"done": False})


@post("/sessions", status_code=HTTP_200_OK)
async def sign_out_everywhere(page: ThisPage) -> Response[str]:
    """End every session of the person, this one included."""
    await end_everywhere(page.system.identity, person_id=page.session.person_id)
    await note_if_served(page, "sign_out_everywhere")
    page.visitor = None
    answer = page.show("citizen/sessions.html", {"done": True})
    answer.delete_cookie(SESSION)
    answer.delete_cookie(DRAFT)
    return answer


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
PERSONAL = [offer_to_sign_out_everywhere, sign_out_everywhere]
