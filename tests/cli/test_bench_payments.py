"""The run of payments: it loses nothing, and would not hide it if it did."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emask.cli.bench_bed import free_port
from emask.cli.bench_payments import PaymentsBench, _told, carry_out
from emask.cli.bench_payments_plan import Plan, Push, make_plan
from emask.cli.bench_payments_shop import Shop, open_shop
from emask.partners.ecpay import NotGenuine, PushKind, read_push_body

FINE = PaymentsBench(
    payments=100,
    paid_orders=100,
    ledger_total=2200,
    file_total=2200,
    differences=0,
    to_give_back=0,
    duplicates=10,
    reordered=5,
    forged=1,
    forged_taken=0,
    kills=1,
    told_again=3,
    seconds=2.0,
    down_seconds=1.0,
    payments_per_second=100.0,
)


@pytest.fixture
async def shop(database_url: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(database_url, tmp_path / "keys.json", port=free_port()) as opened:
        yield opened


def kind(shop: Shop, push: Push) -> tuple[str, str | None]:
    try:
        told = read_push_body(push.body, shop.sandbox.ecpay)
    except NotGenuine:
        return "forged", None
    return told.trade_no, told.kind


async def reasons(shop: Shop) -> dict[str, int]:
    """How many trades ledger and file do not agree on, by why."""
    async with shop.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT reason, count(*) FROM reconciliation_difference GROUP BY reason"
        )
        return dict(await cursor.fetchall())


async def test_what_is_planned_is_told(shop: Shop) -> None:
    plan = await make_plan(shop, 200)
    assert (plan.payments, plan.duplicates, plan.reordered, plan.forged) == (200, 20, 10, 2)
    told = [kind(shop, push) for push in plan.pushes]
    money = [trade for trade, what in told if what is PushKind.PAID]
    issued = [trade for trade, what in told if what is PushKind.ACCOUNT_ISSUED]
    assert (len(money), len(set(money))) == (220, 200)
    assert len(issued) == 200 // 3
    assert [push.genuine for push in plan.pushes].count(False) == 2
    assert told.count(("forged", None)) == 2
    first = {each: place for place, each in reversed([*enumerate(told)])}
    swapped = [
        trade
        for trade in issued
        if first[trade, PushKind.PAID] < first[trade, PushKind.ACCOUNT_ISSUED]
    ]
    assert len(swapped) == plan.reordered


async def test_the_ledger_is_the_banks_file_though_the_web_is_killed(shop: Shop) -> None:
    found = await carry_out(shop, await make_plan(shop, 300), kills=1)
    assert found.sound, found
    assert (found.ledger_total, found.file_total) == (300 * 22, 300 * 22)
    assert (found.kills, found.duplicates, found.forged) == (1, 30, 3)
    assert found.told_again > 0
    assert found.down_seconds > 0.5  # it was really gone, and came again
    assert await reasons(shop) == {}


async def test_a_lost_message_and_one_that_counts_twice_show(shop: Shop) -> None:
    """The negative control: the guard against repetition is off, and one message is lost."""
    plan = await make_plan(shop, 40)
    async with shop.db.transaction() as tx:
        await tx.execute(
            "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.message_id := gen_random_uuid()::text; RETURN NEW; END';"
            "CREATE TRIGGER forget BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION forget()"
        )
    found = await carry_out(shop, without_one(shop, plan), kills=0)
    assert not found.sound
    assert await reasons(shop) == {"wrong_amount": plan.duplicates, "not_in_ledger": 1}
    assert found.ledger_total - found.file_total == 22 * (plan.duplicates - 1)
    assert (found.paid_orders, found.differences) == (39, plan.duplicates + 1)
    assert found.to_give_back == 22 * plan.duplicates


def without_one(shop: Shop, plan: Plan) -> Plan:
    """Lose the money of a trade that is told of once."""
    told = [kind(shop, push) for push in plan.pushes]
    lost = next(
        place
        for place, each in enumerate(told)
        if each[1] is PushKind.PAID and told.count(each) == 1
    )
    return replace(plan, pushes=[*plan.pushes[:lost], *plan.pushes[lost + 1 :]])


@pytest.mark.parametrize(
    "changed",
    [
        {"ledger_total": 2178},
        {"file_total": 2222},
        {"paid_orders": 99},
        {"differences": 1},
        {"to_give_back": 22},
        {"forged_taken": 1},
    ],
)
def test_anything_that_does_not_add_up_is_unsound(changed: dict[str, Any]) -> None:
    assert FINE.sound
    assert not replace(FINE, **changed).sound
    assert "differences 0" in _told(FINE)
