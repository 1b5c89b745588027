"""What is shown of a chain's refusal: its kind and code, never its words."""

import pytest

from emask.delivery.consignment_refusals import Refusal, RefusalKind, read_refusal
from emask.delivery.creating import UNFIT


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        (f"{UNFIT}ReceiverName", "name", ""),
        ("10500040|ReceiverName Error", "name", "10500040"),
        (f"{UNFIT}ReceiverCellPhone", "mobile", ""),
        ("門市不存在或已關閉", "store", ""),
        ("廠商訂單編號重覆", "number_used", ""),
        ("目前狀態無法更新門市", "state", ""),
        ("CheckMacValue驗證錯誤", "account", ""),
        ("王小明 A123456789", "other", ""),
        ("0912345678", "other", ""),
        ("1050004012", "other", ""),
        ("", "other", ""),
    ],
)
def test_the_kind_and_the_code_are_told(said: str, kind: str, code: str) -> None:
    assert read_refusal(said) == Refusal(kind=RefusalKind(kind), code=code)
