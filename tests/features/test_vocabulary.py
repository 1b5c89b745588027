"""The fixed vocabulary: these phrases never change, whatever names, dates and figures they hold."""

from datetime import date

import pytest

from emask.features.places import WrongWord
from emask.features.registry import NotUnderstood, Step
from emask.features.vocabulary import VOCABULARY
from emask.rules.price import Method
from emask.rules.states import OrderState

_TABLE = (("欄位", "值"), ("quota", "3"))
_PHRASES = (
    "2020 年第一輪預購",
    "本輪名額為 100 份",
    "現在是 2020-03-12 09:00",
    "時間來到 2020-03-19 08:00",
    "王小明 是 1983-07-15 出生的本國人",
    "SITI RAHAYU 是 1988-03-08 出生的外籍人士",
    "王小明 的身分證末碼為 7",
    "王小明 的手機門號是本人月租型門號",
    "王小明 的手機門號是預付卡門號",
    "王小明 的手機門號是公司門號",
    "王小明 的手機門號是他人門號",
    "王小明 的手機使用4G",
    "王小明 的手機使用Wi-Fi",
    "王小明 已完成健保卡網路服務註冊",
    *(f"王小明 以{way}完成認證" for way in ("健保卡", "自然人憑證", "手機門號", "裝置碼", "臨櫃")),
    "認證成功",
    "認證失敗，代碼為 prepaid_line",
    *(f"王小明 預購成人口罩並選擇{chain}門市" for chain in ("7-11", "全家", "萊爾富", "OK")),
    "王小明 預購兒童口罩並選擇7-11門市",
    "預購成功",
    "預購遭拒，代碼為 closed",
    "王小明 取消預購",
    "有另外 10,000 人完成預購",
    "王小明 中籤",
    "王小明 未中籤",
    "中籤人數為 100",
    "王小明 收到簡訊，內容含「22元」",
    "王小明 未收到簡訊",
    "王小明 可用的付款方式為 網路銀行、信用卡、ATM",
    "王小明 應付 22 元",
    *(f"王小明 以{method}付款" for method in ("網路銀行", "信用卡", "ATM")),
    "付款成功",
    "付款遭拒，代碼為 method_not_allowed",
    "王小明 於藥局購買成人口罩",
    "王小明 於衛生所購買兒童口罩",
    "購買成功",
    "購買遭拒，代碼為 already_bought",
    "王小明 最早可於 2020-03-29 領取",
    *(f"王小明 持{paper}到門市領取" for paper in ("身分證", "健保卡", "駕照", "居留證")),
    *(f"李美玲 持 王小明 的{paper}代為領取" for paper in ("身分證", "健保卡", "駕照", "居留證")),
    "領取成功",
    "領取遭拒，代碼為 too_early",
    "王小明 下次可購買日為 2020-04-02",
    *(f"王小明 的訂單狀態為{state.zh}" for state in OrderState),
)


def _understood(text: str) -> Step:
    return VOCABULARY.understand(text, line=1, table=())


@pytest.mark.parametrize("text", _PHRASES)
def test_phrase_is_known(text: str) -> None:
    assert _understood(text).text == text


def test_round_of_a_table_is_known() -> None:
    step = VOCABULARY.understand("輪次 2020-x，內容為", line=4, table=_TABLE)
    assert step.values == {"id": "2020-x", "table": _TABLE, "line": 4}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("有另外 10,000 人完成預購", {"n": 10_000}),
        ("有另外3人完成預購", {"n": 3}),
        ("有另外 １，０００ 人完成預購", {"n": 1000}),
        ("王小明 的身分證末碼為 ７", {"name": "王小明", "digit": 7}),
        ("王小明 以ＡＴＭ付款", {"name": "王小明", "method": Method.ATM}),
        (
            "王小明 預購成人口罩並選擇７－１１門市",
            {"name": "王小明", "product": "成人", "chain": "7-11"},
        ),
        (
            "王小明 下次可購買日為 ２０２０－０４－０２",
            {"name": "王小明", "date": date(2020, 4, 2)},
        ),
        ("王小明 以 ATM 付款", {"name": "王小明", "method": Method.ATM}),
        ("SITI RAHAYU 中籤", {"name": "SITI RAHAYU"}),
        ("認證失敗, 代碼為 prepaid_line", {"code": "prepaid_line"}),
        (
            "王小明 可用的付款方式為 信用卡、ATM",
            {"name": "王小明", "methods": frozenset({Method.CREDIT_CARD, Method.ATM})},
        ),
        (
            "李美玲 持 王小明 的駕照代為領取",
            {"proxy": "李美玲", "name": "王小明", "document": "駕照"},
        ),
    ],
)
def test_values_are_read(text: str, values: dict[str, object]) -> None:
    assert _understood(text).values == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("王小明 的訂單狀態為處理中", "已登記、已取消"),
        ("王小明 預購成人口罩並選擇美聯社門市", "7-11、全家、萊爾富、OK"),
        ("王小明 是 1983-13-15 出生的本國人", "2020-03-12"),
        ("王小明 是 昨天 出生的本國人", "昨天"),
        ("現在是 2020-03-12", "2020-03-12 09:00"),
        ("本輪名額為 許多 份", "許多"),
        ("王小明 的身分證末碼為 12", "12"),
        ("付款遭拒，代碼為 no_money", "no_money"),
        ("王小明 可用的付款方式為 支票", "網路銀行、信用卡、ATM"),
        ("王小明 持圖書證到門市領取", "身分證、健保卡、駕照、居留證"),
        ("王小明 在捷運站跳舞", "沒有這個步驟"),
        ("王小明 預購成人口罩", "最接近的是"),
        ("輪次 2020-x，內容為", "表格"),
    ],
)
def test_wrong_words_are_told(text: str, words: str) -> None:
    with pytest.raises(NotUnderstood) as wrong:
        _understood(text)
    assert words in wrong.value.zh
    assert wrong.value.en.isascii() or wrong.value.en


def test_table_that_nobody_reads_is_told() -> None:
    with pytest.raises(NotUnderstood, match="takes no table"):
        VOCABULARY.understand("2020 年第一輪預購", line=1, table=_TABLE)


def test_no_two_phrases_read_alike() -> None:
    vocabulary = VOCABULARY.vocabulary()
    assert len(vocabulary) == len(set(vocabulary))


def test_wrong_word_speaks_both_languages() -> None:
    assert str(WrongWord(zh="錯", en="wrong")) == "錯 / wrong"
