"""What lets a relative pay: a code, for one order, for a while, for one person (B11)."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from emask.payment.allowances import CODE_LIFETIME, PAYS_WITHIN, allow, allowed_by, use_allowance
from emask.rules.refusals import (
    AlreadyPaid,
    FamilyCodeWrong,
    MethodNotAllowed,
    NoPreorder,
    PaymentClosed,
    PaymentNotOpen,
)
from payment.market import Market
from payment.test_races import all_wait


async def code_of(market: Market, owner: UUID) -> str:
    town = market.town
    return await allow(town.db, town.clock, town.vault, person_id=owner, round_id=town.round.id)


async def use(market: Market, payer: UUID, owner: UUID, code: str) -> None:
    await use_allowance(
        market.town.db,
        market.town.clock,
        market.town.vault,
        payer=payer,
        owner=owner,
        round_id=market.town.round.id,
        code=code,
    )


async def payable(market: Market, payer: UUID) -> list[UUID]:
    async with market.town.db.transaction() as tx:
        at = await market.town.clock.now()
        return await allowed_by(tx, payer=payer, round_id=market.town.round.id, at=at)


async def refused(market: Market, payer: UUID, owner: UUID, code: str) -> bool:
    try:
        await use(market, payer, owner, code)
    except FamilyCodeWrong:
        return True
    return False


async def test_a_code_lets_one_payer_pay_one_order(market: Market) -> None:
    owner, payer, another = await market.order(), await market.order(), await market.order()
    code = await code_of(market, owner)
    assert len(code) == 8
    assert code.isdecimal()
    assert await payable(market, payer) == []
    await use(market, payer, owner, f"{code[:4]} {code[4:]}")
    assert await payable(market, payer) == [owner]
    assert await refused(market, another, owner, code)
    assert await refused(market, payer, another, code)
    assert await payable(market, another) == []


async def test_only_its_digest_is_kept(market: Market) -> None:
    owner = await market.order()
    code = await code_of(market, owner)
    ((digest,),) = await market.town.rows("SELECT digest FROM payment_allowance")
    assert code.encode() not in bytes(digest)
    assert len(digest) == 32


async def test_it_runs_out_and_so_does_what_it_allows(market: Market) -> None:
    owner, payer = await market.order(), await market.order()
    code, now = await code_of(market, owner), await market.town.clock.now()
    await market.town.clock.set(now + CODE_LIFETIME)
    assert await refused(market, payer, owner, code)
    code = await code_of(market, owner)
    await use(market, payer, owner, code)
    await market.town.clock.set(now + CODE_LIFETIME + PAYS_WITHIN - timedelta(seconds=1))
    assert await payable(market, payer) == [owner]
    await market.town.clock.set(now + CODE_LIFETIME + PAYS_WITHIN)
    assert await payable(market, payer) == []


async def test_five_wrong_tries_end_it(market: Market) -> None:
    owner, payer = await market.order(), await market.order()
    code = await code_of(market, owner)
    for _ in range(4):
        assert await refused(market, payer, owner, "not it")
    await use(market, payer, owner, code)  # the fifth try may still be right
    code = await code_of(market, owner)
    for _ in range(5):
        assert await refused(market, payer, owner, "not it")
    assert await refused(market, payer, owner, code)
    await use(market, payer, owner, await code_of(market, owner))


async def test_a_new_one_takes_back_what_the_one_before_allowed(market: Market) -> None:
    owner, payer = await market.order(), await market.order()
    first = await code_of(market, owner)
    await use(market, payer, owner, first)
    await code_of(market, owner)
    assert await payable(market, payer) == []
    assert await refused(market, payer, owner, first)


async def test_an_order_that_was_paid_is_nobodys_to_pay(market: Market) -> None:
    owner, payer = await market.order(), await market.order()
    await use(market, payer, owner, await code_of(market, owner))
    await market.pay(owner)
    assert await payable(market, payer) == []
    with pytest.raises(AlreadyPaid):
        await code_of(market, owner)


async def test_nobody_is_told_whether_somebody_has_an_order(market: Market) -> None:
    payer = await market.order()
    assert await refused(market, payer, uuid4(), "12345678")
    assert await refused(market, payer, payer, await code_of(market, payer))


async def test_only_what_can_be_paid_by_card_now_is_allowed(market: Market) -> None:
    with pytest.raises(NoPreorder):
        await code_of(market, uuid4())
    by_phone, owner = await market.order(channel="mobile"), await market.order()
    with pytest.raises(MethodNotAllowed):  # B14
        await code_of(market, by_phone)
    await market.town.clock.set(market.town.round.pay_from - timedelta(seconds=1))
    with pytest.raises(PaymentNotOpen):
        await code_of(market, owner)
    await market.town.clock.set(market.town.round.pay_until)
    with pytest.raises(PaymentClosed):
        await code_of(market, owner)


async def test_of_two_payers_at_once_one_gets_the_code(market: Market) -> None:
    owner, one, other = [await market.order() for _ in range(3)]
    code = await code_of(market, owner)
    async with market.town.db.transaction() as tx:
        await tx.execute("SELECT FROM payment_allowance FOR UPDATE")
        tries = [asyncio.ensure_future(refused(market, each, owner, code)) for each in (one, other)]
        async with asyncio.timeout(30):
            await all_wait(market, 2)
    assert sorted(await asyncio.gather(*tries)) == [False, True]
    assert len(await payable(market, one) + await payable(market, other)) == 1


async def test_five_wrong_tries_at_once_are_five(market: Market) -> None:
    owner, payer = await market.order(), await market.order()
    code = await code_of(market, owner)
    await asyncio.gather(*(refused(market, payer, owner, "not it") for _ in range(8)))
    assert await market.town.value("SELECT tries FROM payment_allowance") == 5
    assert await refused(market, payer, owner, code)


async def test_without_the_guard_two_payers_would_get_it(market: Market) -> None:
    """The negative control: who looks first and writes afterwards is told yes twice."""
    owner, one, other = [await market.order() for _ in range(3)]
    await code_of(market, owner)
    both_have_read = asyncio.Barrier(2)

    async def naive(payer: UUID) -> bool:
        async with market.town.db.transaction() as tx:
            cursor = await tx.execute("SELECT used_by FROM payment_allowance")
            unused = await cursor.fetchone() == (None,)
            await both_have_read.wait()
            await tx.execute(
                "UPDATE payment_allowance SET used_by = %s, used_at = expires_at", (payer,)
            )
        return unused

    assert list(await asyncio.gather(naive(one), naive(other))) == [True, True]
