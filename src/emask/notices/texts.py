"""The exact texts of notices, in zh-Hant; their English is the catalogue's.

One segment each: 70 characters in Chinese, 160 in English. No link, no account number, nothing
personal; only the owner's phone ever sees the pick-up number.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

from emask.language import Language as Chosen
from emask.language import source, translator
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
    DELAYED = "delayed"
    ARRIVED = "arrived"
    LAST_DAY = "last_day"
    FORFEITED = "forfeited"
    REOPENED = "reopened"
    STORE_CLOSED = "store_closed"
    STORE_MOVED = "store_moved"
    NEVER_CAME = "never_came"


_TEXTS: Mapping[Kind, str] = {
    # B6: the amount and the deadline
    Kind.SELECTED: source(
        "【口罩預購】中籤。{pay_until}前請自行開啟預購網站或健保App繳費{total}元。查詢1922"
    ),
    Kind.NOT_SELECTED: source(
        "【口罩預購】本輪未中籤。仍可持健保卡至藥局或衛生所購買{next_opens_at}。查詢1922"
    ),
    Kind.PAY_REMINDER: source(
        "【口罩預購】中籤尚未繳費。{pay_until}前請自行開啟預購網站或健保App繳費{total}元，逾期取消。查詢1922"
    ),
    Kind.PAID: source(
        "【口罩預購】已收到{total}元。{collect_from}起至{collect_until}到選定門市取貨，到貨另行通知。查詢1922"
    ),
    Kind.REFUND: source(
        "【口罩預購】收到{total}元，但無法用於訂單，將辦理退款。請自行開啟預購網站看退款進度。查詢1922"
    ),
    Kind.REFUND_RETURNED: source(
        "【口罩預購】銀行退回了{total}元的退款，請自行開啟預購網站重新填寫退款帳號。查詢1922"
    ),
    Kind.LAPSED: source("【口罩預購】逾期未繳費，本輪訂單已取消，不影響下次購買。查詢1922"),
    # B10: a purchase, or taking it back, moves the pick-up
    Kind.DEFERRED: source(
        "【口罩預購】因您的購買紀錄有異動，預購口罩改為{collect_from}起領取。查詢1922"
    ),
    # its pack was missing in the logistics centre
    Kind.DELAYED: source(
        "【口罩預購】您的口罩會晚幾天到店，到店時另行通知，不必重新登記或繳費。查詢1922"
    ),
    Kind.ARRIVED: source(
        "【口罩預購】已到店，取貨編號{pickup_number}。{collect_from}至{collect_until}持證件領取。查詢1922"
    ),
    Kind.LAST_DAY: source(
        "【口罩預購】{collect_until}為最後取貨日，取貨編號{pickup_number}，未取視為放棄。查詢1922"
    ),
    # B6: not collected counts as given up
    Kind.FORFEITED: source("【口罩預購】逾期未取貨，視為放棄。查詢1922"),
    Kind.REOPENED: source(
        "【口罩預購】您未取的口罩可再領一次，至{collect_until}止，到店另行通知。可自行開啟預購網站改選門市。查詢1922"
    ),
    Kind.STORE_CLOSED: source(
        "【口罩預購】您選的門市已停業，請自行開啟預購網站或健保App改選門市。查詢1922"
    ),
    Kind.STORE_MOVED: source(
        "【口罩預購】您選的門市搬遷，請自行開啟預購網站或健保App看新地址。查詢1922"
    ),
    # its money goes back, and its claim is gone
    Kind.NEVER_CAME: source(
        "【口罩預購】您的口罩無法送達，訂單取消，退還{total}元，可再購買。請自行開啟預購網站看退款。查詢1922"
    ),
}
_NEXT_ROUND = source("；下一輪{instant}開始登記")


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
    return translator(Chosen(language))(_TEXTS[kind]).format_map(figures)


def _spoken(name: str, value: object, language: Language) -> str:
    match name:
        case "pay_until":
            return _instant(str(value), language)
        case "next_opens_at":
            text = translator(Chosen(language))(_NEXT_ROUND)
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
