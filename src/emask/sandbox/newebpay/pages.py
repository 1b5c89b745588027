"""The sandboxed NewebPay's pages, where a payer pays or takes an account."""

from collections.abc import Mapping
from typing import Final

from emask.rules.calendar import Language, long_instant
from emask.sandbox.newebpay.messages import BANK_CODE
from emask.sandbox.newebpay.trades import Trade
from emask.sandbox.page import (
    bill,
    facts,
    figures,
    first_button,
    form,
    page,
    second_button,
    send_button,
    status,
    way_back,
)

TEST_CARD: Final = "4000221111111111"
"""The one card that is not declined."""


def pay_page(trade: Trade) -> str:
    """Where the payer pays, by the one way that the merchant offers."""
    words = _words(trade)
    number = {"number": trade.gateway_no}
    if trade.payment_type == "VACC":
        asked = form("account", number, first_button(words["take_account"]))
    else:
        card = figures("card", words["card"], TEST_CARD) if trade.payment_type == "CREDIT" else ""
        buttons = first_button(words["pay"]) + second_button(words["decline"], "decline")
        asked = form("pay", number, card, buttons)
    back = way_back(trade.back_url, words["back"])
    return _page(trade, words["title"], bill(trade.item, trade.amount) + asked + back)


def account_page(trade: Trade, fields: Mapping[str, str]) -> str:
    """The account for a transfer; its button brings it to the merchant."""
    words = _words(trade)
    told = {
        words["bank"]: BANK_CODE,
        words["account"]: trade.account or "",
        words["until"]: long_instant(trade.expires_at, _language(trade)),
    }
    onward = form(trade.account_url, fields, send_button(words["continue"]))
    return _page(trade, words["issued"], bill(trade.item, trade.amount) + facts(told) + onward)


def done_page(trade: Trade, fields: Mapping[str, str]) -> str:
    """How a payment ended; its button brings the payer and the word of it to the merchant."""
    words = _words(trade)
    title = words["paid" if trade.state == "paid" else "declined"]
    onward = form(trade.return_url, fields, send_button(words["continue"]))
    return _page(
        trade, title, bill(trade.item, trade.amount) + (onward if trade.return_url else "")
    )


def atm_page(said: str = "", *, language: Language) -> str:
    """A bank's cash machine, which takes a transfer; `said` names what came of the last one."""
    words = _WORDS[language]
    machine = form(
        "atm",
        {"language": language},
        figures("account", words["account"]),
        figures("amount", words["amount"]),
        first_button(words["transfer"]),
    )
    return page(words["atm"], status(words[said] if said else "") + machine, language=language)


def error_page(code: str) -> str:
    """An order that is not taken."""
    return page("交易失敗 Not accepted", status(code), language="zh")


def _page(trade: Trade, title: str, content: str) -> str:
    return page(title, content, language=_language(trade))


def _words(trade: Trade) -> Mapping[str, str]:
    return _WORDS[_language(trade)]


def _language(trade: Trade) -> Language:
    return "en" if trade.language == "en" else "zh"


_WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {
        "title": "沙盒藍新金流付款",
        "card": "測試卡號",
        "pay": "付款",
        "decline": "銀行拒絕這筆付款",
        "take_account": "取得轉帳帳號",
        "issued": "轉帳帳號",
        "bank": "銀行代碼",
        "account": "轉入帳號",
        "amount": "金額（元）",
        "until": "繳款期限",
        "atm": "沙盒自動櫃員機",
        "transfer": "轉帳",
        "unknown": "沒有這個帳號",
        "wrong": "金額不符",
        "dead": "帳號已過期",
        "twice": "已經繳過",
        "done": "轉帳完成",
        "paid": "付款完成",
        "declined": "付款失敗",
        "continue": "返回商店",
        "back": "取消並返回商店",
    },
    "en": {
        "title": "Sandbox NewebPay payment",
        "card": "Test card number",
        "pay": "Pay",
        "decline": "Let the bank decline",
        "take_account": "Get an account number",
        "issued": "Account for your transfer",
        "bank": "Bank code",
        "account": "Account",
        "amount": "Amount (NT$)",
        "until": "Pay until",
        "atm": "Sandbox ATM",
        "transfer": "Transfer",
        "unknown": "No such account",
        "wrong": "Wrong amount",
        "dead": "The account has expired",
        "twice": "Already paid",
        "done": "Transferred",
        "paid": "Paid",
        "declined": "Declined",
        "continue": "Return to the shop",
        "back": "Cancel and return to the shop",
    },
}
