"""``emask bench payments``: a day of payments told badly, and whether the ledger is right.

The real web application hears the sandboxed ECPay over HTTP: of every payment, some twice, some in
reverse, and of payments that were never made. Its processes are killed on the way. In the end the
ledger is held against ECPay's own file of the day, trade by trade.
"""

import asyncio
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from emask.cli.bench_bed import cleaning_up_when_ended, durable_server, free_port
from emask.cli.bench_payments_plan import Plan, make_plan
from emask.cli.bench_payments_shop import Shop, open_shop
from emask.cli.bench_payments_telling import tell
from emask.payment.reconciliation import take_file
from emask.payment.reconciliation_model import Reconciliation
from emask.payment.service import money_of
from emask.rules.calendar import day_in_taipei


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsBench:
    """What was told and what came of it. Totals are NT$.

    `differences` are trades on which ledger and file do not agree, `forged_taken` forgeries that
    were taken, `told_again` counts messages that were not taken the first time. Telling took
    `seconds`, `down_seconds` of them without a web application; the rate is over the others.
    """

    payments: int
    paid_orders: int
    ledger_total: int
    file_total: int
    differences: int
    to_give_back: int
    duplicates: int
    reordered: int
    forged: int
    forged_taken: int
    kills: int
    told_again: int
    seconds: float
    down_seconds: float
    payments_per_second: float

    @property
    def sound(self) -> bool:
        """Whether every payment paid its order, once, and nothing else did."""
        return (
            self.ledger_total == self.file_total
            and self.paid_orders == self.payments
            and not (self.differences or self.to_give_back or self.forged_taken)
        )


def run_payments_bench(*, payments: int, kills: int = 3) -> PaymentsBench:
    """Measure on an embedded database of its own; 20,000 payments take some minutes."""
    with durable_server() as server:
        keys_file = server.data / "keys.json"
        return asyncio.run(_run(server.url(), keys_file, payments=payments, kills=kills))


async def _run(url: str, keys_file: Path, *, payments: int, kills: int) -> PaymentsBench:
    async with open_shop(url, keys_file, port=free_port()) as shop:
        return await carry_out(shop, await make_plan(shop, payments), kills=kills)


async def carry_out(shop: Shop, plan: Plan, *, kills: int) -> PaymentsBench:
    """Tell what is planned and hold the ledger against ECPay's file."""
    told = await tell(shop, plan.pushes, kills=kills)
    held = await _reconciled(shop)
    async with shop.db.transaction() as tx:
        money = await money_of(tx, shop.round.id)
        cursor = await tx.execute("SELECT count(*) FROM orders WHERE state = 'paid'")
        (paid_orders,) = await cursor.fetchone() or (0,)
    return PaymentsBench(
        payments=plan.payments,
        paid_orders=paid_orders,
        ledger_total=held.day.ledger_total,
        file_total=held.day.file_total,
        differences=len(held.differences),
        to_give_back=money.refunds_due,
        duplicates=plan.duplicates,
        reordered=plan.reordered,
        forged=plan.forged,
        forged_taken=told.forged_taken,
        kills=told.kills,
        told_again=told.again,
        seconds=told.seconds,
        down_seconds=told.down,
        payments_per_second=plan.payments / (told.seconds - told.down),
    )


async def _reconciled(shop: Shop) -> Reconciliation:
    """The day held against its file as it came: nothing is asked about that a push has to tell."""
    gateway = shop.sandbox.gateways.named("ecpay")
    day = day_in_taipei(await shop.clock.now())
    tomorrow = await shop.clock.now() + timedelta(days=1)
    await shop.clock.set(tomorrow)
    rows = await gateway.settled(day, at=tomorrow)
    return await take_file(shop.db, shop.clock, gateway=gateway.name, day=day, rows=rows or ())


def bench_payments(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
    payments: Annotated[int, typer.Option(min=1, help="How many orders are paid.")] = 20_000,
    kills: Annotated[int, typer.Option(min=0, help="How often the web is killed.")] = 3,
) -> None:
    """Have payments told twice, in reverse and forged, kill the web, and check the ledger."""
    with cleaning_up_when_ended():
        found = run_payments_bench(payments=payments, kills=kills)
    typer.echo(json.dumps(asdict(found)) if as_json else _told(found))
    if not found.sound:
        raise typer.Exit(1)


def _told(found: PaymentsBench) -> str:
    return f"""\
payments        {found.payments:>10,}  {found.payments_per_second:,.0f} a second, \
in {found.seconds:,.0f} s with {found.down_seconds:,.0f} s of no web
orders paid     {found.paid_orders:>10,}
ledger       NT$ {found.ledger_total:>9,}
ECPay's file NT$ {found.file_total:>9,}  differences {found.differences:,}, \
to give back NT$ {found.to_give_back:,}
told badly      {found.duplicates:>10,}  twice, {found.reordered:,} in reverse, \
{found.forged:,} forged ({found.forged_taken:,} taken)
killed          {found.kills:>10,}  times, {found.told_again:,} told again"""
