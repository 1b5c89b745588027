"""How pages call notices, and how far they came."""

from typing import Final

from emask.language import source
from emask.notices.model import NoticeState
from emask.notices.texts import Kind

KINDS: Final = {
    Kind.SELECTED: source("中籤"),
    Kind.NOT_SELECTED: source("未中籤"),
    Kind.PAY_REMINDER: source("提醒繳費"),
    Kind.PAID: source("已收到款項"),
    Kind.REFUND: source("退款"),
    Kind.REFUND_RETURNED: source("退款被銀行退回"),
    Kind.LAPSED: source("逾期未繳，訂單取消"),
    Kind.DEFERRED: source("領取日改變"),
    Kind.DELAYED: source("口罩晚到"),
    Kind.ARRIVED: source("已到店，取貨編號"),
    Kind.LAST_DAY: source("提醒最後取貨日"),
    Kind.FORFEITED: source("逾期未取"),
    Kind.REOPENED: source("重新開放領取"),
    Kind.STORE_CLOSED: source("門市停止取貨"),
    Kind.STORE_MOVED: source("門市搬遷"),
    Kind.NEVER_CAME: source("口罩沒有送達，退款"),
}

STATES: Final = {
    NoticeState.WAITING: source("等待送出"),
    NoticeState.SENT: source("已送出"),
    NoticeState.DELIVERED: source("已送達"),
    NoticeState.UNDELIVERED: source("未送達"),
    NoticeState.UNCLEAR: source("不明"),
    NoticeState.FAILED: source("無法送出"),
}

REASONS: Final = {
    "no_text": source("沒有手機號碼或內容不全"),
    "given_up": source("試了一天，沒有業者收下"),
}
"""Ours; any other is a provider's code, shown as it is."""

PROVIDERS: Final = {
    "mitake": source("三竹簡訊"),
    "smpp": source("SMPP 簡訊中心"),
    "sandbox": source("示範簡訊"),
}
