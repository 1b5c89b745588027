"""Scenes of payment: by the methods of one's channel, in time, late, twice, wrong, forged."""

from collections.abc import Iterable
from datetime import timedelta

from emask.payment.ports import ForgedMessage, Instruction
from emask.payment.service import receive, start_payment
from emask.rehearsal.actor import Actor
from emask.rehearsal.company import Company, Tally
from emask.rehearsal.plan import PAYS
from emask.rehearsal.queries import awaiting_payment
from emask.rules.calendar import Round
from emask.rules.price import Method, methods_for
from emask.sandbox.gateway import Fields

PAYING_HOURS = 4
"""Scenes over which payers are spread."""

# Shares of payers whose payment does not go smoothly, one after the other.
_TOLD_TWICE = 0.01
_PAYS_TWICE = 0.015
_WRONG_AMOUNT_FIRST = 0.02
_FORGED_FIRST = 0.025
# Beyond PAYS: who asks for an account and pays too late, and whose bank tells too late.
_PAYS_LATE = PAYS + 0.01
_TOLD_LATE = PAYS + 0.015
_TRIES_ANOTHER_METHOD = PAYS + 0.025


async def pay(company: Company, round: Round, *, hour: int) -> Tally:
    """The payers of one hour pay; nobody else is touched."""

    async def act(actor: Actor) -> str:
        share = company.fate.share(actor.serial, f"pay/{round.id}")
        if share < PAYS:
            return await _pay(company, actor, round)
        if share < _TOLD_LATE:
            actor.trades[round.id] = await _start(company, actor, round, Method.ATM)
            return "account_asked"
        # refused on a phone; on a computer it leads to a page that is never paid at
        await _start(company, actor, round, Method.CREDIT_CARD)
        return "left_at_the_bank"

    def comes(actor: Actor) -> bool:
        fate = company.fate
        return (
            fate.share(actor.serial, f"pay/{round.id}") < _TRIES_ANOTHER_METHOD
            and fate.one_of(actor.serial, f"pay hour/{round.id}", PAYING_HOURS) == hour
        )

    return await company.play(filter(comes, await _due(company, round)), act)


async def money_after_the_deadline(company: Company, round: Round) -> Tally:
    """Transfers that the bank values after pay_until (B6)."""

    async def act(actor: Actor) -> str:
        valued = round.pay_until + timedelta(minutes=1)
        trade_no = actor.trades[round.id]
        return await _deliver(company, await company.sandbox.gateway.pay(trade_no, at=valued))

    return await company.play(_asked(company, round, PAYS, _PAYS_LATE), act)


async def money_after_the_release(company: Company, round: Round) -> Tally:
    """Transfers in time of which the bank tells too late."""

    async def act(actor: Actor) -> str:
        valued = round.pay_until - timedelta(minutes=1)
        trade_no = actor.trades[round.id]
        return await _deliver(company, await company.sandbox.gateway.pay(trade_no, at=valued))

    return await company.play(_asked(company, round, _PAYS_LATE, _TOLD_LATE), act)


async def _due(company: Company, round: Round) -> list[Actor]:
    async with company.system.db.transaction() as tx:
        told = await awaiting_payment(tx, round.id)
    return [company.actors[each] for each in told if each in company.actors]


def _asked(company: Company, round: Round, low: float, high: float) -> Iterable[Actor]:
    for actor in company.actors.values():
        share = company.fate.share(actor.serial, f"pay/{round.id}")
        if round.id in actor.trades and low <= share < high:
            yield actor


async def _pay(company: Company, actor: Actor, round: Round) -> str:
    gateway = company.sandbox.gateway
    methods = methods_for(actor.channel)
    method = methods[company.fate.one_of(actor.serial, f"method/{round.id}", len(methods))]
    now = await company.clock.now()
    trade_no = await _start(company, actor, round, method)
    hitch = company.fate.share(actor.serial, f"hitch/{round.id}")
    if _PAYS_TWICE <= hitch < _WRONG_AMOUNT_FIRST:
        await _deliver(company, await gateway.pay(trade_no, at=now, amount=round.amount_due - 1))
    if _WRONG_AMOUNT_FIRST <= hitch < _FORGED_FIRST:
        await _deliver_forged(company, await gateway.forge(trade_no, at=now))
    message = await gateway.pay(trade_no, at=now)
    outcome = await _deliver(company, message)
    if hitch < _TOLD_TWICE:
        await _deliver(company, message)
    elif hitch < _PAYS_TWICE:
        await _deliver(company, await gateway.pay(trade_no, at=now))
    return outcome


async def _start(company: Company, actor: Actor, round: Round, method: Method) -> str:
    """How to pay; returns the gateway's number of the trade."""
    instruction: Instruction = await start_payment(
        company.system.db,
        company.clock,
        company.sandbox.gateway,
        person_id=actor.person_id,
        round=round,
        method=method,
    )
    if instruction.account is not None:
        return await company.sandbox.gateway.trade_to(instruction.account)
    return (instruction.redirect_url or "").rpartition("/")[2]


async def _deliver(company: Company, fields: Fields) -> str:
    return await receive(company.system.db, company.clock, company.sandbox.gateway, fields=fields)


async def _deliver_forged(company: Company, fields: Fields) -> None:
    try:
        await _deliver(company, fields)
    except ForgedMessage:
        return
    raise AssertionError("a forged message was taken")
