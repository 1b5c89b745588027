"""Steps that many visits begin with."""

import re

from emask.programme.system import System
from emask.web.demo.stage import STORE
from emask.web.sandbox_pages.cast import CAST, PASSWORD
from web.visitor import Visitor

SHOP = f"{STORE.chain}:{STORE.code}"
ID_NUMBERS = {each.key: each.person.id_number for each in CAST}
MOBILES = {each.key: each.person.mobile or "" for each in CAST}


async def sign_in(visitor: Visitor, who: str = "ming") -> None:
    """With the NHI card, as people do."""
    await visitor.go("/identify/card")
    await visitor.submit(demo_card=who, password=PASSWORD)


async def bind_own_phone(visitor: Visitor, who: str = "ming") -> None:
    """With the own number, through the operator, on a phone that is unlocked then."""
    await visitor.go("/identify/mobile")
    await visitor.submit(id_number=ID_NUMBERS[who], mobile=MOBILES[who], demo_phone=who)
    await visitor.post("/identify/bind")


async def be(visitor: Visitor, who: str = "ming", *, on: str = "computer") -> None:
    """With one click, as the demo does."""
    await visitor.go("/demo")
    await visitor.post("/demo/sign-in", person=who, on=on)


async def be_staff(visitor: Visitor, username: str) -> None:
    """With one click."""
    await visitor.go("/demo")
    await visitor.post("/demo/staff", username=username)


async def register(visitor: Visitor, who: str = "ming", *, on: str = "computer") -> None:
    """Pre-order at the demo clerk's store."""
    await be(visitor, who, on=on)
    await visitor.submit(q=STORE.name)
    await visitor.submit(store=SHOP)
    await visitor.submit(mobile="0912 345 678")
    await visitor.submit("submission_id")


async def go_and_pay(visitor: Visitor, method: str = "credit_card") -> None:
    """Choose how to pay and go to the gateway's page."""
    await visitor.go("/orders/2020-1/pay")
    await visitor.submit(method=method)
    await visitor.submit("CheckMacValue")


async def pay(visitor: Visitor, method: str = "credit_card") -> None:
    """Pay at the gateway and come back."""
    await go_and_pay(visitor, method)
    await visitor.submit(decision="pay")
    await visitor.submit("CheckMacValue")


async def get_account(visitor: Visitor) -> str:
    """Have the gateway issue an account and come back to where it is shown."""
    await go_and_pay(visitor, "atm")
    await visitor.go("/orders/2020-1/paid")
    return visitor.form("account").values["account"]


async def pickup_number(system: System) -> str:
    """The pick-up number of the one parcel that there is."""
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT pickup_number FROM parcel")
        row = await cursor.fetchone()
    assert row
    return str(row[0])


async def print_slip(visitor: Visitor, system: System, who: str = "ming") -> str:
    """At the kiosk, whose page is open; returns the slip's number."""
    number = await pickup_number(system)
    slip = await visitor.submit(pickup_number=number, id_number=ID_NUMBERS[who])
    printed = re.search(r"paper__number\">(.*?)</p>", slip.html)
    assert printed
    return re.sub(r"\D", "", re.sub("<.*?>", "", printed[1]))
