"""Whoever was handed a password chooses another before anything else."""

from emask.identity.model import StaffRole
from emask.identity.staff_accounts import AccountOf, open_account
from emask.programme.system import System
from web.visitor import Visitor

FIRST, OWN = "K7M-4QX-9RD-W2F", "a long password"


async def test_the_first_sign_in_leads_to_a_password_of_ones_own(
    visitor: Visitor, system: System
) -> None:
    await open_account(
        system.db,
        system.clock,
        username="hl-centre-1",
        of=AccountOf(role=StaffRole.CENTRE, chain="HL"),
        first=FIRST,
        by="operator",
    )
    await visitor.go("/staff/sign-in")
    choice = await visitor.submit("password", username="hl-centre-1", password=FIRST)
    assert "第一次登入" in choice.text
    assert (await visitor.go("/centre")).path == "/zh/staff/sign-in"
    await visitor.go("/staff/password")
    whose = {"username": "hl-centre-1"}
    wrong = await visitor.submit("new", **whose, password="not that", new=OWN)
    assert "帳號或密碼不符" in wrong.text
    same = await visitor.submit("new", **whose, password=FIRST, new=FIRST)
    assert "選一個和現在不同的密碼" in same.text
    assert (await visitor.submit("new", **whose, password=FIRST, new="short")).status == 422
    assert (await visitor.submit("new", **whose, password="", new=OWN)).status == 422
    chosen = await visitor.submit("new", **whose, password=FIRST, new=OWN)
    assert "用新的密碼登入" in chosen.text
    await visitor.submit("password", **whose, password=OWN)
    assert visitor.page.path == "/zh/centre"
    assert "萊爾富" in visitor.page.heading
