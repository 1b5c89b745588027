"""The exact texts of notices.

One segment each: 70 characters in Chinese, 160 in English. No link, no account number, nothing
personal; only the owner's phone ever sees the pick-up number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from emask.rules.calendar import TAIPEI, Language


class Kind(StrEnum):
    """What a notice tells of; the outbox calls it so."""

    SELECTED = "selected"
    NOT_SELECTED = "not_selected"
    PAY_REMINDER = "pay_reminder"
    PAID = "paid"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"
    LAPSED = "lapsed"
    DEFERRED = "deferred"
    ARRIVED = "arrived"
    LAST_DAY = "last_day"
    FORFEITED = "forfeited"
    STORE_CLOSED = "store_closed"


@dataclass(frozen=True, slots=True)
class _Text:
    zh: str
    en: str


_TEXTS: Mapping[Kind, _Text] = {
    # B6: the amount and the deadline
    Kind.SELECTED: _Text(
        "【口罩預購】中籤。{pay_until}前請自行開啟預購網站或健保App繳費{total}元。查詢1922",
        "[Mask pre-order] You are selected. Pay NT${total} by {pay_until}: open the pre-order"
        " site or NHI app yourself. Questions: 1922",
    ),
    Kind.NOT_SELECTED: _Text(
        "【口罩預購】本輪未中籤。仍可持健保卡至藥局或衛生所購買{next_opens_at}。查詢1922",
        "[Mask pre-order] Not selected this time. You can still buy at a pharmacy with your NHI"
        " card{next_opens_at}. Questions: 1922",
    ),
    Kind.PAY_REMINDER: _Text(
        "【口罩預購】中籤尚未繳費。{pay_until}前請自行開啟預購網站或健保App繳費{total}元，逾期取消。查詢1922",
        "[Mask pre-order] NT${total} is still due by {pay_until}, else your order lapses: open"
        " the pre-order site or NHI app yourself. Questions: 1922",
    ),
    Kind.PAID: _Text(
        "【口罩預購】已收到{total}元。{collect_from}起至{collect_until}到選定門市取貨，到貨另行通知。查詢1922",
        "[Mask pre-order] NT${total} received. Collect from {collect_from} to {collect_until} at"
        " your store; we will tell you when it arrives. Questions: 1922",
    ),
    Kind.REFUND: _Text(
        "【口罩預購】收到{total}元，但無法用於訂單，將辦理退款。請自行開啟預購網站看退款進度。查詢1922",
        "[Mask pre-order] We received NT${total} that cannot pay for an order. For the refund,"
        " open the pre-order site yourself. Questions: 1922",
    ),
    Kind.REFUND_RETURNED: _Text(
        "【口罩預購】銀行退回了{total}元的退款，請自行開啟預購網站重新填寫退款帳號。查詢1922",
        "[Mask pre-order] The bank returned your refund of NT${total}. Open the pre-order site"
        " yourself and give an account again. Questions: 1922",
    ),
    Kind.LAPSED: _Text(
        "【口罩預購】逾期未繳費，本輪訂單已取消，不影響下次購買。查詢1922",
        "[Mask pre-order] Your order was not paid in time and has lapsed. This does not affect"
        " later purchases. Questions: 1922",
    ),
    # B10: a purchase, or taking it back, moves the pick-up
    Kind.DEFERRED: _Text(
        "【口罩預購】因您的購買紀錄有異動，預購口罩改為{collect_from}起領取。查詢1922",
        "[Mask pre-order] Your purchases have changed: your pre-ordered masks can be collected"
        " from {collect_from}. Questions: 1922",
    ),
    Kind.ARRIVED: _Text(
        "【口罩預購】已到店，取貨編號{pickup_number}。{collect_from}至{collect_until}持證件領取。查詢1922",
        "[Mask pre-order] At your store. Pick-up number {pickup_number}. Collect from"
        " {collect_from} to {collect_until} with an identity document. Questions: 1922",
    ),
    Kind.LAST_DAY: _Text(
        "【口罩預購】{collect_until}為最後取貨日，取貨編號{pickup_number}，未取視為放棄。查詢1922",
        "[Mask pre-order] {collect_until} is the last day to collect. Pick-up number"
        " {pickup_number}. Not collected counts as given up. Questions: 1922",
    ),
    # B6: not collected counts as given up
    Kind.FORFEITED: _Text(
        "【口罩預購】逾期未取貨，視為放棄。查詢1922",
        "[Mask pre-order] Your masks were not collected in time and count as given up."
        " Questions: 1922",
    ),
    Kind.STORE_CLOSED: _Text(
        "【口罩預購】您選的門市已停業，請自行開啟預購網站或健保App改選門市。查詢1922",
        "[Mask pre-order] The store you chose has closed. Open the pre-order site or NHI app"
        " yourself and choose another. Questions: 1922",
    ),
}
_NEXT_ROUND = _Text("；下一輪{instant}開始登記", "; the next round opens {instant}")


def notice_text(kind: Kind, language: Language, payload: Mapping[str, object]) -> str:
    """The text of a notice.

    Args:
        kind: what it tells of.
        language: the language of the pre-order.
        payload: `total` (NT$), `pay_until` and `next_opens_at` (ISO instants), `collect_from` and
            `collect_until` (ISO days), `pickup_number`: those that the kind's text names.

    Raises:
        KeyError: a figure is missing.
    """
    figures = {name: _spoken(name, value, language) for name, value in payload.items()}
    if kind is Kind.NOT_SELECTED:
        figures.setdefault("next_opens_at", "")
    text = _TEXTS[kind]
    return (text.zh if language == "zh" else text.en).format_map(figures)


def _spoken(name: str, value: object, language: Language) -> str:
    match name:
        case "pay_until":
            return _instant(str(value), language)
        case "next_opens_at":
            text = _NEXT_ROUND.zh if language == "zh" else _NEXT_ROUND.en
            return text.format(instant=_instant(str(value), language))
        case "collect_from" | "collect_until":
            return _day(date.fromisoformat(str(value)), language)
        case _:
            return str(value)


def _day(day: date, language: Language) -> str:
    return f"{day.month}/{day.day}" if language == "zh" else f"{day.day} {_MONTHS[day.month - 1]}"


def _instant(text: str, language: Language) -> str:
    instant = datetime.fromisoformat(text).astimezone(TAIPEI)
    hour = f"{instant.hour:02}:{instant.minute:02}"
    day = _day(instant.date(), language)
    return f"{day} {hour}" if language == "zh" else f"{hour} on {day}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
