"""How screens call the steps, stages and invariants of the programme."""

from typing import Final

from emask.language import source

STEPS: Final = {
    "close": source("截止並凍結名單"),
    "draw": source("抽籤"),
    "publish": source("公布結果、開放繳費"),
    "remind": source("提醒未繳費的人"),
    "ask_gateways": source("向金流業者查詢未完成的交易"),
    "lapse": source("未繳費的訂單失效"),
    "pack": source("分裝"),
    "ship": source("出貨"),
    "arrive": source("到店並通知"),
    "last_day": source("提醒最後一天"),
    "forfeit": source("未領取視為放棄"),
}

FUNNEL: Final = {
    "registered": source("登記"),
    "selected": source("中籤"),
    "not_selected": source("未中籤"),
    "paid": source("繳費"),
    "lapsed": source("逾期未繳"),
    "packed": source("分裝"),
    "arrived": source("到店"),
    "collected": source("領取"),
    "forfeited": source("放棄"),
    "cancelled": source("取消"),
}

INVARIANTS: Final = {
    "nobody_twice": source("每人每輪只有一筆"),
    "everybody_drawn": source("凍結名單上的人都抽過籤"),
    "selected_within_quota": source("中籤人數不超過名額"),
    "orders_are_the_selected": source("訂單就是中籤的人"),
    "paid_and_lapsed_are_the_selected": source("繳費、待繳與失效合計等於中籤"),
    "claims_apart": source("同一人的購買紀錄不重疊"),
    "paid_orders_are_claimed": source("已繳費的訂單都有購買紀錄"),
    "claims_within_pickup": source("領取日都在領取期間內"),
    "sales_are_claimed": source("藥局販售都有購買紀錄"),
    "packed_are_the_paid": source("分裝的就是已繳費的"),
    "collected_and_forfeited_are_the_packed": source("領取與放棄的都分裝過"),
    "consigned_once": source("寄給通路的包裹都已出貨、每人一件"),
    "consignments_stand_as_told": source("包裹狀態就是最後一則回報"),
    "collected_claims_are_marked": source("已領取的購買紀錄有註記"),
    "handed_over_once": source("每份口罩只交付一次"),
    "handed_over_where_it_lies": source("交付的門市就是口罩送到的門市"),
    "handed_over_within_the_claim": source("交付都在可領取日之後"),
    "stock_is_what_came_back": source("物流中心的庫存就是退回的口罩"),
    "money_is_accounted_for": source("每一元都有去處"),
    "paid_orders_have_their_money": source("已繳費的訂單都有款項"),
    "differences_are_explained": source("對帳的差異都有說明"),
    "reconciled_sums_agree": source("對帳的合計加上差異相符"),
    "everybody_drawn_is_told": source("抽籤結果都通知了"),
    "audit_log_chained": source("稽核紀錄前後相連"),
    "days_reconciled": source("有款項的日子都對過帳"),
}

REFUND_STEPS: Final = {
    "close": source("向銀行收款"),
    "refund": source("退款"),
    "cancel_closing": source("取消收款"),
    "abandon": source("取消授權"),
}

REFUND_OUTCOMES: Final = {
    "begun": source("已送出"),
    "done": source("完成"),
    "refused": source("拒絕"),
    "unclear": source("沒有回覆"),
    "not_done": source("沒有做"),
}

PHASES: Final = {
    "not_open_yet": source("尚未開放"),
    "registration": source("登記中"),
    "closed": source("已截止，等待公布"),
    "payment": source("繳費中"),
    "settling": source("等待銀行對帳"),
    "preparing": source("分裝與配送"),
    "pickup": source("領取中"),
    "over": source("已結束"),
}

GATEWAYS: Final = {
    "ecpay": source("綠界"),
    "newebpay": source("藍新"),
}

DIFFERENCES: Final = {
    "unknown_trade": source("業者有款項，系統沒有開過這筆交易"),
    "not_in_ledger": source("業者有款項，帳上沒有"),
    "not_in_file": source("帳上有款項，業者沒有"),
    "wrong_amount": source("兩邊金額不同"),
    "twice_in_file": source("業者同一筆列了兩次"),
    "refund_not_in_ledger": source("業者退了款，帳上沒有"),
    "refund_not_in_file": source("帳上退了款，業者沒有"),
}

CHANGES: Final = {
    "added": source("新增"),
    "changed": source("變更"),
    "moved": source("搬遷"),
    "closed": source("停業"),
    "reopened": source("恢復營業"),
}
