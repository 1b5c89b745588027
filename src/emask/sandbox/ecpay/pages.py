"""The pages of the sandboxed ECPay, plain HTML in both languages."""

from collections.abc import Mapping
from html import escape
from typing import Final

from emask.sandbox.ecpay.exchange import HTML, Answer
from emask.sandbox.ecpay.trades import BANK_CODE, Trade

TEST_CARD: Final = "4311952222222222"
"""The card of ECPay's staging host, the only one that is not refused."""


def card_page(trade: Trade) -> Answer:
    """Where a payer pays by card."""
    return _page(
        "信用卡付款 Pay by card",
        _amount(trade)
        + _form(
            "../Pay",
            {"MerchantTradeNo": trade.trade_no},
            '<p><label for="card">測試卡號 Test card number</label>'
            f' <input id="card" name="card" inputmode="numeric" value="{TEST_CARD}"></p>',
            _button("pay", "付款 Pay") + _button("decline", "銀行拒絕 The bank declines"),
        )
        + _back(trade),
    )


def web_atm_page(trade: Trade) -> Answer:
    """Where a payer pays from an account, with a card reader."""
    return _page(
        "網路 ATM 付款 Pay by WebATM",
        _amount(trade)
        + _form(
            "../Pay",
            {"MerchantTradeNo": trade.trade_no},
            _button("pay", "付款 Pay") + _button("decline", "銀行拒絕 The bank declines"),
        )
        + _back(trade),
    )


def account_page(trade: Trade) -> Answer:
    """The account that was issued for a transfer."""
    return _page(
        "轉帳帳號 Account for the transfer",
        _amount(trade)
        + f"<p>銀行代碼 Bank code: <strong>{BANK_CODE}</strong></p>"
        + f"<p>帳號 Account: <strong>{trade.account}</strong></p>"
        + f"<p>期限 Until: <strong>{trade.expires_on}</strong></p>"
        + '<p><a href="../Atm">到 ATM To the ATM</a></p>'
        + _back(trade),
    )


def atm_page(said: str = "") -> Answer:
    """An ATM; `said` is what it says of the last transfer."""
    told = f'<p role="status">{escape(said)}</p>' if said else ""
    return _page(
        "自動櫃員機 ATM",
        told
        + _form(
            "Atm",
            {},
            '<p><label for="account">帳號 Account</label>'
            ' <input id="account" name="account" inputmode="numeric"></p>'
            '<p><label for="amount">金額（元） Amount (NT$)</label>'
            ' <input id="amount" name="amount" inputmode="numeric"></p>',
            _button("pay", "轉帳 Transfer"),
        ),
    )


def result_page(trade: Trade, fields: Mapping[str, str], said: str) -> Answer:
    """The end: the browser takes the result to the merchant, if it wants one."""
    url = trade.fields.get("OrderResultURL", "")
    onward = _form(url, fields, "<button>回到商店 Back to the shop</button>") if url else ""
    return _page(said, _amount(trade) + (onward or _back(trade)))


def refusal_page(code: str, said: str) -> Answer:
    """What ECPay shows the payer in place of a page to pay on."""
    return _page("無法付款 No payment", f"<p>{escape(said)} ({escape(code)})</p>")


def _page(title: str, content: str) -> Answer:
    return Answer(
        content_type=HTML,
        body='<!doctype html><html lang="zh-Hant"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><main><h1>{escape(title)}</h1>{content}</main></html>",
    )


def _form(action: str, hidden: Mapping[str, str], *content: str) -> str:
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    return f'<form method="post" action="{escape(action)}">{fields}{"".join(content)}</form>'


def _button(value: str, text: str) -> str:
    return f'<button name="decision" value="{value}">{text}</button> '


def _amount(trade: Trade) -> str:
    return f"<p>{escape(trade.fields['ItemName'])}</p><p>NT$ {trade.amount:,}</p>"


def _back(trade: Trade) -> str:
    url = trade.fields.get("ClientBackURL", "")
    web = url.startswith(("http://", "https://"))
    return f'<p><a href="{escape(url)}">回到商店 Back to the shop</a></p>' if web else ""
