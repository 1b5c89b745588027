"""Counter, citizen and hotline hear one answer; every look of the hotline leaves a trace."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from uuid import UUID

import pytest

from emask.counter.service import check, sell
from emask.database.audit_log import first_broken_link
from emask.database.clock import SetClock
from emask.identity.registry import stop_card
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import Product, at
from emask.rules.people import last_digit
from emask.rules.refusals import Refusal
from emask.web.demo.stage import PHARMACY
from web.steps import ID_NUMBERS, be, be_staff, pay, register
from web.visitor import Visitor

ADULT_MASK, CHILD_MASK = Product.ADULT_MASK, Product.CHILD_MASK
Happening = Callable[["Scene"], Awaitable[None]]


class Scene:
    """One person, asked about at the counter, on the own page and at the hotline."""

    def __init__(self, visitor: Visitor, system: System) -> None:
        self.visitor = visitor
        self.system = system
        self.who = "ming"

    @property
    def id_number(self) -> str:
        return ID_NUMBERS[self.who]

    @property
    def person_id(self) -> UUID:
        return self.system.vault.person_id(self.id_number)

    async def set(self, instant: datetime) -> None:
        clock = self.system.clock
        assert isinstance(clock, SetClock)
        await clock.set(instant)

    async def execute(self, statement: str) -> None:
        async with self.system.db.transaction() as tx:
            await tx.execute(statement.encode(), (self.person_id,))

    async def buy(self) -> None:
        await sell(
            self.system.db,
            self.system.clock,
            self.system.vault,
            site_code=PHARMACY.site_code,
            id_number=self.id_number,
            product=ADULT_MASK,
            sold_by="pharmacist",
        )

    async def paid_preorder(self) -> None:
        await register(self.visitor, self.who)
        await advance_to(self.system, at(date(2020, 3, 19), 8))
        await be(self.visitor, self.who)
        await pay(self.visitor)

    async def at_the_counter(self, product: Product) -> Refusal:
        answer = await check(
            self.system.db,
            self.system.clock,
            self.system.vault,
            site_code=PHARMACY.site_code,
            id_number=self.id_number,
            product=product,
        )
        assert answer.refusal is not None
        return answer.refusal


def own_day(scene: Scene) -> datetime:
    """A day of this person's last digit."""
    return at(date(2020, 3, 16 if last_digit(scene.id_number) % 2 else 17), 10)


async def no_card(scene: Scene) -> None:
    await scene.execute("DELETE FROM nhi_card WHERE person_id = %s")


async def stopped_card(scene: Scene) -> None:
    async with scene.system.db.transaction() as tx:
        await stop_card(tx, person_id=scene.person_id)


async def child(scene: Scene) -> None:
    scene.who = "bao"


async def on_the_own_day(scene: Scene) -> None:
    await scene.set(own_day(scene))


async def on_another_day(scene: Scene) -> None:
    await scene.set(at(date(2020, 3, 17 if last_digit(scene.id_number) % 2 else 16), 10))


async def bought(scene: Scene) -> None:
    await scene.set(at(date(2020, 3, 15), 10))
    await scene.buy()
    await scene.set(own_day(scene))


async def paid(scene: Scene) -> None:
    await scene.paid_preorder()
    await scene.set(at(date(2020, 3, 29), 10))


async def deferred_to_the_last_day(scene: Scene) -> None:
    await scene.paid_preorder()
    await scene.execute("UPDATE claim SET during = '[2020-04-01,2020-04-08)' WHERE person_id = %s")
    await scene.set(at(date(2020, 3, 29), 10))


@pytest.mark.parametrize(
    ("code", "product", "happens"),
    [
        ("card_unknown", ADULT_MASK, no_card),
        ("card_inactive", ADULT_MASK, stopped_card),
        ("child_not_eligible", ADULT_MASK, child),
        ("product_not_for_adult", CHILD_MASK, on_the_own_day),
        ("wrong_day_odd_even", ADULT_MASK, on_another_day),
        ("interval_not_over", ADULT_MASK, bought),
        ("already_bought", ADULT_MASK, paid),
        ("would_void_preorder", ADULT_MASK, deferred_to_the_last_day),
    ],
)
async def test_counter_citizen_and_hotline_hear_the_same(
    visitor: Visitor, system: System, code: str, product: Product, happens: Happening
) -> None:
    """What else a counter refuses hangs on its stock or on its visitor, not on the person."""
    scene = Scene(visitor, system)
    await happens(scene)
    refusal = await scene.at_the_counter(product)
    assert refusal.code == code
    told = [*refusal.text("zh").split("\n"), refusal.next_step("zh")]
    await be(visitor, scene.who)
    own = (await visitor.go("/progress")).html
    await be_staff(visitor, "hotline")
    await visitor.go("/operator/person")
    hotline = (await visitor.submit(id_number=scene.id_number)).html
    for line in told:
        assert f">{line}</p>" in own, line
        assert f">{line}</p>" in hotline, line
    if code in ("child_not_eligible", "product_not_for_adult"):
        return  # the terminal asks for the person's own product by itself
    await be_staff(visitor, "pharmacist")
    terminal = (await visitor.submit("id_number", id_number=scene.id_number)).html
    for line in told:
        assert f">{line}</p>" in terminal, line


async def test_the_place_and_the_day_of_the_earlier_purchase_are_told(
    visitor: Visitor, system: System
) -> None:
    scene = Scene(visitor, system)
    await bought(scene)
    await be(visitor)
    page = await visitor.go("/progress")
    assert f"上次購買日是3月15日（星期日），在{PHARMACY.name}。" in page.text
    assert "3月22日（星期日）起可以再購買。" in page.text


async def test_the_hotline_sees_orders_notices_and_no_name(
    visitor: Visitor, system: System
) -> None:
    await Scene(visitor, system).paid_preorder()
    await be_staff(visitor, "hotline")
    assert visitor.page.path == "/zh/operator/person"
    found = await visitor.submit(id_number=ID_NUMBERS["ming"].lower())
    assert found.status == 200
    assert "王○明，" in found.text
    assert ID_NUMBERS["ming"] not in found.html
    assert "王小明" not in found.text
    assert "已繳費" in found.text
    assert "這筆訂單的簡訊通知" in found.text
    assert "這個人沒有預購" in (await visitor.submit(id_number=ID_NUMBERS["bao"])).text


async def test_every_look_is_in_the_audit_log(visitor: Visitor, system: System) -> None:
    stranger = "A223456781"
    await be_staff(visitor, "hotline")
    await visitor.submit(id_number=ID_NUMBERS["ming"])
    unknown = await visitor.submit(id_number=stranger)
    assert unknown.status == 422
    assert "健保資料中沒有這個號碼" in unknown.text
    assert (await visitor.submit(id_number="A1")).status == 422  # nobody was looked at
    async with system.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT actor, subject, detail FROM audit_log WHERE act = 'look_up_person' ORDER BY seq"
        )
        assert await cursor.fetchall() == [
            ("hotline", str(system.vault.person_id(ID_NUMBERS["ming"])), {"found": True}),
            ("hotline", str(system.vault.person_id(stranger)), {"found": False}),
        ]
        assert await first_broken_link(tx) is None


async def test_the_hotline_may_look_and_nothing_else(visitor: Visitor) -> None:
    await be_staff(visitor, "hotline")
    for other in ("/operator", "/operator/refunds", "/operator/reopen", "/counter", "/office"):
        assert (await visitor.go(other)).status == 403
    await be_staff(visitor, "operator")
    assert "/zh/operator/person" in visitor.page.links
    assert (await visitor.go("/operator/person")).status == 200
    await be_staff(visitor, "pharmacist")
    assert (await visitor.go("/operator/person")).status == 403
