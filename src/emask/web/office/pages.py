"""Check the documents; register, hand out a password, see to phones, serve, print (A1.1-3, A7)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import ClientException
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.identity.counter_office import (
    Registered,
    Released,
    device_code_at_counter,
    first_password_at_counter,
    register_at_counter,
    release_phones_at_counter,
    serve_at_counter,
)
from emask.identity.model import DeviceCode
from emask.identity.registry import name_of
from emask.payment.service import account_of
from emask.preorder.model import Preorder
from emask.preorder.service import preorder_of
from emask.programme.progress import progress_of
from emask.rounds.service import all_rounds
from emask.rules.calendar import Channel, Round
from emask.rules.people import masked_name, normalise_id
from emask.rules.refusals import CardUnknown, DocumentsMissing, NoPreorder
from emask.web.citizen.arrival import leave, welcome
from emask.web.citizen.registration import scannable
from emask.web.shell.cookies import DRAFT, SESSION, forget_steps
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect
Done = UUID | Registered | Released | DeviceCode

DOCUMENTS = ("nhi_card", "national_id", "residence_permit", "household_certificate")
"""What an officer may be shown."""


_USE_CASES: Final[Mapping[str, Callable[..., Awaitable[Done]]]] = {
    "register": register_at_counter,
    "password": first_password_at_counter,
    "serve": serve_at_counter,
    "phone": device_code_at_counter,
    "release": release_phones_at_counter,
}


@get("/office")
async def show_desk(page: ThisPage) -> Response[str]:
    """Whose documents, and which."""
    return page.show("office/desk.html", {})


@post("/office", status_code=HTTP_200_OK)
async def act(page: ThisPage, form: SentForm) -> Answer:
    """Register, make a password, bind or release phones, or go on to place the pre-order."""
    use_case = _USE_CASES.get(form.text("act"))
    if use_case is None:
        raise ClientException
    id_number = form.read("id_number", normalise_id)
    reason = form.note("waived_reason", page.say("用 200 個字以內寫下原因"))
    if id_number is None or not form.ok:
        return _again(page, form)
    try:
        done = await use_case(
            page.system.identity,
            officer=page.staff,
            id_number=id_number,
            documents=frozenset(each for each in DOCUMENTS if form.ticked(each)),
            waived_reason=reason or None,
        )
    except CardUnknown:
        form.fail("id_number", page.say("查不到這個號碼的健保卡，對照證件再輸入一次"))
        return _again(page, form)
    except DocumentsMissing as refusal:
        form.fail("nhi_card", refusal.text(page.language.code).split("\n")[-1])
        return _again(page, form)
    return await _answer(page, form, done)


async def _answer(page: Page, form: Form, done: Done) -> Answer:
    """What the officer sees of what was done, or where they go on for the person."""
    if isinstance(done, DeviceCode):
        qr = scannable(page, done)
        return page.show("office/phone.html", {"form": form, "code": done, "qr": qr})
    if isinstance(done, Registered):
        return await _hand_out(page, form, done)
    if isinstance(done, Released):
        name = await _name(page, done.person_id)
        return page.show("office/released.html", {"form": form, "name": name, "count": done.phones})
    return await welcome(page, done, Channel.COUNTER)


@post("/office/end", status_code=HTTP_200_OK)
async def end_serving(page: ThisPage) -> Redirect:
    """Done with this person; nothing of them stays on the officer's machine."""
    await leave(page)
    answer = page.go("/office")
    answer.delete_cookie(SESSION)
    answer.delete_cookie(DRAFT)
    forget_steps(answer)
    return answer


@get("/office/slip")
async def print_slip(page: ThisPage) -> Response[str]:
    """What the person takes home on paper; of the latest order, or `?round=` names another's."""
    person_id = page.session.person_id
    async with page.system.db.transaction() as tx:
        ordered, entry = await _order(tx, page)
        progress = await progress_of(tx, person_id=person_id, round=ordered, now=page.now)
        account = await account_of(tx, person_id=person_id, round_id=ordered.id)
        name = await name_of(tx, page.system.vault, person_id)
    await note_if_served(page, "print_slip", round_id=ordered.id)
    return page.show(
        "office/slip.html",
        {
            "round": ordered,
            "entry": entry,
            "progress": progress,
            "account": account,
            "name": masked_name(name),
        },
    )


async def _order(tx: Transaction, page: Page) -> tuple[Round, Preorder]:
    """The order to print, and its round. Raises NoPreorder."""
    asked = page.asked("round")
    for each in reversed(await all_rounds(tx)):
        if asked in ("", each.id):
            entry = await preorder_of(tx, person_id=page.session.person_id, round_id=each.id)
            if entry is not None:
                return each, entry
    raise NoPreorder


async def _hand_out(page: Page, form: Form, registered: Registered) -> Response[str]:
    """The first password, on this answer alone; sent again, the form finds one that exists."""
    name = await _name(page, registered.person_id)
    return page.show(
        "office/registered.html",
        {"form": form, "name": name, "password": registered.first_password},
    )


async def _name(page: Page, person_id: UUID) -> str:
    async with page.system.db.transaction() as tx:
        return masked_name(await name_of(tx, page.system.vault, person_id))


def _again(page: Page, form: Form) -> Response[str]:
    return page.show("office/desk.html", {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY)


STAFF = [show_desk, act, end_serving, print_slip]
