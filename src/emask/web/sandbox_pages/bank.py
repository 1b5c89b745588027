"""The demo's bank: a page to pay on, and an ATM."""

from enum import StrEnum
from typing import Final
from unicodedata import normalize

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.payment.service import receive
from emask.sandbox.gateway import Fields, SandboxGateway, UnknownTrade
from emask.web.shell.forms import Form
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect


_MOST: Final = 30_000  # NT$, what banks let an ATM transfer


class Outcome(StrEnum):
    """What the visitor lets the bank do."""

    PAY = "pay"
    DECLINE = "decline"
    LATER = "later"


@get("/sandbox/pay/{trade_no:str}")
async def show_bank(page: ThisPage, trade_no: FromPath[str]) -> Response[str]:
    """The bank's page for one trade."""
    return await _bank(page, page.form(), trade_no)


@post("/sandbox/pay/{trade_no:str}", status_code=HTTP_200_OK)
async def pay(page: ThisPage, form: SentForm, trade_no: FromPath[str]) -> Answer:
    """Pay, be declined, or pay while the bank's word about it is held up."""
    outcome = form.choose("outcome", Outcome, page.say("選擇銀行怎麼處理"))
    if outcome is None:
        return await _bank(page, form, trade_no)
    gateway = _gateway(page)
    if outcome is Outcome.PAY:
        await _deliver(page, await gateway.pay(trade_no, at=page.now))
    elif outcome is Outcome.DECLINE:
        await _deliver(page, await gateway.decline(trade_no, at=page.now))
    back = page.asked("back")
    return page.go(f"/orders/{back}/paid" if back else "/progress")


@get("/sandbox/atm")
async def show_atm(page: ThisPage) -> Response[str]:
    """An ATM: account and amount."""
    return page.show("sandbox_pages/atm.html", {})


@post("/sandbox/atm", status_code=HTTP_200_OK)
async def transfer(page: ThisPage, form: SentForm) -> Answer:
    """A transfer; the wrong amount is taken too, as banks do."""
    account = normalize("NFKC", "".join(form.text("account").split()))
    amount = form.number("amount", _MOST, page.say("輸入 1 到 30,000 元的轉帳金額，例如 22"))
    gateway = _gateway(page)
    try:
        trade_no = await gateway.trade_to(account)
    except UnknownTrade:
        form.fail("account", page.say("沒有這個帳號。輸入繳費頁上的 16 碼帳號"))
    if not form.ok:
        return page.show(
            "sandbox_pages/atm.html", {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY
        )
    await _deliver(page, await gateway.pay(trade_no, at=page.now, amount=amount))
    return page.go("/progress")


async def _bank(page: Page, form: Form, trade_no: str) -> Response[str]:
    try:
        trade = await _gateway(page).trade_of(trade_no)
    except UnknownTrade:
        raise NotFoundException from None
    return page.show(
        "sandbox_pages/bank.html",
        {"form": form, "trade": trade, "back": page.asked("back")},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _deliver(page: Page, fields: Fields) -> None:
    await receive(page.system.db, page.system.clock, _gateway(page), fields=fields)


def _gateway(page: Page) -> SandboxGateway:
    gateway = page.system.partners.gateway
    if not isinstance(gateway, SandboxGateway):
        raise NotFoundException
    return gateway


DEMO = [show_bank, pay, show_atm, transfer]
