"""What payers and their banks do at the sandboxed ECPay, without its pages.

Every method gives the body of what ECPay's server would post of it; the caller delivers that, as
often and as late as it likes. It misbehaves on request alone, whatever faults are switched on.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from emask.database.pool import Database
from emask.partners.ecpay.mac import MacKeys, signed
from emask.partners.ecpay.merchant import Merchant
from emask.partners.ecpay.wire import form_body
from emask.payment.ports import CheckoutForm
from emask.sandbox.ecpay.orders import take_order
from emask.sandbox.ecpay.pushing import (
    failed_fields,
    issued_fields,
    paid_fields,
    simulated_fields,
)
from emask.sandbox.ecpay.trades import Trade, Trades

_SOMEBODY_ELSE: Final = MacKeys("not the key", "not the iv")


class UnknownTrade(LookupError):
    """ECPay has no such trade, or these payers have heard nothing of it."""


class Payers:
    """The payers of one merchant.

    Args:
        merchant: who they pay.
        db: where the sandboxed ECPay keeps its trades.
    """

    def __init__(self, merchant: Merchant, db: Database) -> None:
        self._merchant = merchant
        self._trades = Trades(db)
        self._told: dict[str, bytes] = {}

    async def check_out(self, form: CheckoutForm, *, at: datetime) -> Trade:
        """A payer's browser posts a form. Raises ValueError for one that ECPay refuses."""
        return await take_order(form.fields, self._merchant, self._trades, at=at)

    async def issue(self, trade_no: str) -> bytes:
        """The account for a transfer, which is no money."""
        trade = await self._trade(trade_no)
        if trade.expires_on is None:
            raise UnknownTrade(trade_no)
        return self._tell(trade, issued_fields(trade))

    async def pay(self, trade_no: str, *, at: datetime, amount: int | None = None) -> bytes:
        """Money, which the bank values `at`: NT$ of the trade unless another amount is said.

        Another amount, or more money for what was paid, is how payers and banks misbehave.
        """
        trade = await self._trade(trade_no)
        payment = await self._trades.pay(trade, at=at, amount=amount)
        if payment is None:
            payment = await self._trades.pay_again(
                trade, at=at, amount=trade.amount if amount is None else amount
            )
        return self._tell(trade, paid_fields(trade, payment))

    async def decline(self, trade_no: str, *, at: datetime) -> bytes:
        """The bank declines."""
        del at  # ECPay says no time of what did not happen
        trade = await self._trade(trade_no)
        await self._trades.refuse(trade_no)
        return self._tell(trade, failed_fields(trade))

    async def simulate(self, trade_no: str, *, at: datetime) -> bytes:
        """A payment simulated in ECPay's back office: it looks paid and is no money."""
        trade = await self._trade(trade_no)
        return self._tell(trade, simulated_fields(trade, at=at))

    async def repeat(self, trade_no: str) -> bytes:
        """The last body once more, as ECPay sends it that missed our answer."""
        if trade_no not in self._told:
            raise UnknownTrade(trade_no)
        return self._told[trade_no]

    async def forge(self, trade_no: str, *, at: datetime) -> bytes:
        """A payment that somebody else claims: right in everything but the MAC."""
        fields = simulated_fields(await self._trade(trade_no), at=at) | {"SimulatePaid": "0"}
        return form_body(signed(fields, _SOMEBODY_ELSE))

    async def trade_to(self, account: str) -> str:
        """The trade that an account was issued for. Raises UnknownTrade."""
        trade = await self._trades.find_account(account)
        if trade is None:
            raise UnknownTrade("no trade of this account")
        return trade.trade_no

    async def _trade(self, trade_no: str) -> Trade:
        trade = await self._trades.find(trade_no)
        if trade is None:
            raise UnknownTrade(trade_no)
        return trade

    def _tell(self, trade: Trade, fields: Mapping[str, str]) -> bytes:
        body = form_body(signed(fields, self._merchant.keys))
        self._told[trade.trade_no] = body
        return body
