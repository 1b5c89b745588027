"""The evidence that a visitor hands over: what the device itself sent, or a demo's card or phone.

A card agent or the phone fills the fields ``evidence`` and ``answer``. In a demo the visitor may
choose a made-up card or phone instead, which needs neither script nor hardware; the sandbox makes
evidence of the same form.
"""

from collections.abc import Mapping
from typing import Final

from emask.identity.binding import binding_options
from emask.identity.sign_in import unlock_options
from emask.rules.refusals import DeviceNotBound
from emask.sandbox.cards import card_evidence as made_up_card
from emask.sandbox.certificates import PIN
from emask.sandbox.operator import Line, Network
from emask.sandbox.phone import NoPasskey
from emask.sandbox.system import Sandbox, sandbox_of
from emask.web.sandbox_pages.cast import CAST, PASSWORD, CastMember, member
from emask.web.shell.forms import Form
from emask.web.shell.handset import handset_of, take_handset
from emask.web.shell.page import Page

_OFFERED: Final[Mapping[str, object]] = {
    "cards": CAST,
    "certificates": tuple(each for each in CAST if each.certificate or each.key == "tong"),
    "phones": CAST,
    "password": PASSWORD,
    "pin": PIN,
}


def offered(page: Page) -> Mapping[str, object] | None:
    """What a demo puts in the visitor's hands; None where there are only real things."""
    return None if _sandbox(page) is None else _OFFERED


def card_evidence(page: Page, form: Form) -> str:
    """What the agent read of the NHI card; empty, with a correction, without a card."""
    if _sandbox(page) is None or form.text("evidence"):
        return form.require("evidence", page.say("還沒有讀到健保卡。插入健保卡後再按一次"))
    holder = _chosen(form, "demo_card", page.say("選擇一張健保卡"))
    if holder is None:
        return ""
    return made_up_card(page.system.identity.tokens, holder.person, at=page.now)


async def certificate_evidence(page: Page, form: Form, *, challenge: str) -> str:
    """The certificate's signature over `challenge`; empty, with a correction, without one.

    Raises:
        WrongPin, PinLocked: the made-up card refused its PIN.
    """
    sandbox = _sandbox(page)
    if sandbox is None or form.text("evidence"):
        return form.require("evidence", page.say("還沒有讀到自然人憑證。插入憑證後再按一次"))
    holder = _chosen(form, "demo_certificate", page.say("選擇一張自然人憑證"))
    pin = form.require("pin", page.say("輸入憑證的 PIN 碼"))
    if holder is None or not pin:
        return ""
    return await sandbox.certificates.sign(
        id_number=holder.person.id_number, pin=pin, challenge=challenge, at=page.now
    )


def hold_phone(page: Page, form: Form) -> CastMember | None:
    """In a demo the visitor takes a made-up phone in hand; elsewhere they hold their own."""
    if _sandbox(page) is None:
        return None
    holder = _chosen(form, "demo_phone", page.say("選擇一支手機"))
    if holder is not None:
        take_handset(page, holder.handset)
    return holder


async def connect_phone(page: Page, form: Form) -> None:
    """Let the phone in hand reach the operator from the visitor's own address."""
    sandbox = _sandbox(page)
    holder = hold_phone(page, form)
    client = page.connection.client
    if sandbox is None or holder is None or client is None:
        return
    mobile = holder.person.mobile or ""
    line = Line(
        mobile=mobile,
        owner_id_number=holder.person.id_number,
        owner_birth_date=holder.person.birth_date,
        plan=holder.plan,
        in_service=True,
    )
    await sandbox.lines.put(line)
    network = Network.WIFI if form.ticked("demo_wifi") else Network.MOBILE
    await sandbox.lines.attach(client.host, mobile=mobile, network=network)


async def new_passkey(page: Page, form: Form, *, permit: str) -> str:
    """The passkey that the phone made; empty, with a correction, without one."""
    sandbox = _sandbox(page)
    if sandbox is None or form.text("answer"):
        return form.require("answer", page.say("手機還沒有解鎖。按下按鈕後依平常習慣解鎖螢幕"))
    options = await binding_options(page.system.identity, permit=permit)
    return await sandbox.phone.create(
        options, origin=page.system.site.origin, handset=handset_of(page)
    )


async def unlock(page: Page, form: Form) -> str:
    """The unlock of a bound phone; empty, with a correction, without one.

    Raises:
        DeviceNotBound: the made-up phone has no passkey.
    """
    sandbox = _sandbox(page)
    if sandbox is None or form.text("answer"):
        return form.require("answer", page.say("手機還沒有解鎖。按下按鈕後依平常習慣解鎖螢幕"))
    holder = hold_phone(page, form)
    if holder is None:
        return ""
    try:
        return await sandbox.phone.get(
            await unlock_options(page.system.identity),
            origin=page.system.site.origin,
            handset=holder.handset,
            person_id=page.system.vault.person_id(holder.person.id_number),
        )
    except NoPasskey:
        raise DeviceNotBound from None


def _sandbox(page: Page) -> Sandbox | None:
    return sandbox_of(page.system) if page.demo else None


def _chosen(form: Form, field: str, missing: str) -> CastMember | None:
    holder = member(form.text(field))
    if holder is None:
        form.fail(field, missing)
    return holder
