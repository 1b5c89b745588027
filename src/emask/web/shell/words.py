"""Words that pages of several audiences use for what modules call by a code."""

from typing import Final

from emask.language import source

REFUND_REASONS: Final = {
    "late": source("逾期入帳"),
    "double": source("重複付款"),
    "wrong_amount": source("金額不符"),
    "not_selected": source("未中籤或已取消"),
    "early": source("開放繳費前入帳"),
    "no_day_left": source("領取期間內已無可領取日"),
    "never_came": source("口罩沒有送達"),
}
"""Why money goes back."""

GATEWAYS: Final = {"ecpay": source("綠界科技"), "newebpay": source("藍新金流")}
"""The companies at which people pay."""
