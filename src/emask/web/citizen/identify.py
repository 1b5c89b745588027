"""Choosing how to prove who one is, with each way's condition told before trying (A1-A15)."""

from enum import StrEnum

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.web.citizen.arrival import leave
from emask.web.shell.cookies import SESSION, forget_steps
from emask.web.shell.page import SentForm, ThisPage


class Way(StrEnum):
    """The ways in; the value is the path of the way's own page."""

    CARD = "card"
    CERTIFICATE = "certificate"
    MOBILE = "mobile"
    DEVICE_CODE = "device-code"
    DEVICE = "device"


@get("/identify")
async def ask_way(page: ThisPage) -> Response[str]:
    """Five ways; `?ended=1` tells that a session is over and that answers are kept."""
    return page.show("citizen/identify.html", {"ended": bool(page.asked("ended"))})


@post("/identify", status_code=HTTP_200_OK)
async def take_way(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """On to the page of the way."""
    way = form.choose("way", Way, page.say("選擇一種認證方式"))
    if way is None:
        return page.show(
            "citizen/identify.html",
            {"form": form, "ended": False},
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    return page.go(f"/identify/{way}")


@post("/sign-out", status_code=HTTP_200_OK)
async def sign_out(page: ThisPage) -> Redirect:
    """End the visit: on this machine, and for whoever holds a copy of its token."""
    await leave(page)
    answer = page.go("/")
    answer.delete_cookie(SESSION)
    forget_steps(answer)
    return answer


PUBLIC = [ask_way, take_way, sign_out]
