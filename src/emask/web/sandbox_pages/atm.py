"""The demo's ATM: a bank that transfers any amount, and whose word comes as a gateway brings it."""

from typing import Final
from unicodedata import normalize

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.sandbox.ecpay import UnknownTrade
from emask.sandbox.paying import living_account, transfer
from emask.sandbox.system import Sandbox, sandbox_of
from emask.web.shell.page import Page, SentForm, ThisPage

_MOST: Final = 30_000  # NT$, what banks let an ATM transfer


@get("/sandbox/atm")
async def show_atm(page: ThisPage) -> Response[str]:
    """An ATM: account and amount."""
    return page.show("sandbox_pages/atm.html", {})


@post("/sandbox/atm", status_code=HTTP_200_OK)
async def use_atm(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """A transfer; the wrong amount is taken too, as banks do."""
    account = normalize("NFKC", "".join(form.text("account").split()))
    amount = form.number("amount", _MOST, page.say("輸入 1 到 30,000 元的轉帳金額，例如 22"))
    sandbox = _sandbox(page)
    try:
        trade = await living_account(sandbox, account, at=page.now)
    except UnknownTrade:
        form.fail("account", page.say("這個帳號不存在或已過期。輸入繳費頁上的 16 碼帳號"))
    if not form.ok:
        return page.show(
            "sandbox_pages/atm.html", {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY
        )
    await transfer(sandbox, trade, amount=amount, at=page.now)
    return page.go("/progress")


def _sandbox(page: Page) -> Sandbox:
    sandbox = sandbox_of(page.system)
    if sandbox is None:
        raise NotFoundException
    return sandbox


DEMO = [show_atm, use_atm]
