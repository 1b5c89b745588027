"""The sandboxed NewebPay's pages, where a payer pays or takes an account."""

from collections.abc import Mapping
from html import escape
from typing import Final

from emask.sandbox.newebpay.messages import BANK_CODE
from emask.sandbox.newebpay.trades import Trade

TEST_CARD: Final = "4000221111111111"
"""The one card that is not declined."""


def pay_page(trade: Trade) -> str:
    """Where the payer pays, by the one way that the merchant offers."""
    words = _WORDS[trade.language]
    number = {"number": trade.gateway_no}
    asked = f"<p>{escape(trade.item)}：NT${trade.amount}</p>"
    if trade.payment_type == "CREDIT":
        card = (
            f'<p><label>{words["card"]} <input name="card" inputmode="numeric"'
            f' autocomplete="off" value="{TEST_CARD}"></label></p>'
        )
        form = _form("pay", number, words["pay"], inner=card)
    elif trade.payment_type == "WEBATM":
        form = _form("pay", number, words["pay"])
    else:
        form = _form("account", number, words["account"])
    back = f'<p><a href="{escape(trade.back_url)}">{words["back"]}</a></p>'
    return _page(trade, words["title"], asked + form + back)


def account_page(trade: Trade, fields: Mapping[str, str]) -> str:
    """The account for a transfer; its button brings it to the merchant."""
    words = _WORDS[trade.language]
    said = f"<p>({BANK_CODE}) {trade.account}</p><p>NT${trade.amount}</p>"
    return _page(trade, words["issued"], said + _form(trade.account_url, fields, words["continue"]))


def done_page(trade: Trade, fields: Mapping[str, str]) -> str:
    """How a payment ended; its button brings the payer and the word of it to the merchant."""
    words = _WORDS[trade.language]
    title = words["paid"] if trade.state == "paid" else words["declined"]
    body = _form(trade.return_url, fields, words["continue"]) if trade.return_url else ""
    return _page(trade, title, body)


def atm_page(said: str) -> str:
    """A bank's cash machine, which takes a transfer to an account."""
    machine = (
        f'<p role="status">{escape(said)}</p>'
        '<form method="post" action="atm">'
        '<p><label>轉入帳號 Account <input name="account" inputmode="numeric"></label></p>'
        '<p><label>金額 NT$ <input name="amount" inputmode="numeric"></label></p>'
        "<p><button>轉帳 Transfer</button></p></form>"
    )
    return _html("zh-Hant", "沙盒自動櫃員機 Sandbox ATM", machine)


def error_page(code: str) -> str:
    """An order that is not taken."""
    return _html("zh-Hant", "交易失敗 Not accepted", f"<p>{escape(code)}</p>")


def _form(action: str, fields: Mapping[str, str], button: str, *, inner: str = "") -> str:
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    return (
        f'<form method="post" action="{escape(action)}">{hidden}{inner}'
        f"<p><button>{escape(button)}</button></p></form>"
    )


def _page(trade: Trade, title: str, body: str) -> str:
    return _html("en" if trade.language == "en" else "zh-Hant", title, body)


def _html(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


_WORDS: Final = {
    "zh-tw": {
        "title": "沙盒藍新金流付款",
        "card": "卡號",
        "pay": "付款",
        "account": "取得轉帳帳號",
        "issued": "轉帳帳號",
        "paid": "付款完成",
        "declined": "付款失敗",
        "continue": "返回商店",
        "back": "取消",
    },
    "en": {
        "title": "Sandbox NewebPay payment",
        "card": "Card number",
        "pay": "Pay",
        "account": "Get an account number",
        "issued": "Account for your transfer",
        "paid": "Paid",
        "declined": "Declined",
        "continue": "Return to the shop",
        "back": "Cancel",
    },
}
