"""A phone in the hand: own number, device code, binding and unlock (A1-2, A12-A14)."""

from typing import Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup

from emask.identity.binding import bind_phone, binding_options, seal_binding, whose_phone
from emask.identity.device import enter_device_code
from emask.identity.own_number import CALLBACK, return_with_own_number, set_out_with_own_number
from emask.identity.ports import Return
from emask.identity.sign_in import sign_in_with_device, unlock_options
from emask.language import Language
from emask.rules.calendar import Channel
from emask.rules.people import normalise_id, normalise_mobile
from emask.rules.refusals import EvidenceExpired
from emask.web.citizen.arrival import welcome
from emask.web.citizen.troubles import PASSKEY, tell
from emask.web.sandbox_pages.wallet import connect_phone, hold_phone, new_passkey, offered, unlock
from emask.web.shell.cookies import BINDING, DEPARTURE, forget_steps, step_cookie
from emask.web.shell.forms import Form
from emask.web.shell.handset import handset_of
from emask.web.shell.limits import Way, limited
from emask.web.shell.page import Page, SentForm, ThisPage, WebRequest

Answer = Response[str] | Redirect

_BIND: Final = "/identify/bind"


@get("/identify/mobile")
async def ask_mobile(page: ThisPage) -> Response[str]:
    """The conditions of one's own number, then ID number and number."""
    return _phone(page, page.form(), "citizen/mobile_sign_in.html")


@post("/identify/mobile", status_code=HTTP_200_OK)
async def take_mobile(page: ThisPage, form: SentForm) -> Answer:
    """Off to the operator, who recognises the line; no code is ever sent (A1.1-1, A12)."""
    id_number = form.read("id_number", normalise_id)
    mobile = form.read("mobile", normalise_mobile)
    await connect_phone(page, form)
    if id_number is None or mobile is None or not form.ok:
        return _phone(page, form, "citizen/mobile_sign_in.html")
    handset_of(page)  # who comes back is known as who left
    set_out = await set_out_with_own_number(
        page.system.identity, id_number=id_number, mobile=mobile
    )
    page.keep(step_cookie(DEPARTURE, f"{page.language}.{set_out.permit}"))
    return page.leave(set_out.url)


@get(CALLBACK)
async def come_back(request: WebRequest) -> Redirect:
    """Where the operator sends the phone: on to the page in the language that it left in."""
    language, _, _ = request.cookies.get(DEPARTURE, "").partition(".")
    tongue = Language.EN if language == Language.EN else Language.ZH
    query = urlencode(list(request.query_params.multi_items()))
    return Redirect(f"/{tongue}{CALLBACK}?{query}", status_code=HTTP_303_SEE_OTHER)


@get(CALLBACK)
async def take_line(page: ThisPage) -> Redirect:
    """What the operator says of the line that the phone came back with."""
    _, _, permit = page.connection.cookies.get(DEPARTURE, "").partition(".")
    if not permit:
        raise EvidenceExpired
    earned = await return_with_own_number(
        page.system.identity,
        permit=permit,
        state=page.asked("state"),
        returned=Return(code=page.asked("code"), error=page.asked("error")),
        handset=handset_of(page),
    )
    page.keep(step_cookie(BINDING, seal_binding(page.system.identity, earned)))
    return page.go(_BIND)


@get("/identify/device-code")
async def ask_device_code(page: ThisPage) -> Response[str]:
    """The digits that a computer shows."""
    return _phone(page, page.form(), "citizen/device_code.html")


@post("/identify/device-code", status_code=HTTP_200_OK)
async def take_device_code(page: ThisPage, form: SentForm) -> Answer:
    """A code from the computer, on any phone (A1.1-2, A5, A8, A14)."""
    digits = form.require("digits", page.say("輸入電腦畫面上的裝置碼，共 12 碼數字"))
    hold_phone(page, form)
    if not form.ok:
        return _phone(page, form, "citizen/device_code.html")
    async with limited(page, Way.DEVICE_CODE):
        earned = await enter_device_code(
            page.system.identity, digits=digits, handset=handset_of(page)
        )
    page.keep(step_cookie(BINDING, seal_binding(page.system.identity, earned)))
    return page.go(_BIND)


@get(_BIND)
async def ask_to_bind(page: ThisPage) -> Response[str]:
    """Whose phone this becomes: unlock it once, and from now on its unlock is enough."""
    return await _bind(page, page.form())


@post(_BIND, status_code=HTTP_200_OK)
async def take_binding(page: ThisPage, form: SentForm) -> Answer:
    """The passkey that the phone made (A12)."""
    permit = _permit(page)
    answer = await new_passkey(page, form, permit=permit)
    if not form.ok:
        return await _bind(page, form)
    person_id = await bind_phone(
        page.system.identity, permit=permit, answer=answer, handset=handset_of(page)
    )
    return await welcome(page, person_id, Channel.MOBILE)


@post(f"{_BIND}/refuse", status_code=HTTP_200_OK)
async def refuse_binding(page: ThisPage) -> Redirect:
    """The account is not that of who holds the phone: nothing is bound."""
    answer = page.go("/identify")
    forget_steps(answer)
    return answer


@get("/identify/device")
async def ask_device(page: ThisPage) -> Response[str]:
    """Unlock a phone that was bound before."""
    return await _device(page, page.form())


@post("/identify/device", status_code=HTTP_200_OK)
async def take_device(page: ThisPage, form: SentForm) -> Answer:
    """A bound phone's unlock is enough (A1-2)."""
    answer = await unlock(page, form)
    if not form.ok:
        return await _device(page, form)
    person_id = await sign_in_with_device(
        page.system.identity, answer=answer, handset=handset_of(page)
    )
    return await welcome(page, person_id, Channel.MOBILE)


async def _bind(page: Page, form: Form) -> Response[str]:
    permit = _permit(page)
    name = await whose_phone(page.system.identity, permit=permit)
    options = await binding_options(page.system.identity, permit=permit)
    return _phone(page, form, "citizen/bind.html", options=options, name=name)


async def _device(page: Page, form: Form) -> Response[str]:
    options = await unlock_options(page.system.identity)
    return _phone(page, form, "citizen/device.html", options=options)


def _permit(page: Page) -> str:
    """What this phone earned the binding with. Raises EvidenceExpired."""
    permit = page.connection.cookies.get(BINDING)
    if not permit:
        raise EvidenceExpired
    return permit


def _phone(
    page: Page, form: Form, template: str, *, options: str = "{}", name: str = ""
) -> Response[str]:
    """A page that a phone is asked on; `options` are JSON for its authenticator, `name` whose."""
    return page.show(
        template,
        {
            "form": form,
            "name": name,
            "wallet": offered(page),
            "troubles": tell(page, PASSKEY),
            "options": Markup(options.replace("<", "\\u003c")),  # noqa: S704 - JSON in a script
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


OPEN = [come_back]
PUBLIC = [
    ask_mobile,
    take_mobile,
    take_line,
    ask_device_code,
    take_device_code,
    ask_to_bind,
    take_binding,
    refuse_binding,
    ask_device,
    take_device,
]
