"""Cards in a reader at a computer: evidence in, session out (A1-1)."""

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.identity.sign_in import sign_in_with_card, sign_in_with_certificate
from emask.identity.site_tokens import Purpose
from emask.rules.calendar import Channel
from emask.web.citizen.arrival import welcome, welcome_by_password
from emask.web.citizen.card_agent import show_reader
from emask.web.sandbox_pages.wallet import card_evidence, certificate_evidence
from emask.web.shell.forms import Form
from emask.web.shell.limits import Way, limited
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect


@get("/identify/card")
async def ask_card(page: ThisPage) -> Response[str]:
    """Insert the NHI card, enter the password."""
    return show_reader(page, "citizen/card.html", Purpose.READ, {})


@post("/identify/card", status_code=HTTP_200_OK)
async def take_card(page: ThisPage, form: SentForm) -> Answer:
    """A card and its password."""
    evidence = card_evidence(page, form)
    password = form.require("password", page.say("輸入註冊時設定的密碼"))
    if not form.ok:
        return _again(page, form, "citizen/card.html", Purpose.READ)
    async with limited(page, Way.CARD):
        person_id = await sign_in_with_card(
            page.system.identity, evidence=evidence, password=password
        )
    return await welcome_by_password(page, person_id)


@get("/identify/certificate")
async def ask_certificate(page: ThisPage) -> Response[str]:
    """Insert the citizen certificate, enter its PIN in the agent's own window."""
    return show_reader(page, "citizen/certificate.html", Purpose.SIGN, {})


@post("/identify/certificate", status_code=HTTP_200_OK)
async def take_certificate(page: ThisPage, form: SentForm) -> Answer:
    """A signature over our challenge."""
    challenge = form.text("challenge")
    evidence = await certificate_evidence(page, form, challenge=challenge)
    if not form.ok:
        return _again(page, form, "citizen/certificate.html", Purpose.SIGN)
    person_id = await sign_in_with_certificate(
        page.system.identity, evidence=evidence, challenge=challenge
    )
    return await welcome(page, person_id, Channel.COMPUTER)


def _again(page: Page, form: Form, template: str, purpose: Purpose) -> Response[str]:
    return show_reader(
        page, template, purpose, {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY
    )


PUBLIC = [ask_card, take_card, ask_certificate, take_certificate]
