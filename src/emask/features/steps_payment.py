"""Steps about paying (B6, B11, B13, B14)."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from emask.features.citizen import Citizen
from emask.features.outcome import Outcome, Unfulfilled, require_equal
from emask.features.registry import Registry
from emask.features.steps_preorder import progress_in
from emask.features.world import World
from emask.payment.allowances import allow, use_allowance
from emask.payment.model import Started
from emask.payment.ports import ForgedMessage
from emask.payment.receiving import NO_DAY_LEFT
from emask.payment.service import NotAllowed, order_of, start_joint_payment, start_payment
from emask.payment.sweep import sweep
from emask.programme.progress import Progress
from emask.rounds.service import all_rounds
from emask.rules.calendar import Round
from emask.rules.price import Method, MoneyOutcome
from emask.rules.refusals import Refusal
from emask.rules.states import OrderState
from emask.sandbox.paying import go_to_gateway, hear

STEPS = Registry()
PAYMENT = "付款"
_GOES_BACK = {*MoneyOutcome, NO_DAY_LEFT} - {MoneyOutcome.SETTLES, MoneyOutcome.SIMULATED}


@STEPS.check("{name} 可用的付款方式為 {methods}")
async def methods_are(world: World, *, name: str, methods: frozenset[Method]) -> None:
    """The methods of the channel on which the pre-order was last submitted (B14)."""
    progress = await _progress_to_pay(world, world.citizen(name))
    require_equal(_listed(progress.methods), _listed(methods))


@STEPS.check("{name} 應付 {n} 元")
async def amount_is(world: World, *, name: str, n: int) -> None:
    """The price of the pack with its handling fee (B13)."""
    require_equal((await _progress_to_pay(world, world.citizen(name))).amount, n)


@STEPS.act("{name} 以{method}付款")
async def pay(world: World, *, name: str, method: Method) -> None:
    """Start a payment, pay the amount due at once, and let the gateway tell of it."""
    citizen = world.citizen(name)
    round = await _round_to_pay(world, citizen)
    await _pay(world, await world.enter(citizen), round, method)
    if world.outcome(PAYMENT).succeeded:
        citizen.round_id = round.id


@STEPS.act("{name} 同意 {other:name} 代為付款")
async def consent(world: World, *, name: str, other: str) -> None:
    """The owner of an order tells a relative the code that lets them pay it."""
    owner, payer = world.citizen(name), world.citizen(other)
    round = await _round_to_pay(world, owner)
    owner_id, payer_id = await world.enter(owner), await world.enter(payer)
    db, clock, vault = world.system.db, world.clock, world.system.vault
    code = await allow(db, clock, vault, person_id=owner_id, round_id=round.id)
    await use_allowance(
        db, clock, vault, payer=payer_id, owner=owner_id, round_id=round.id, code=code
    )


@STEPS.act("{name} 以信用卡一次付清 {others:name} 的訂單")
async def pay_jointly(world: World, *, name: str, others: str) -> None:
    """Pay one's own order and those of relatives, named 甲、乙, with one card (B11)."""
    payer = world.citizen(name)
    try:
        started = await _start_jointly(world, payer, others)
    except NotAllowed:
        raise Unfulfilled(zh="有人還沒有同意代付", en="somebody has not allowed it") from None
    except Refusal as refusal:
        world.outcomes[PAYMENT] = Outcome(refusal=refusal)
        return
    await _pay_at_gateway(world, started, payer=await world.enter(payer))


@STEPS.check("{name} 不能代付 {others:name} 的訂單")
async def cannot_pay_for(world: World, *, name: str, others: str) -> None:
    """One of them has not allowed it."""
    try:
        await _start_jointly(world, world.citizen(name), others)
    except NotAllowed:
        return
    raise Unfulfilled(zh="未經同意也能代付", en="it can be paid without being allowed")


@STEPS.act("有另外 {n} 人完成付款")
async def crowd_pays(world: World, *, n: int) -> None:
    """So many of the selected others pay their orders of the scenario's round."""
    round = await world.this_round()
    for person_id in world.others:
        if n == 0:
            return
        if await _awaits_payment(world, person_id, round):
            await _pay(world, person_id, round, Method.ATM)
            n -= 1
    if n > 0:
        raise Unfulfilled(zh=f"還少 {n} 個可付款的人", en=f"{n} too few have something to pay")


@STEPS.act("{name} 取得ATM轉帳帳號")
async def get_account(world: World, *, name: str) -> None:
    """See which account to transfer to."""
    await _trade_by_transfer(world, world.citizen(name))


@STEPS.act("{name} 以ATM匯入 {n} 元")
async def transfer(world: World, *, name: str, n: int) -> None:
    """Transfer some amount to the account of the order."""
    trade_no = await _trade_by_transfer(world, world.citizen(name))
    paid = await world.sandbox.payers.pay(trade_no, at=await world.now(), amount=n)
    await _deliver(world, paid)


@STEPS.act("{name} 於 {instant} 匯入的款項入帳")
async def credited(world: World, *, name: str, instant: datetime) -> None:
    """The gateway tells now of money that the bank valued at that instant."""
    citizen = world.citizen(name)
    await _deliver(world, await world.sandbox.payers.pay(_trade_known(citizen), at=instant))


@STEPS.act("{name} 於 {instant} 匯入款項，但通知沒有送達")
async def credited_in_silence(world: World, *, name: str, instant: datetime) -> None:
    """The bank has valued money, and the gateway's word of it is lost."""
    await world.sandbox.payers.pay(_trade_known(world.citizen(name)), at=instant)


@STEPS.act("有人在金流後台模擬 {name} 的付款")
async def simulated(world: World, *, name: str) -> None:
    """A message that looks like money and says itself that it is none."""
    trade_no = _trade_known(world.citizen(name))
    await _deliver(world, await world.sandbox.payers.simulate(trade_no, at=await world.now()))


@STEPS.act("系統向金流查詢未完成的交易")
async def swept(world: World) -> None:
    """Ask the gateways about what is still open in the scenario's round."""
    await sweep(
        world.system.db, world.clock, world.sandbox.gateways, round=await world.this_round()
    )


@STEPS.act("{name} 的付款通知再次送達")
async def told_again(world: World, *, name: str) -> None:
    """The gateway sends its last message once more."""
    await _deliver(world, await world.sandbox.payers.repeat(_trade_known(world.citizen(name))))


@STEPS.act("有人偽造 {name} 的付款通知")
async def forged(world: World, *, name: str) -> None:
    """A message that the gateway did not sign."""
    trade_no = _trade_known(world.citizen(name))
    forged = await world.sandbox.payers.forge(trade_no, at=await world.now())
    try:
        await _deliver(world, forged)
    except ForgedMessage:
        return
    raise Unfulfilled(zh="偽造的通知被接受了", en="the forged message was taken")


@STEPS.check("款項退還，原因為 {reason:late|double|wrong_amount|not_selected|early|no_day_left}")
async def refunded(world: World, *, reason: str) -> None:
    """The last money goes back, for this reason."""
    require_equal(world.outcome(PAYMENT).refunded, reason)


async def _pay(world: World, person_id: UUID, round: Round, method: Method) -> None:
    try:
        started = await _start(world, person_id, round, method)
    except Refusal as refusal:
        world.outcomes[PAYMENT] = Outcome(refusal=refusal)
        return
    await _pay_at_gateway(world, started, payer=person_id)


async def _start(world: World, person_id: UUID, round: Round, method: Method) -> Started:
    return await start_payment(
        world.system.db,
        world.clock,
        world.sandbox.gateways,
        person_id=person_id,
        round=round,
        method=method,
    )


async def _start_jointly(world: World, payer: Citizen, others: str) -> Started:
    return await start_joint_payment(
        world.system.db,
        world.clock,
        world.sandbox.gateways,
        payer=await world.enter(payer),
        others=[await world.enter(world.citizen(each.strip())) for each in others.split("、")],
        round=await _round_to_pay(world, payer),
    )


async def _pay_at_gateway(world: World, started: Started, *, payer: UUID) -> None:
    trade_no = await go_to_gateway(world.system, world.sandbox, started, payer=payer)
    await _deliver(world, await world.sandbox.payers.pay(trade_no, at=await world.now()))


async def _deliver(world: World, body: bytes) -> None:
    outcome = await hear(world.system, world.sandbox, body)
    if outcome == MoneyOutcome.SETTLES:
        world.outcomes[PAYMENT] = Outcome()
    elif outcome in _GOES_BACK:
        world.outcomes[PAYMENT] = Outcome(refunded=outcome)


async def _trade_by_transfer(world: World, citizen: Citizen) -> str:
    round = await _round_to_pay(world, citizen)
    person_id = await world.enter(citizen)
    started = await _start(world, person_id, round, Method.ATM)
    citizen.trade_no = await go_to_gateway(world.system, world.sandbox, started, payer=person_id)
    return citizen.trade_no


def _trade_known(citizen: Citizen) -> str:
    if citizen.trade_no is None:
        raise Unfulfilled(zh="還沒有取得轉帳帳號", en="no account was asked for")
    return citizen.trade_no


async def _progress_to_pay(world: World, citizen: Citizen) -> Progress:
    return await progress_in(world, citizen, of=await _round_to_pay(world, citizen))


async def _round_to_pay(world: World, citizen: Citizen) -> Round:
    """The first round in which the citizen has something to pay, or else that of the last act."""
    person_id = await world.enter(citizen)
    async with world.system.db.transaction() as tx:
        rounds = await all_rounds(tx)
    waiting = [each for each in rounds if await _awaits_payment(world, person_id, each)]
    now = await world.now()
    payable = [each for each in waiting if now < each.pay_until]
    return (payable or waiting or [await world.round_of(citizen)])[0]


async def _awaits_payment(world: World, person_id: UUID, round: Round) -> bool:
    async with world.system.db.transaction() as tx:
        order = await order_of(tx, person_id=person_id, round_id=round.id)
    return order is not None and order.state is OrderState.AWAITING_PAYMENT


def _listed(methods: Iterable[Method]) -> str:
    chosen = set(methods)
    return "、".join(method.zh for method in Method if method in chosen)
