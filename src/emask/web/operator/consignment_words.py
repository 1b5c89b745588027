"""How screens call what chains tell of parcels."""

from typing import Final

from emask.language import source

STATES: Final = {
    "waiting": source("等待建立"),
    "refused": source("通路拒收"),
    "in_transit": source("運送中"),
    "order_taken": source("已建立"),
    "accepted": source("通路已收件"),
    "at_centre": source("在物流中心"),
    "reselect_store": source("門市停業，等待改選"),
    "store_changed": source("改送其他門市"),
    "arrived": source("到店"),
    "going_back": source("未取，退回途中"),
    "back_at_centre": source("退回物流中心"),
    "returned_to_sender": source("退貨完成"),
    "lost": source("遺失"),
    "collected": source("通路回報已取貨"),
}

TROUBLES: Final = {
    "refused": source("通路拒收"),
    "lost": source("遺失"),
    "reselect_store": source("門市停業，等待改選"),
    "back_too_early": source("領取期間內退回"),
    "not_handed_over": source("通路回報已取貨，櫃檯沒有交付紀錄"),
    "not_collected": source("櫃檯已交付，通路回報退回或遺失"),
    "came_after_all": source("已退款，通路回報到店"),
}

DECISIONS: Final = {
    "send_again": source("再寄一份"),
    "refund": source("退款"),
}

REFUSALS: Final = {
    "name": source("姓名"),
    "mobile": source("手機號碼"),
    "store": source("門市"),
    "number_used": source("包裹編號用過"),
    "state": source("已在運送，不能改"),
    "account": source("物流業者的帳號設定"),
    "other": source("其他原因"),
}
