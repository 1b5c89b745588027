"""The gateways' pages in a real browser: both languages, no violation, narrow screens, in full."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from emask.rules.calendar import TAIPEI, Language
from emask.sandbox.ecpay import Trade as EcpayTrade
from emask.sandbox.ecpay import pages as ecpay
from emask.sandbox.newebpay import pages as newebpay
from emask.sandbox.newebpay.trades import Trade as NewebPayTrade
from web.browser import Window, chromium

NOW = datetime(2020, 3, 20, 9, 0, tzinfo=TAIPEI)


def ecpay_trade(chosen: str, language: Language) -> EcpayTrade:
    fields = {
        "ChoosePayment": chosen,
        "ItemName": "預購口罩 3 片",
        "ClientBackURL": "http://shop.test/back",
        "ReturnURL": "http://shop.test/told",
        **({"OrderResultURL": "http://shop.test/returned"} if chosen != "ATM" else {}),
        **({"Language": "ENG"} if language == "en" else {}),
    }
    return EcpayTrade(
        seq=7,
        trade_no="EM1",
        amount=22,
        fields=fields,
        opened_at=NOW,
        expires_on=date(2020, 3, 21) if chosen == "ATM" else None,
        state="open",
    )


def newebpay_trade(payment_type: str, language: Language) -> NewebPayTrade:
    return NewebPayTrade(
        trade_no="EM1",
        gateway_no="20032009000012345",
        amount=22,
        payment_type=payment_type,
        item="預購口罩 3 片",
        language="en" if language == "en" else "zh-tw",
        notify_url="http://shop.test/told",
        account_url="http://shop.test/returned",
        return_url="http://shop.test/returned",
        back_url="http://shop.test/back",
        expires_at=NOW + timedelta(days=1),
        opened_at=NOW,
        account="9103522175887271",
    )


def pages(language: Language) -> Mapping[str, str]:
    """Every page, by what it is for."""
    card, transfer = ecpay_trade("Credit", language), ecpay_trade("ATM", language)
    other_card = newebpay_trade("CREDIT", language)
    other_transfer = newebpay_trade("VACC", language)
    typed = {"account": transfer.account, "amount": "22"}
    brought = {"RtnCode": "1"}
    return {
        "card": ecpay.card_page(card).body,
        "web_atm": ecpay.web_atm_page(ecpay_trade("WebATM", language)).body,
        "account": ecpay.account_page(transfer).body,
        "atm": ecpay.atm_page(typed, said="wrong", language=language).body,
        "paid": ecpay.result_page(card, brought, paid=True).body,
        "not paid": ecpay.result_page(card, brought, paid=False).body,
        "refused": ecpay.refusal_page("10200047", "已付款 Paid already").body,
        "newebpay card": newebpay.pay_page(other_card),
        "newebpay transfer": newebpay.pay_page(other_transfer),
        "newebpay account": newebpay.account_page(other_transfer, brought),
        "newebpay done": newebpay.done_page(other_card, brought),
        "newebpay atm": newebpay.atm_page("done", language=language),
        "newebpay error": newebpay.error_page("MPG03008"),
    }


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_they_can_be_read_and_pressed_by_anybody(language: Language) -> None:
    async with chromium() as browser:
        window = await Window.open(await browser.new_context(), "", language)
        for name, content in pages(language).items():
            await window.page.set_content(content)
            await window.check()
            for target in await window.page.locator("button, input:visible, a").all():
                box = await target.bounding_box()
                assert box is not None, name
                assert box["height"] >= 44, name
        assert not window.complaints


@pytest.mark.parametrize(("language", "words"), [("zh", "金額不對"), ("en", "The amount is wrong")])
def test_each_is_in_one_language(language: Language, words: str) -> None:
    said = pages(language)
    assert words in said["atm"]
    lang = {"zh": "zh-Hant", "en": "en"}[language]
    assert all(f'lang="{lang}"' in said[name] for name in ("card", "account", "newebpay card"))


def test_what_a_shop_sends_is_text() -> None:
    trade = ecpay_trade("Credit", "zh")
    fields = {**trade.fields, "ItemName": "<b>", "ClientBackURL": "javascript:x"}
    page = ecpay.card_page(replace(trade, fields=fields)).body
    assert "<b>" not in page
    assert "javascript:" not in page
