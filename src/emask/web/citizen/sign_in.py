"""The page of each way in: evidence in, session out."""

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.identity.certificates import new_challenge
from emask.identity.sign_in import (
    sign_in_with_card,
    sign_in_with_certificate,
    sign_in_with_device,
    sign_in_with_device_code,
    sign_in_with_own_number,
)
from emask.rules.calendar import Channel
from emask.rules.people import normalise_id
from emask.web.citizen.arrival import welcome
from emask.web.sandbox_pages.wallet import (
    card_evidence,
    certificate_evidence,
    phone_evidence,
    show_with_wallet,
)
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect


@get("/identify/card")
async def ask_card(page: ThisPage) -> Response[str]:
    """Insert the NHI card, enter the password."""
    return show_with_wallet(page, "citizen/card.html", {})


@post("/identify/card", status_code=HTTP_200_OK)
async def take_card(page: ThisPage, form: SentForm) -> Answer:
    """A card and its password (A1-1)."""
    evidence = card_evidence(page, form)
    password = form.require("password", page.say("輸入註冊時設定的密碼"))
    if not form.ok:
        return _again(page, form, "citizen/card.html")
    person_id = await sign_in_with_card(page.system.identity, evidence=evidence, password=password)
    return await welcome(page, person_id, Channel.COMPUTER)


@get("/identify/certificate")
async def ask_certificate(page: ThisPage) -> Response[str]:
    """Insert the citizen certificate, enter its PIN."""
    challenge = await new_challenge(page.system.identity)
    return show_with_wallet(page, "citizen/certificate.html", {"challenge": challenge})


@post("/identify/certificate", status_code=HTTP_200_OK)
async def take_certificate(page: ThisPage, form: SentForm) -> Answer:
    """A signature over our challenge (A1-1)."""
    challenge = form.text("challenge")
    evidence = await certificate_evidence(page, form, challenge=challenge)
    if not form.ok:
        return show_with_wallet(
            page,
            "citizen/certificate.html",
            {"form": form, "challenge": await new_challenge(page.system.identity)},
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    person_id = await sign_in_with_certificate(
        page.system.identity, evidence=evidence, challenge=challenge
    )
    return await welcome(page, person_id, Channel.COMPUTER)


@get("/identify/mobile")
async def ask_mobile(page: ThisPage) -> Response[str]:
    """The conditions of one's own number, and the ID number."""
    return show_with_wallet(page, "citizen/mobile_sign_in.html", {})


@post("/identify/mobile", status_code=HTTP_200_OK)
async def take_mobile(page: ThisPage, form: SentForm) -> Answer:
    """One's own number on one's own phone (A1.1-1); no code is ever sent (A12)."""
    id_number = form.read("id_number", normalise_id)
    phone = phone_evidence(page, form)
    if id_number is None or not form.ok:
        return _again(page, form, "citizen/mobile_sign_in.html")
    person_id = await sign_in_with_own_number(
        page.system.identity,
        id_number=id_number,
        evidence=phone.line,
        unlock_evidence=phone.unlock,
    )
    return await welcome(page, person_id, Channel.MOBILE)


@get("/identify/device-code")
async def ask_device_code(page: ThisPage) -> Response[str]:
    """The digits that a computer shows."""
    return show_with_wallet(page, "citizen/device_code.html", {})


@post("/identify/device-code", status_code=HTTP_200_OK)
async def take_device_code(page: ThisPage, form: SentForm) -> Answer:
    """A code from the computer, on any phone (A1.1-2, A5, A8, A14)."""
    digits = form.require("digits", page.say("輸入電腦畫面上的裝置碼，共 8 碼數字"))
    phone = phone_evidence(page, form)
    if not form.ok:
        return _again(page, form, "citizen/device_code.html")
    person_id = await sign_in_with_device_code(
        page.system.identity, digits=digits, unlock_evidence=phone.unlock
    )
    return await welcome(page, person_id, Channel.MOBILE)


@get("/identify/device")
async def ask_device(page: ThisPage) -> Response[str]:
    """Unlock a phone that was bound before."""
    return show_with_wallet(page, "citizen/device.html", {})


@post("/identify/device", status_code=HTTP_200_OK)
async def take_device(page: ThisPage, form: SentForm) -> Answer:
    """A bound phone's unlock is enough (A1-2)."""
    phone = phone_evidence(page, form)
    if not form.ok:
        return _again(page, form, "citizen/device.html")
    person_id = await sign_in_with_device(page.system.identity, unlock_evidence=phone.unlock)
    return await welcome(page, person_id, Channel.MOBILE)


def _again(page: Page, form: Form, template: str) -> Response[str]:
    return show_with_wallet(page, template, {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY)


PUBLIC = [
    ask_card,
    take_card,
    ask_certificate,
    take_certificate,
    ask_mobile,
    take_mobile,
    ask_device_code,
    take_device_code,
    ask_device,
    take_device,
]
