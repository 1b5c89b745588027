"""What ECPay is going to tell of the benchmark's payments, ready beforehand, and in which order.

Every third payment is a transfer, of which ECPay tells twice: that there is an account, and that
there is money. Those are the ones that come in reverse.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from emask.cli.bench_payments_shop import Shop
from emask.payment.checkout import checkout
from emask.payment.service import start_payment
from emask.rules.price import Method

DUPLICATES: Final = 0.10
REORDERED: Final = 0.05
FORGED: Final = 0.01
_WAYS: Final = (Method.CREDIT_CARD, Method.WEB_ATM, Method.ATM)
_AT_ONCE: Final = 6
_LATER: Final = 400  # payments that come at most between two messages about one


class Push(NamedTuple):
    """One message, and whether ECPay would send it."""

    body: bytes
    genuine: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every message in its order, with how many of the payments have what kind of trouble."""

    payments: int
    duplicates: int
    reordered: int
    forged: int
    pushes: Sequence[Push]


class _Told(NamedTuple):
    """What there is to tell of one payment: of a transfer, first of its account."""

    account: bytes | None
    money: bytes


async def make_plan(shop: Shop, payments: int, *, seed: int = 0) -> Plan:
    """Start and make so many payments; the forged ones are about orders that nobody pays."""
    forged = round(payments * FORGED)
    people = await shop.take_orders(payments + forged)
    told = await _pay(shop, people[:payments])
    forgeries = [Push(await _forge(shop, each), genuine=False) for each in people[payments:]]
    chance = random.Random(seed)  # noqa: S311 - nobody has anything from guessing the order
    transfers = [each for each in range(payments) if told[each].account]
    reordered = chance.sample(transfers, min(round(payments * REORDERED), len(transfers)))
    duplicates = chance.sample(range(payments), round(payments * DUPLICATES))
    moments = [
        *_in_turn(told, frozenset(reordered), chance),
        *((each + chance.choice((0.5, _LATER)), Push(told[each].money)) for each in duplicates),
        *((chance.uniform(0, payments), forgery) for forgery in forgeries),
    ]
    return Plan(
        payments=payments,
        duplicates=len(duplicates),
        reordered=len(reordered),
        forged=forged,
        pushes=[push for _, push in sorted(moments, key=lambda moment: moment[0])],
    )


def _in_turn(
    told: Sequence[_Told], reordered: frozenset[int], chance: random.Random
) -> Iterator[tuple[float, Push]]:
    """When each message comes, in payments since the beginning."""
    for number, each in enumerate(told):
        later = number + chance.uniform(1, _LATER)
        if each.account is None:
            yield number, Push(each.money)
            continue
        swapped = number in reordered
        yield (later if swapped else number), Push(each.account)
        yield (number if swapped else later), Push(each.money)


async def _pay(shop: Shop, people: Sequence[UUID]) -> list[_Told]:
    told: list[_Told | None] = [None] * len(people)
    numbers = iter(range(len(people)))

    async def payers() -> None:
        for number in numbers:
            told[number] = await _pay_one(shop, people[number], _WAYS[number % len(_WAYS)])

    await asyncio.gather(*(payers() for _ in range(_AT_ONCE)))
    return [each for each in told if each is not None]


async def _pay_one(shop: Shop, person_id: UUID, method: Method) -> _Told:
    trade_no, payers = await _check_out(shop, person_id, method), shop.sandbox.payers
    account = await payers.issue(trade_no) if method is Method.ATM else None
    return _Told(account, await payers.pay(trade_no, at=await shop.clock.now()))


async def _forge(shop: Shop, person_id: UUID) -> bytes:
    trade_no = await _check_out(shop, person_id, Method.CREDIT_CARD)
    return await shop.sandbox.payers.forge(trade_no, at=await shop.clock.now())


async def _check_out(shop: Shop, person_id: UUID, method: Method) -> str:
    """A payer starts and comes to ECPay; the number of the trade."""
    sandbox = shop.sandbox
    started = await start_payment(
        shop.db,
        shop.clock,
        sandbox.gateways,
        person_id=person_id,
        round=shop.round,
        method=method,
    )
    if started.trade_no is None:
        raise RuntimeError("an order of the benchmark was started before")
    form = await checkout(
        shop.db,
        shop.clock,
        sandbox.gateways,
        trade_no=started.trade_no,
        payer=person_id,
        origin=sandbox.site.origin,
        language="zh",
    )
    await sandbox.payers.check_out(form, at=await shop.clock.now())
    return started.trade_no
