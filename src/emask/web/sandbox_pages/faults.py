"""What can go wrong at the demo's partners, in words: what they do, and what one then sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emask.language import source
from emask.sandbox.certificates import serial_of
from emask.web.sandbox_pages.cast import CAST

_SECONDS: Final = 5
_STALL: Final = 10  # seconds: as long as a gateway waits for its answer
_FIELDS: Final = ("contractType", "idDocumentMatch")
_UNDELIVERED: Final = "8"  # Mitake's word for what found no phone in time


@dataclass(frozen=True, slots=True)
class Fault:
    """What a partner does, and what the visitor sees of it where that does not go without saying.

    ``detail`` is what :class:`emask.sandbox.mischief.Mischief` is told with it.
    """

    name: str
    seen: str = ""
    detail: Mapping[str, Any] | None = None


NAMES: Final[Mapping[str, str]] = {
    "ecpay": source("綠界（金流）"),
    "mitake": source("簡訊中心"),
    "operator": source("電信業者"),
    "ca": source("憑證管理中心"),
}
"""The partners, by their names in `Mischief`."""

FAULTS: Final[Mapping[str, Mapping[str, Fault]]] = {
    "ecpay": {
        "duplicate": Fault(
            source("每則通知送兩次"),
            source("款項仍只算一次。"),
        ),
        "reorder": Fault(
            source("通知的順序顛倒"),
            source("先到的通知會等下一則送達後才送；付款後先看到「處理中」，之後自動補上。"),
        ),
        "slow": Fault(
            source("每次回應慢 10 秒"),
            source("付款頁要等 10 秒才打開；其他頁面不受影響。"),
            {"seconds": _STALL},
        ),
        "wrong_mac": Fault(
            source("檢查碼錯誤"),
            source("通知一律不採信：付了款仍是待繳費，之後再以查詢補上。"),
        ),
        "forbidden": Fault(
            source("30 分鐘不接受查詢（403）"),
            source("漏掉的付款要等 30 分鐘後才查得到；這段時間不再發問。"),
        ),
        "paid_after_expiry": Fault(
            source("帳號過期後仍收款"),
            source("期限過後還能轉帳；款項列入退款，訂單不變。"),
        ),
        "simulated": Fault(
            source("模擬付款"),
            source("付款頁顯示完成，但沒有真的入帳；訂單仍是待繳費。"),
        ),
    },
    "mitake": {
        "receipt_before_response": Fault(
            source("回條比回應先到"),
            source("簡訊只送一次，送達狀態照樣記下。"),
        ),
        "duplicate": Fault(
            source("每張回條送兩次"),
            source("送達狀態只記一次。"),
        ),
        "slow": Fault(
            source("每次回應慢 10 秒"),
            source("簡訊已經收下、晚 10 秒才回應；不會重送。"),
            {"seconds": _STALL},
        ),
        "down": Fault(
            source("沒有回應"),
            source("簡訊暫時送不出去，恢復後補送。"),
        ),
        "undelivered": Fault(
            source("簡訊送不到手機"),
            source("送達狀態顯示為未送達。"),
            {"StatusFlag": _UNDELIVERED},
        ),
    },
    "operator": {
        "slow": Fault(source("回應慢 5 秒"), detail={"seconds": _SECONDS}),
        "down": Fault(source("沒有回應")),
        "duplicate": Fault(source("同一個授權碼發兩次")),
        "wrong_audience": Fault(source("把給別人的權杖發給我們")),
        "not_available": Fault(source("說沒有門號持有人的資料"), detail={"fields": list(_FIELDS)}),
        "missing": Fault(source("回應裡少了欄位"), detail={"fields": list(_FIELDS)}),
        "tethering": Fault(source("這支手機用的是別人分享的網路")),
        "ts43": Fault(source("以 SIM 權杖代替行動網路")),
    },
    "ca": {
        "slow": Fault(source("回應慢 5 秒"), detail={"seconds": _SECONDS}),
        "ocsp_down": Fault(source("OCSP 沒有回應")),
        "crl_down": Fault(source("廢止清冊下載不到")),
        "stale_crl": Fault(source("廢止清冊已過期")),
        "stale_ocsp": Fault(source("OCSP 的回應已過期")),
        "wrong_key": Fault(source("以陌生的金鑰簽章")),
        "revoked_mid_session": Fault(
            source("王小明的憑證查詢過一次後廢止"),
            detail={"serial": serial_of(CAST[0].person.id_number)},
        ),
    },
}
