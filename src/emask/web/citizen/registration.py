"""Registering a card on the web, new passwords, device codes, binding a certificate."""

import segno
from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from markupsafe import Markup

from emask.identity.device import issue_device_code
from emask.identity.model import DeviceCode
from emask.identity.registration import bind_certificate, register_with_card, reset_password
from emask.identity.site_tokens import Purpose
from emask.rules.calendar import Channel
from emask.rules.people import InvalidEntry, normalise_household_number, normalise_nhi_card
from emask.rules.refusals import CardUnknown
from emask.web.citizen.arrival import renew, welcome
from emask.web.citizen.card_agent import show_reader
from emask.web.sandbox_pages.wallet import card_evidence, certificate_evidence
from emask.web.shell.forms import Form
from emask.web.shell.limits import Way, limited
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect


@get("/register")
async def ask_registration(page: ThisPage) -> Response[str]:
    """Card, printed number, household number, a password of one's choice."""
    return show_reader(page, "citizen/register.html", Purpose.READ, {})


@post("/register", status_code=HTTP_200_OK)
async def take_registration(page: ThisPage, form: SentForm) -> Answer:
    """Register a card (A1.1-2, A9), which signs in too."""
    evidence = card_evidence(page, form)
    printed = form.read("nhi_card", normalise_nhi_card)
    household = form.read("household_number", normalise_household_number)
    password = _new_password(page, form)
    if not form.ok or printed is None or household is None:
        return _register_again(page, form)
    try:
        async with limited(page, Way.CARD):
            person_id = await register_with_card(
                page.system.identity,
                evidence=evidence,
                printed_card_number=printed,
                household_number=household,
                password=password,
            )
    except InvalidEntry as invalid:
        form.fail(invalid.field, invalid.text(page.language.code))
        return _register_again(page, form)
    except CardUnknown:
        unfit = page.say("與插入的健保卡不符，或查不到這張卡；核對卡片正面左下角的 12 碼數字")
        form.fail("nhi_card", unfit)
        return _register_again(page, form)
    return await welcome(page, person_id, Channel.COMPUTER)


@get("/forgotten-password")
async def tell_forgotten_password(page: ThisPage) -> Response[str]:
    """Authenticate again by any way, then choose a new one (A2, A3)."""
    return page.show("citizen/forgotten_password.html", {})


@get("/password")
async def ask_password(page: ThisPage) -> Response[str]:
    """A new password."""
    return page.show("citizen/password.html", {"done": False})


@post("/password", status_code=HTTP_200_OK)
async def take_password(page: ThisPage, form: SentForm) -> Answer:
    """Set a new password (A3)."""
    password = _new_password(page, form)
    if form.ok:
        try:
            await reset_password(page.system.identity, session=page.session, password=password)
            await renew(page)
            await note_if_served(page, "set_password")
        except InvalidEntry as invalid:
            form.fail(invalid.field, invalid.text(page.language.code))
    if not form.ok:
        return page.show(
            "citizen/password.html",
            {"form": form, "done": False},
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    return page.show("citizen/password.html", {"done": True})


@get("/device-codes")
async def offer_device_code(page: ThisPage) -> Response[str]:
    """What a device code is for."""
    return page.show("citizen/device_codes.html", {"code": None})


@post("/device-codes", status_code=HTTP_200_OK)
async def show_device_code(page: ThisPage) -> Response[str]:
    """A fresh code as QR and as digits (A14)."""
    code = await issue_device_code(page.system.identity, session=page.session)
    return page.show("citizen/device_codes.html", {"code": code, "qr": scannable(page, code)})


@get("/certificates")
async def ask_certificate_to_bind(page: ThisPage) -> Response[str]:
    """Bind a citizen certificate, to sign in with it from now on."""
    return show_reader(page, "citizen/bind_certificate.html", Purpose.SIGN, {"done": False})


@post("/certificates", status_code=HTTP_200_OK)
async def take_certificate_to_bind(page: ThisPage, form: SentForm) -> Response[str]:
    """The certificate's signature shows that it is at hand."""
    challenge = form.text("challenge")
    evidence = await certificate_evidence(page, form, challenge=challenge)
    if not form.ok:
        return show_reader(
            page,
            "citizen/bind_certificate.html",
            Purpose.SIGN,
            {"form": form, "done": False},
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    await bind_certificate(
        page.system.identity,
        person_id=page.session.person_id,
        evidence=evidence,
        challenge=challenge,
    )
    await renew(page)
    await note_if_served(page, "bind_certificate")
    return page.show("citizen/bind_certificate.html", {"done": True})


def scannable(page: Page, code: DeviceCode) -> Markup:
    """A device code for a phone's camera: it opens the page that asks for the code.

    The digits stand behind the #, where no server and no log sees them; a script takes them over.
    """
    return qr_code(f"{page.address('/identify/device-code')}#{code.digits}")


def qr_code(content: str) -> Markup:
    """A QR code as an inline picture, for scanners; the text beside it says the same."""
    picture = segno.make(content, error="m", micro=False)
    return Markup(picture.svg_inline(scale=6, border=2, omitsize=True, svgclass="qr", lineclass=""))  # noqa: S704 - made here from digits


def _new_password(page: Page, form: Form) -> str:
    return form.require("password", page.say("設定一組密碼，8 個字以上"))


def _register_again(page: Page, form: Form) -> Response[str]:
    return show_reader(
        page,
        "citizen/register.html",
        Purpose.READ,
        {"form": form},
        status=HTTP_422_UNPROCESSABLE_ENTITY,
    )


PUBLIC = [ask_registration, take_registration, tell_forgotten_password]
PERSONAL = [
    ask_password,
    take_password,
    offer_device_code,
    show_device_code,
    ask_certificate_to_bind,
    take_certificate_to_bind,
]
