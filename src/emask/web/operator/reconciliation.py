"""Reconciliation: each day's sums, where gateway and ledger differ, and why that is all right."""

from datetime import date
from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.database.pool import Transaction
from emask.payment.reconciliation import (
    NoSuchDifference,
    days_reconciled,
    days_to_reconcile,
    differences_of,
    explain,
)
from emask.payment.reconciliation_model import Day, Reason
from emask.rules.calendar import day_in_taipei
from emask.web.operator import words
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

PATH: Final = "/operator/reconciliation"


@get(PATH)
async def show_days(page: ThisPage) -> Response[str]:
    """The latest days, and the differences of the one asked for."""
    return await _show(page, page.form(), page.asked("gateway"), page.asked("day"))


@post(PATH, status_code=HTTP_200_OK)
async def explain_difference(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """Why a difference is all right; it is noted in the audit log."""
    gateway, day = form.text("gateway"), _day(form.text("day"))
    trade_no, reason = _difference(form.text("difference"))
    if reason is None:
        form.fail("difference", page.say("選擇一筆差異"))
    form.require("explanation", page.say("輸入說明"))
    text = form.note("explanation", page.say("說明不超過 200 字"))
    if form.ok and day is not None and reason is not None:
        try:
            await explain(
                page.system.db,
                page.system.clock,
                gateway=gateway,
                day=day,
                trade_no=trade_no,
                reason=reason,
                operator=page.staff.username,
                explanation=text,
            )
        except NoSuchDifference:
            form.fail("difference", page.say("這筆差異已經有說明了"))
        else:
            return page.go(f"{PATH}?gateway={gateway}&day={day.isoformat()}&done=1")
    return await _show(page, form, gateway, form.text("day"))


async def _show(page: Page, form: Form, gateway: str, day: str) -> Response[str]:
    async with page.system.db.transaction() as tx:
        days = await days_reconciled(tx)
        shown = _shown(days, gateway, _day(day))
        differences = (
            [] if shown is None else await differences_of(tx, gateway=shown.gateway, day=shown.day)
        )
        to_do = await _to_do(tx, page)
    return page.show(
        "operator/reconciliation.html",
        {
            "form": form,
            "days": days,
            "shown": shown,
            "differences": differences,
            "to_do": to_do,
            "done": bool(page.asked("done")) and form.ok,
            "words": words,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _shown(days: list[Day], gateway: str, day: date | None) -> Day | None:
    """The day asked for, else the latest one with something to explain."""
    asked = next((each for each in days if (each.gateway, each.day) == (gateway, day)), None)
    return asked or next((each for each in days if each.unexplained), None)


async def _to_do(tx: Transaction, page: Page) -> list[tuple[str, date]]:
    """Past days with money that are not reconciled, by gateway."""
    today = day_in_taipei(page.now)
    return [
        (gateway.name, day)
        for gateway in page.system.partners.gateways
        for day in await days_to_reconcile(tx, gateway=gateway.name, before=today)
    ]


def _difference(text: str) -> tuple[str, Reason | None]:
    """The trade and the reason that one of the choices names."""
    trade_no, _, reason = text.rpartition(" ")
    return trade_no, Reason(reason) if reason in set(Reason) else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


STAFF = [show_days, explain_difference]
