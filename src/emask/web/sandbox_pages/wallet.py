"""The evidence that a visitor hands over: a demo's card or phone, or what the device itself sent.

In production a card agent or the phone fills the field ``evidence``; in a demo the visitor
chooses whose card or phone it is, and the sandbox makes the evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.status_codes import HTTP_200_OK

from emask.sandbox.evidence import (
    PIN,
    Network,
    SandboxCards,
    SandboxCertificates,
    SandboxOperator,
    SandboxUnlock,
)
from emask.web.sandbox_pages.cast import CAST, PASSWORD, CastMember, member
from emask.web.shell.forms import Form
from emask.web.shell.page import Page

_OFFERED: Final = {
    "cards": CAST,
    "certificates": tuple(each for each in CAST if each.certificate or each.key == "tong"),
    "phones": CAST,
    "password": PASSWORD,
    "pin": PIN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneEvidence:
    """What a phone gives: the operator's word about its line, and its user's unlock."""

    line: str
    unlock: str


def show_with_wallet(
    page: Page, template: str, facts: Mapping[str, object], *, status: int = HTTP_200_OK
) -> Response[str]:
    """A page on which a card or a phone is asked for."""
    return page.show(template, {"wallet": _OFFERED} | dict(facts), status=status)


def card_evidence(page: Page, form: Form) -> str:
    """What the reader read of the NHI card; empty, with a correction, without a card."""
    cards = page.system.partners.identity.cards
    if not page.demo or not isinstance(cards, SandboxCards):
        return form.require("evidence", page.say("讀卡機還沒有讀到卡片。插入健保卡後再試一次"))
    holder = _chosen(form, "demo_card", page.say("選擇一張健保卡"))
    if holder is None:
        return ""
    return cards.insert_card(
        id_number=holder.person.id_number,
        card_number=holder.person.nhi_card,
        name=holder.person.name,
        birth_date=holder.person.birth_date,
        at=page.now,
    )


async def certificate_evidence(page: Page, form: Form, *, challenge: str) -> str:
    """The certificate's signature over `challenge`; empty, with a correction, without one."""
    certificates = page.system.partners.identity.certificates
    if not page.demo or not isinstance(certificates, SandboxCertificates):
        return form.require("evidence", page.say("讀卡機還沒有讀到憑證。插入憑證後再試一次"))
    holder = _chosen(form, "demo_certificate", page.say("選擇一張自然人憑證"))
    pin = form.require("pin", page.say("輸入憑證的 PIN 碼"))
    if holder is None or not pin:
        return ""
    return await certificates.sign(
        id_number=holder.person.id_number, pin=pin, challenge=challenge, at=page.now
    )


def phone_evidence(page: Page, form: Form) -> PhoneEvidence:
    """The line and the unlock of a phone; empty, with a correction, without one."""
    operator = page.system.partners.identity.operator
    unlock = page.system.partners.identity.unlock
    if (
        not page.demo
        or not isinstance(operator, SandboxOperator)
        or not isinstance(unlock, SandboxUnlock)
    ):
        missing = page.say("這支手機還沒有回應。以手機開啟本頁後再試一次")
        evidence = form.require("evidence", missing)
        return PhoneEvidence(line=evidence, unlock=form.text("unlock"))
    holder = _chosen(form, "demo_phone", page.say("選擇一支手機"))
    if holder is None:
        return PhoneEvidence(line="", unlock="")
    line = operator.connect(
        owner_id_number=holder.person.id_number,
        plan=holder.plan,
        network=Network.WIFI if form.ticked("demo_wifi") else Network.MOBILE,
        handset=holder.handset,
        at=page.now,
    )
    return PhoneEvidence(line=line, unlock=unlock.unlock(handset=holder.handset, at=page.now))


def _chosen(form: Form, field: str, missing: str) -> CastMember | None:
    holder = member(form.text(field))
    if holder is None:
        form.fail(field, missing)
    return holder
