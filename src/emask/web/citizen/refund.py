"""One refund as its person sees it: how much, why, how and when; for a transfer, to which account.

An account is typed twice, sealed, and shown again by its last digits alone.
"""

from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.payment.model import Refund
from emask.payment.refund_model import Payee, RefundNotDue, reference_of
from emask.payment.refunds import refund_of
from emask.payment.transfers import account_given, give_account, was_returned
from emask.rules.entries import compact
from emask.rules.payee import last_digits, normalise_account, normalise_bank_code
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.shell.serving import note_if_served

Answer = Response[str] | Redirect

_PATH: Final = "/refunds/{event_id:str}"


@get(_PATH)
async def show_refund(page: ThisPage, event_id: FromPath[str]) -> Response[str]:
    """Its standing; the form for the account where one is needed, or asked for anew."""
    return await _show(page, page.form(), event_id)


@post(_PATH, status_code=HTTP_200_OK)
async def take_account(page: ThisPage, form: SentForm, event_id: FromPath[str]) -> Answer:
    """Keep the account. Once the transfer is listed, the page says so instead."""
    payee = _payee(page, form)
    if payee is None:
        return await _show(page, form, event_id)
    try:
        await give_account(
            *(page.system.db, page.system.clock, page.system.vault),
            person_id=page.session.person_id,
            event_id=_event(event_id),
            payee=payee,
        )
    except RefundNotDue:
        return page.go(f"/refunds/{event_id}")
    await note_if_served(page, "give_refund_account")
    return page.go(f"/refunds/{event_id}?given=1")


async def _show(page: Page, form: Form, event_id: str) -> Response[str]:
    async with page.system.db.transaction() as tx:
        refund = await _own(tx, page, event_id)
        key = {"person_id": refund.person_id, "event_id": refund.event_id}
        payee = await account_given(tx, page.system.vault, **key)
        returned = await was_returned(tx, **key)
    asking = (refund.way, refund.state) == ("transfer", "due")
    changing = payee is None or bool(page.asked("change")) or not form.ok
    return page.show(
        "citizen/refund.html",
        {
            "form": form,
            "refund": refund,
            "reference": reference_of(refund.event_id),
            "bank_code": payee.bank_code if payee else "",
            "account": last_digits(payee.account) if payee else "",
            "asking": asking and changing,
            "changeable": asking and not changing,
            "returned": returned and asking and payee is None,
            "given": bool(page.asked("given")) and payee is not None,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _payee(page: Page, form: Form) -> Payee | None:
    """What was typed, if it is an account and was typed the same twice."""
    bank_code = form.read("bank_code", normalise_bank_code)
    account = form.read("account", normalise_account)
    if account is not None and account != compact(form.text("account_again")):
        form.fail("account_again", page.say("兩次輸入的帳號不同，對照存摺再輸入一次"))
    if bank_code is None or account is None or not form.ok:
        return None
    return Payee(bank_code=bank_code, account=account)


async def _own(tx: Transaction, page: Page, event_id: str) -> Refund:
    """A refund of whoever is signed in. Raises NotFoundException."""
    found = await refund_of(tx, person_id=page.session.person_id, event_id=_event(event_id))
    if found is None:
        raise NotFoundException
    return found


def _event(event_id: str) -> UUID:
    try:
        return UUID(event_id)
    except ValueError:
        raise NotFoundException from None


PERSONAL = [show_refund, take_account]
