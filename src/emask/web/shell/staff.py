"""Staff sign in once, and each role goes to its own screen."""

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.identity.model import StaffRole
from emask.identity.session_ends import end_session
from emask.identity.staff import FirstPassword, sign_in_staff, sign_out_staff
from emask.identity.staff_accounts import choose_staff_password
from emask.rules.people import InvalidEntry
from emask.rules.refusals import WrongPassword
from emask.web.shell.cookies import SESSION, STAFF, cookie, forget_steps
from emask.web.shell.forms import Form
from emask.web.shell.limits import Way, address_of, limited
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect

SCREENS = {
    StaffRole.PHARMACIST: "/counter",
    StaffRole.CLERK: "/till",
    StaffRole.KIOSK: "/kiosk",
    StaffRole.OFFICER: "/office",
    StaffRole.CENTRE: "/centre",
    StaffRole.OPERATOR: "/operator",
    StaffRole.HOTLINE: "/operator/person",
}


@get("/staff")
async def show_own_screen(page: ThisPage) -> Redirect:
    """On to the screen of who is signed in."""
    return page.go(SCREENS[page.member.role] if page.member else "/staff/sign-in")


@get("/staff/sign-in")
async def ask_account(page: ThisPage) -> Response[str]:
    """Account and password."""
    return page.show("shell/staff_sign_in.html", {"chosen": bool(page.asked("chosen"))})


@post("/staff/sign-in", status_code=HTTP_200_OK)
async def take_account(page: ThisPage, form: SentForm) -> Answer:
    """Begin a shift."""
    username = form.require("username", page.say("輸入帳號"))
    password = form.require("password", page.say("輸入密碼"))
    if not form.ok:
        return _again(page, form)
    try:
        async with limited(page, Way.STAFF):
            staff = await sign_in_staff(
                page.system.db,
                page.system.clock,
                username=username,
                password=password,
                address=address_of(page),
            )
    except WrongPassword:
        form.fail("username", page.say("帳號或密碼不符，核對後再輸入一次"))
        return _again(page, form)
    except FirstPassword:
        return page.go("/staff/password?first=1")
    answer = page.go(SCREENS[staff.role])
    answer.set_cookie(cookie(STAFF, page.system.sessions.issue_staff(staff)))
    return answer


@get("/staff/password")
async def ask_new_password(page: ThisPage) -> Response[str]:
    """Account, password, and another one."""
    return _show_choice(page, page.form())


@post("/staff/password", status_code=HTTP_200_OK)
async def take_new_password(page: ThisPage, form: SentForm) -> Answer:
    """Change the password of an account; whoever was handed one has to. Sessions end."""
    username = form.require("username", page.say("輸入帳號"))
    password = form.require("password", page.say("輸入密碼"))
    new = form.require("new", page.say("輸入密碼"))
    if not form.ok:
        return _show_choice(page, form)
    try:
        async with limited(page, Way.STAFF):
            await choose_staff_password(
                page.system.db,
                page.system.clock,
                username=username,
                password=password,
                new=new,
                address=address_of(page),
            )
    except WrongPassword:
        form.fail("username", page.say("帳號或密碼不符，核對後再輸入一次"))
    except InvalidEntry as entry:
        unchanged = entry.reason == "unchanged"
        text = page.say("選一個和現在不同的密碼") if unchanged else entry.text(page.language.code)
        form.fail("new", text)
    if not form.ok:
        return _show_choice(page, form)
    return page.go("/staff/sign-in?chosen=1")


@post("/staff/sign-out", status_code=HTTP_200_OK)
async def end_shift(page: ThisPage) -> Redirect:
    """End a shift, and with it the session of a person being served."""
    answer = page.go("/staff/sign-in")
    answer.delete_cookie(STAFF)
    forget_steps(answer)
    if page.member is None:
        return answer
    if page.member.role is StaffRole.OFFICER:
        if page.visitor is not None:
            await end_session(page.system.identity, session=page.visitor)
        answer.delete_cookie(SESSION)
    system = page.system
    await sign_out_staff(system.db, system.clock, system.sessions.ended, session=page.member)
    return answer


def _again(page: Page, form: Form) -> Response[str]:
    return page.show(
        "shell/staff_sign_in.html", {"form": form}, status=HTTP_422_UNPROCESSABLE_ENTITY
    )


def _show_choice(page: Page, form: Form) -> Response[str]:
    return page.show(
        "shell/staff_password.html",
        {"form": form, "first": bool(page.asked("first"))},
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


PUBLIC = [
    show_own_screen,
    ask_account,
    take_account,
    ask_new_password,
    take_new_password,
    end_shift,
]
