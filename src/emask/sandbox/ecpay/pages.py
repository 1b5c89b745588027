"""The pages of the sandboxed ECPay, in the language that the merchant asked for."""

from collections.abc import Mapping
from typing import Final

from emask.rules.calendar import Language, long_date
from emask.sandbox.ecpay.exchange import HTML, Answer
from emask.sandbox.ecpay.trades import BANK_CODE, Trade
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

TEST_CARD: Final = "4311952222222222"
"""The card of ECPay's staging host, the only one that is not refused."""

Said = Mapping[str, str]


def language_of(fields: Mapping[str, str]) -> Language:
    """The language that a form asks for."""
    return "en" if fields.get("Language") == "ENG" else "zh"


def card_page(trade: Trade) -> Answer:
    """Where a payer pays by card."""
    words = _words(trade)
    return _pay_page(trade, words["card"], figures("card", words["number"], TEST_CARD))


def web_atm_page(trade: Trade) -> Answer:
    """Where a payer pays from an account, with a card reader."""
    return _pay_page(trade, _words(trade)["web_atm"], "")


def account_page(trade: Trade) -> Answer:
    """The account that was issued for a transfer, and the way to an ATM."""
    words = _words(trade)
    told = {
        words["bank"]: BANK_CODE,
        words["account"]: trade.account,
        words["until"]: long_date(trade.expires_on, language_of(trade.fields))
        if trade.expires_on
        else "",
    }
    at_atm = {
        "account": trade.account,
        "amount": str(trade.amount),
        "Language": trade.fields.get("Language", ""),
    }
    return _page(
        trade,
        words["issued"],
        _bill(trade)
        + facts(told)
        + form("../Atm", at_atm, first_button(words["to_atm"], "show"))
        + _back(trade),
    )


def atm_page(
    typed: Mapping[str, str] | None = None, *, said: str = "", back: str = "", language: Language
) -> Answer:
    """An ATM; `said` names what it says of the last transfer, after which one may go `back`."""
    words = _WORDS[language]
    fields = typed or {}
    asked = {"Language": "ENG"} if language == "en" else {}
    content = form(
        "Atm",
        asked,
        figures("account", words["account"], fields.get("account", "")),
        figures("amount", words["amount"], fields.get("amount", "")),
        first_button(words["transfer"]),
    )
    told = status(words[said] if said else "") + way_back(back, words["back"])
    return Answer(content_type=HTML, body=page(words["atm"], told + content, language=language))


def result_page(trade: Trade, fields: Mapping[str, str], *, paid: bool) -> Answer:
    """The end: the browser takes the result to the merchant, if it wants one."""
    words = _words(trade)
    url = trade.fields.get("OrderResultURL", "")
    onward = form(url, fields, send_button(words["back"])) if url else _back(trade)
    return _page(trade, words["done_paid" if paid else "done_refused"], _bill(trade) + onward)


def refusal_page(code: str, reason: str) -> Answer:
    """What ECPay shows the payer in place of a page to pay on."""
    title = "無法付款 No payment"
    return Answer(content_type=HTML, body=page(title, status(f"{reason} ({code})"), language="zh"))


def _pay_page(trade: Trade, title: str, asked: str) -> Answer:
    words = _words(trade)
    buttons = first_button(words["pay"]) + second_button(words["decline"], "decline")
    content = form("../Pay", {"MerchantTradeNo": trade.trade_no}, asked, buttons)
    return _page(trade, title, _bill(trade) + content + _back(trade))


def _page(trade: Trade, title: str, content: str) -> Answer:
    return Answer(content_type=HTML, body=page(title, content, language=language_of(trade.fields)))


def _words(trade: Trade) -> Said:
    return _WORDS[language_of(trade.fields)]


def _bill(trade: Trade) -> str:
    return bill(trade.fields["ItemName"], trade.amount)


def _back(trade: Trade) -> str:
    return way_back(trade.fields.get("ClientBackURL", ""), _words(trade)["back"])


_WORDS: Final[Mapping[Language, Said]] = {
    "zh": {
        "card": "信用卡付款",
        "number": "測試卡號",
        "web_atm": "網路 ATM 付款",
        "pay": "付款",
        "decline": "銀行拒絕這筆付款",
        "issued": "轉帳帳號",
        "bank": "銀行代碼",
        "account": "轉入帳號",
        "amount": "金額（元）",
        "until": "繳款期限",
        "to_atm": "到 ATM 轉帳",
        "atm": "自動櫃員機",
        "transfer": "轉帳",
        "unknown": "沒有這個帳號",
        "wrong": "金額不對",
        "dead": "帳號已過期",
        "paid": "已經付過款",
        "done": "轉帳完成",
        "done_paid": "付款完成",
        "done_refused": "付款失敗",
        "back": "回到商店",
    },
    "en": {
        "card": "Pay by card",
        "number": "Test card number",
        "web_atm": "Pay by WebATM",
        "pay": "Pay",
        "decline": "Let the bank decline",
        "issued": "Account for the transfer",
        "bank": "Bank code",
        "account": "Account",
        "amount": "Amount (NT$)",
        "until": "Pay until",
        "to_atm": "Transfer at an ATM",
        "atm": "ATM",
        "transfer": "Transfer",
        "unknown": "There is no such account",
        "wrong": "The amount is wrong",
        "dead": "The account has expired",
        "paid": "Paid already",
        "done": "Transferred",
        "done_paid": "Paid",
        "done_refused": "Not paid",
        "back": "Back to the shop",
    },
}
