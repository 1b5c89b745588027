"""Scenes of payment: by one's channel's methods, in time, late, twice, wrong, forged, unheard."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from emask.payment.ports import ForgedMessage
from emask.payment.service import start_payment
from emask.rehearsal.actor import Actor
from emask.rehearsal.company import Company, Tally
from emask.rehearsal.plan import PAYS
from emask.rehearsal.queries import awaiting_payment
from emask.rules.calendar import Round
from emask.rules.price import Method, methods_for
from emask.sandbox.paying import go_to_gateway, hear

PAYING_HOURS = 4
"""Scenes over which payers are spread."""

# Shares of payers whose payment does not go smoothly, one after the other.
_TOLD_TWICE = 0.01
_PAYS_TWICE = 0.015
_WRONG_AMOUNT_FIRST = 0.02
_FORGED_FIRST = 0.025
_NEVER_TOLD = 0.035  # the site asks before the order lapses
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
        return await _hear_of_money(company, actor.trades[round.id], valued)

    return await company.play(_asked(company, round, PAYS, _PAYS_LATE), act)


async def money_after_the_release(company: Company, round: Round) -> Tally:
    """Transfers in time of which the bank tells too late."""

    async def act(actor: Actor) -> str:
        valued = round.pay_until - timedelta(minutes=1)
        return await _hear_of_money(company, actor.trades[round.id], valued)

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
    payers = company.sandbox.payers
    methods = methods_for(actor.channel)
    method = methods[company.fate.one_of(actor.serial, f"method/{round.id}", len(methods))]
    now = await company.clock.now()
    trade_no = await _start(company, actor, round, method)
    hitch = company.fate.share(actor.serial, f"hitch/{round.id}")
    if _PAYS_TWICE <= hitch < _WRONG_AMOUNT_FIRST:
        await _hear(company, await payers.pay(trade_no, at=now, amount=round.amount_due - 1))
    if _WRONG_AMOUNT_FIRST <= hitch < _FORGED_FIRST:
        await _hear_forged(company, await payers.forge(trade_no, at=now))
    told = await payers.pay(trade_no, at=now)
    if _FORGED_FIRST <= hitch < _NEVER_TOLD:
        return "paid_and_never_told"
    outcome = await _hear(company, told)
    if hitch < _TOLD_TWICE:
        await _hear(company, told)
    elif hitch < _PAYS_TWICE:
        await _hear_of_money(company, trade_no, now)
    return outcome


async def _start(company: Company, actor: Actor, round: Round, method: Method) -> str:
    """Go to the gateway, and to an account if it is a transfer; the number of the trade."""
    started = await start_payment(
        company.system.db,
        company.clock,
        company.sandbox.gateways,
        person_id=actor.person_id,
        round=round,
        method=method,
    )
    return await go_to_gateway(company.system, company.sandbox, started, payer=actor.person_id)


async def _hear_of_money(company: Company, trade_no: str, valued: datetime) -> str:
    return await _hear(company, await company.sandbox.payers.pay(trade_no, at=valued))


async def _hear(company: Company, body: bytes) -> str:
    return await hear(company.system, company.sandbox, body)


async def _hear_forged(company: Company, body: bytes) -> None:
    try:
        await _hear(company, body)
    except ForgedMessage:
        return
    raise AssertionError("a forged message was taken")
