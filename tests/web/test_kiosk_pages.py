"""The kiosk: a slip for who has a pack here, and for everybody else what to do instead."""

from datetime import date

import pytest

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.people import make_national_id
from emask.rules.pickup import pickup_number as well_formed
from emask.sandbox.network import made_up_stores
from emask.web.demo.stage import STORE
from web.steps import ID_NUMBERS, be, be_staff, pay, pickup_number, print_slip, register
from web.visitor import Sheet, Visitor

MING = ID_NUMBERS["ming"]
PUBLISHED, COLLECTION = at(date(2020, 3, 19), 8), at(date(2020, 3, 26), 9)
WRONG = well_formed("00000000")


async def paid(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    await pay(visitor)


async def at_the_kiosk(visitor: Visitor, system: System) -> None:
    """On the first day of collection."""
    await paid(visitor, system)
    await advance_to(system, COLLECTION)
    await be_staff(visitor, "kiosk")


async def entry_number(system: System) -> str:
    """The first eight characters, as they stand in a confirmation."""
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT left(ticket::text, 8) FROM preorder")
        row = await cursor.fetchone()
    assert row
    return str(row[0])


async def ask(visitor: Visitor, number: str, id_number: str = MING) -> Sheet:
    await visitor.go("/kiosk")
    return await visitor.submit(pickup_number=number, id_number=id_number)


async def change(system: System, statement: str, *parameters: object) -> None:
    async with system.db.transaction() as tx:
        await tx.execute(statement.encode(), parameters)


async def test_the_slip_bears_a_bag_a_masked_name_and_documents_alone(
    visitor: Visitor, system: System
) -> None:
    await at_the_kiosk(visitor, system)
    number = await pickup_number(system)
    slip = await visitor.submit(
        pickup_number=f"{number[:3]} {number[3:6]}-{number[6:]}", id_number=MING
    )
    assert "袋號 1 預購者 王○明 證件 身分證、健保卡、駕照" in slip.text
    assert "有效到 3月26日（星期四）上午 11:00" in slip.text
    for told in (MING, number, "王小明", "0912"):
        assert told not in slip.html
    assert "data-idle" in slip.html


async def test_every_slip_has_another_number_and_the_database_none(
    visitor: Visitor, system: System
) -> None:
    await at_the_kiosk(visitor, system)
    first = await print_slip(visitor, system)
    await visitor.go("/kiosk")
    second = await print_slip(visitor, system)
    assert first != second
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT slip::text FROM slip")
        kept = [row[0] for row in await cursor.fetchall()]
    assert len(kept) == 2
    assert not [row for row in kept if first in row or second in row]


async def test_what_is_mistyped_is_corrected_and_kept(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "kiosk")
    typo = await visitor.submit(pickup_number="123", id_number="A1")
    assert typo.status == 422
    assert {"#pickup_number", "#id_number"} <= set(typo.links)


async def test_a_stranger_and_a_wrong_number_get_the_very_same_page(
    visitor: Visitor, system: System
) -> None:
    await at_the_kiosk(visitor, system)
    right = await pickup_number(system)
    answers = [
        await ask(visitor, WRONG),  # somebody with a pack here
        await ask(visitor, right, ID_NUMBERS["tong"]),  # without one
        await ask(visitor, right, make_national_id(7_777_777)),  # in no register
    ]
    assert {answer.status for answer in answers} == {422}
    assert len({answer.text for answer in answers}) == 1


async def test_too_many_wrong_numbers_pause_the_kiosk_in_words_of_its_own(
    visitor: Visitor, system: System
) -> None:
    await at_the_kiosk(visitor, system)
    for _ in range(6):
        answer = await ask(visitor, WRONG)
    assert answer.status == 429
    assert "上午 9:15起可以再試" in answer.text
    assert "由店員協助" in answer.text
    assert "/zh/identify" not in answer.links


async def test_another_store_is_named(visitor: Visitor, system: System) -> None:
    await at_the_kiosk(visitor, system)
    other = made_up_stores(2)[1]
    await change(
        system,
        "UPDATE staff SET chain = %s, store_code = %s WHERE username = 'kiosk'",
        other.chain,
        other.code,
    )
    await be_staff(visitor, "kiosk")
    refused = await ask(visitor, await pickup_number(system))
    assert refused.status == 409
    assert f"領取門市：7-11 {STORE.name}" in refused.text


async def test_a_closed_store_is_to_be_chosen_anew(visitor: Visitor, system: System) -> None:
    await paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 24), 9))
    await change(system, "UPDATE store SET open = false WHERE store_code = %s", STORE.code)
    await be_staff(visitor, "kiosk")
    refused = await ask(visitor, await pickup_number(system))
    assert "這家門市已停止營業" in refused.text
    assert "改選附近營業中的門市" in refused.text


async def test_what_is_not_there_yet_and_from_when(visitor: Visitor, system: System) -> None:
    await paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 23), 9))
    await be_staff(visitor, "kiosk")
    refused = await ask(visitor, await pickup_number(system))
    assert "這份口罩還沒有到店" in refused.text
    assert "預計3月26日（星期四）到店" in refused.text


async def test_too_early_and_from_when(visitor: Visitor, system: System) -> None:
    await paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 22), 10))
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=MING)
    await visitor.submit("sale_id")
    await advance_to(system, COLLECTION)
    await be_staff(visitor, "kiosk")
    refused = await ask(visitor, await pickup_number(system))
    assert "3月29日（星期日）起可以領取" in refused.text


async def test_when_it_is_over(visitor: Visitor, system: System) -> None:
    await paid(visitor, system)
    await advance_to(system, at(date(2020, 4, 2), 9))
    await be_staff(visitor, "kiosk")
    refused = await ask(visitor, await pickup_number(system))
    assert "視為放棄" in refused.text
    assert "期限是4月1日（星期三）" in refused.text


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_without_a_pickup_number_the_entrys_own_tells_why(
    visitor: Visitor, system: System, language: str
) -> None:
    """Before the draw, before payment, after its deadline."""
    await register(visitor)
    number = await entry_number(system)
    visitor.language = language
    await be_staff(visitor, "kiosk")
    told = [(await ask(visitor, number.upper())).text]
    for later in (PUBLISHED, at(date(2020, 3, 22), 8)):
        await advance_to(system, later)
        await be_staff(visitor, "kiosk")  # their shift ended long ago
        told.append((await ask(visitor, number)).text)
    expected = {
        "zh": ("還沒有公布抽籤結果", "這筆預購沒有繳費", "繳費已經截止"),
        "en": ("The draw's result is not out yet", "not paid", "Payment has closed"),
    }
    for words, text in zip(expected[language], told, strict=True):
        assert words in text


async def test_cancelled_and_not_selected_in_words_of_their_own(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    number = await entry_number(system)
    await be(visitor)
    await visitor.go("/orders/2020-1/cancel")
    await visitor.submit()
    await be_staff(visitor, "kiosk")
    assert "這筆預購已經取消" in (await ask(visitor, number)).text
    await change(system, "UPDATE preorder SET state = 'registered'")
    await advance_to(system, PUBLISHED)
    await change(system, "DELETE FROM orders")  # as if somebody else had been drawn
    await be_staff(visitor, "kiosk")
    assert "這筆預購未中籤" in (await ask(visitor, number)).text


async def test_the_entrys_number_prints_nothing(visitor: Visitor, system: System) -> None:
    """It stands in a public list; the pack goes by its own number alone."""
    await at_the_kiosk(visitor, system)
    answer = await ask(visitor, await entry_number(system))
    assert answer.status == 409
    assert "憑取貨編號領取" in answer.text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT count(*) FROM slip")
        assert await cursor.fetchone() == (0,)
