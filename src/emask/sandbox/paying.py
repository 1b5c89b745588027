"""Between the site and the gateway: made-up payers follow its forms, and it hears of their money.

What a payer does at the gateway is :class:`emask.sandbox.ecpay.payers.Payers`.
"""

from datetime import datetime
from uuid import UUID

from emask.partners.ecpay.wire import read_form
from emask.payment.checkout import checkout
from emask.payment.model import Started
from emask.payment.receiving import receive
from emask.programme.system import System
from emask.rules.calendar import day_in_taipei
from emask.sandbox.ecpay import PARTNER, Trade, UnknownTrade
from emask.sandbox.system import Sandbox


async def go_to_gateway(system: System, sandbox: Sandbox, started: Started, *, payer: UUID) -> str:
    """Go where the site sends a payer; the number of the trade that is then open at the gateway.

    An account that was issued before leads back to its trade. One that is issued now is heard of.
    """
    if started.account is not None:
        return await sandbox.payers.trade_to(started.account.account)
    form = await checkout(
        system.db,
        system.clock,
        sandbox.gateways,
        trade_no=started.trade_no or "",
        payer=payer,
        origin=sandbox.site.origin,
        language="zh",
    )
    trade = await sandbox.payers.check_out(form, at=await system.clock.now())
    if trade.expires_on is not None:
        await hear(system, sandbox, await sandbox.payers.issue(trade.trade_no))
    return trade.trade_no


async def hear(system: System, sandbox: Sandbox, body: bytes) -> str:
    """Let the site take in what the gateway posts; what came of it.

    Raises:
        ForgedMessage, UnknownTrade: nothing changed.
    """
    return await receive(system.db, system.clock, sandbox.gateways.named(PARTNER), body=body)


async def living_account(sandbox: Sandbox, account: str, *, at: datetime) -> Trade:
    """The trade that an account was issued for. Raises UnknownTrade, also for one that is dead.

    Fault: `paid_after_expiry` keeps it alive.
    """
    trade = await sandbox.trades.find_account(account)
    if trade is None or trade.expires_on is None:
        raise UnknownTrade
    dead = day_in_taipei(at) > trade.expires_on
    if dead and "paid_after_expiry" not in await sandbox.mischief.kinds(PARTNER):
        raise UnknownTrade
    return trade


async def transfer(sandbox: Sandbox, trade: Trade, *, amount: int, at: datetime) -> None:
    """A bank takes a transfer, the right amount or not, and ECPay tells the site of it.

    Fault: `simulated`, there is no money.
    """
    payers = sandbox.payers
    if "simulated" in await sandbox.mischief.kinds(PARTNER):
        told = await payers.simulate(trade.trade_no, at=at)
    else:
        told = await payers.pay(trade.trade_no, at=at, amount=amount)
    await sandbox.pushes.tell(trade.fields["ReturnURL"], read_form(told), at=at)
