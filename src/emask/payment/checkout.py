"""The form that takes a payer to the gateway, built from the ledger each time it is asked for."""

from uuid import UUID

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.payment import trade_queries
from emask.payment.model import OpenTrade
from emask.payment.ports import CheckoutForm, Gateways, Purchase, ReturnAddresses
from emask.payment.receiving import UnknownTrade
from emask.payment.service import check_payable
from emask.rounds.service import load_round
from emask.rules.calendar import Language, Round


def return_addresses(
    origin: str, *, gateway: str, round_id: str, language: Language
) -> ReturnAddresses:
    """Where a gateway's word of a trade comes to, and its payer, on the site `origin`."""
    told = f"{origin}/api/payments/{gateway}"
    return ReturnAddresses(
        told=told,
        returned=f"{told}/returned/{language}/{round_id}",
        back=f"{origin}/{language}/orders/{round_id}/paid",
    )


async def checkout(
    db: Database,
    clock: Clock,
    gateways: Gateways,
    *,
    trade_no: str,
    payer: UUID,
    origin: str,
    language: Language,
) -> CheckoutForm:
    """What the payer's browser posts to the gateway at which the trade was started.

    Raises:
        UnknownTrade: the payer has not started it.
        AlreadyPaid, PaymentClosed: one of its orders cannot be paid any more.
        UnfitForCheckout: the gateway would refuse it.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        trade = await trade_of(tx, trade_no=trade_no, payer=payer)
        round = await load_round(tx, trade.round_id)
        for person_id in await trade_queries.people_of(tx, trade_no):
            await check_payable(tx, person_id=person_id, round=round, method=trade.method, at=now)
    purchase = Purchase(
        trade_no=trade_no,
        amount=trade.amount,
        method=trade.method,
        item=_item(trade, round, language),
        language=language,
        expires_at=round.pay_until,
    )
    addresses = return_addresses(
        origin, gateway=trade.gateway, round_id=trade.round_id, language=language
    )
    return gateways.named(trade.gateway).checkout(purchase, addresses, at=now)


async def trade_of(tx: Transaction, *, trade_no: str, payer: UUID) -> OpenTrade:
    """A trade that the payer has started. Raises UnknownTrade."""
    trade = await trade_queries.trade(tx, trade_no)
    if trade is None or trade.opened_by != payer:
        raise UnknownTrade(trade_no)
    return trade


def _item(trade: OpenTrade, round: Round, language: Language) -> str:
    """What is bought, as it stands on the gateway's page: 預購口罩 3 片."""
    pieces = round.pieces * trade.orders
    if language == "zh":
        return f"預購{round.product.zh} {pieces} 片"
    return f"{pieces} pre-ordered {round.product.en}"
