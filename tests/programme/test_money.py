"""The chores of money: each does its own, none stops another, and no day is forgotten."""

import logging
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from emask.payment.ports import Gateway, Gateways, NoAnswer, Paused, UnreadableFile
from emask.payment.service import start_payment
from emask.programme.money import MoneyChores, look_after_money, reconcile_past_days
from emask.programme.money_watch import MoneyWatch
from emask.programme.system import System
from emask.rules.calendar import at, day_in_taipei
from emask.rules.price import Method
from emask.sandbox.paying import go_to_gateway
from payment.books import FakeGateway
from programme.play import Play

NOTHING = MoneyChores()


@dataclass(slots=True)
class Seconds:
    """A clock that goes forward when it is told to."""

    now: float = 1000

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Asked(FakeGateway):
    """Remembers which days it was asked for."""

    days: list[date] = field(default_factory=list)

    async def settled(self, day: date, *, at: datetime) -> None:
        self.days.append(day)
        if isinstance(self.file, Exception):
            raise self.file


def over(play: Play, *gateways: Gateway, seconds: Seconds | None = None) -> System:
    """The play's system with other gateways."""
    first = gateways[0].name
    return replace(
        play.system,
        partners=replace(
            play.system.partners, gateways=Gateways(gateways, dict.fromkeys(Method, first))
        ),
        money_watch=MoneyWatch(seconds or Seconds()),
    )


async def at_the_opening_of_payment(play: Play) -> list[int]:
    await play.register(8)
    await play.until(play.round.pay_from)
    return await play.selected()


async def left_at_the_gateway(play: Play, number: int) -> str:
    """An account for a transfer that is still to be made; the trade's number."""
    payer = play.person_id(number)
    started = await start_payment(
        play.system.db,
        play.clock,
        play.sandbox.gateways,
        person_id=payer,
        round=play.round,
        method=Method.ATM,
    )
    return await go_to_gateway(play.system, play.sandbox, started, payer=payer)


async def days_done(system: System) -> list[tuple[str, date]]:
    async with system.db.connection() as connection:
        cursor = await connection.execute(
            "SELECT gateway, day FROM reconciliation ORDER BY day, gateway"
        )
        return [(gateway, day) for gateway, day in await cursor.fetchall()]


async def test_yesterday_is_reconciled_once_its_file_is_there(play: Play) -> None:
    selected = await at_the_opening_of_payment(play)
    await play.pay(selected[:3])
    day = day_in_taipei(play.round.pay_from)
    before = at(day + timedelta(days=1), 9, 59)
    await play.clock.set(before)
    await look_after_money(play.system)
    assert ("ecpay", day) not in await days_done(play.system)

    await play.clock.set(before + timedelta(minutes=1))
    done = await look_after_money(play.system)
    assert (done.reconciled, done.unexplained, done.failed) == (2, 0, 0)
    assert ("ecpay", day) in await days_done(play.system)
    assert ("newebpay", day) in await days_done(play.system)
    again = await look_after_money(play.system)
    assert again.reconciled == 0


async def test_a_lost_push_is_asked_for_in_time(play: Play) -> None:
    """The payer's bank has paid, and nothing of it ever came."""
    selected = await at_the_opening_of_payment(play)
    trade_no = await left_at_the_gateway(play, selected[0])
    await play.sandbox.payers.pay(trade_no, at=await play.clock.now())
    await play.clock.set(play.round.pay_until + timedelta(minutes=15))
    done = await look_after_money(play.system)
    assert (done.asked, done.told, done.unanswered, done.failed) == (1, 1, 0, 0)
    progress = await play.progress(selected[0])
    assert progress is not None
    assert progress.state == "paid"


async def test_missed_days_are_made_up_for_one_at_a_time(play: Play) -> None:
    selected = await at_the_opening_of_payment(play)
    await play.pay(selected[:1])
    first = day_in_taipei(play.round.pay_from)
    await play.clock.set(play.round.pay_from + timedelta(days=1))
    await play.pay(selected[1:2])
    await play.clock.set(at(first + timedelta(days=9), 12))
    for _ in range(4):
        await look_after_money(play.system)
    days = [day for gateway, day in await days_done(play.system) if gateway == "ecpay"]
    assert days == [first, first + timedelta(days=1), first + timedelta(days=8)]


async def test_what_is_left_to_reconcile_can_be_done_at_once(play: Play) -> None:
    selected = await at_the_opening_of_payment(play)
    await play.pay(selected[:1])
    await play.clock.set(play.round.pay_from + timedelta(days=1))
    await play.pay(selected[1:2])
    await play.clock.set(play.round.pay_from + timedelta(days=9, hours=4))
    done = await reconcile_past_days(play.system)
    assert (done.reconciled, done.unexplained, done.failed) == (4, 0, 0)
    assert await reconcile_past_days(play.system) == NOTHING

    silent = Asked(file=NoAnswer("asleep"))
    await play.clock.set(play.round.pay_from + timedelta(days=10, hours=4))
    assert await reconcile_past_days(over(play, silent)) == MoneyChores(failed=1)


@pytest.mark.parametrize(
    "failure",
    [NoAnswer("asleep"), UnreadableFile("row 3"), Paused(at(date(2020, 3, 1)))],
    ids=lambda each: type(each).__name__,
)
async def test_who_does_not_answer_is_tried_again_ten_minutes_later(
    play: Play, failure: Exception
) -> None:
    seconds = Seconds()
    gateway = Asked(file=failure)
    system = over(play, gateway, seconds=seconds)
    await play.clock.set(at(date(2020, 3, 13), 12))
    assert (await look_after_money(system)).failed == 1
    assert await look_after_money(system) == NOTHING
    seconds.now += 599
    assert await look_after_money(system) == NOTHING
    seconds.now += 1
    gateway.file = None
    assert (await look_after_money(system)).reconciled == 1
    assert gateway.days == [date(2020, 3, 12)] * 2
    seconds.now += 600
    assert await look_after_money(system) == NOTHING


async def test_one_gateway_s_silence_stops_no_other(play: Play) -> None:
    silent, well = Asked(file=NoAnswer("asleep")), Asked(name="newebpay", file=None)
    await play.clock.set(at(date(2020, 3, 13), 12))
    done = await look_after_money(over(play, silent, well))
    assert (done.failed, done.reconciled) == (1, 1)


async def test_a_chore_that_breaks_stops_no_other_and_its_words_are_not_logged(
    play: Play, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Asked(file=RuntimeError("A123456789"))
    well = Asked(name="newebpay", file=None)
    await play.clock.set(at(date(2020, 3, 13), 12))
    caplog.set_level(logging.INFO)
    done = await look_after_money(over(play, broken, well))
    assert (done.failed, done.reconciled) == (1, 1)
    assert "RuntimeError" in caplog.text
    assert "A123456789" not in caplog.text


async def test_even_the_first_chore_may_break(play: Play) -> None:
    selected = await at_the_opening_of_payment(play)
    trade_no = await left_at_the_gateway(play, selected[0])
    gateway = FakeGateway(answers={trade_no: RuntimeError("broken")})
    await play.clock.set(play.round.pay_until + timedelta(minutes=15))
    done = await look_after_money(over(play, gateway))
    assert gateway.asked == [trade_no]
    assert (done.failed, done.reconciled) == (1, 1)
