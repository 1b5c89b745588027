"""Refusals around an order that exists: draw, payment, collection."""

from dataclasses import dataclass
from datetime import date, datetime

from emask.rules.refusals.base import Refusal


class NoPreorder(Refusal):
    """There is nothing to pay, change or collect."""

    code, status = "no_preorder", 404
    zh = "要先有預購才能繼續。\n查不到本輪的預購，或預購已取消。"
    en = "There has to be a pre-order first.\nThere is no order in this round, or it was cancelled."
    next_zh = "登記期間內可以預購；也可以到藥局或衛生所購買。"
    next_en = "Pre-order in the registration period, or buy at a pharmacy or health centre."


class NotSelected(Refusal):
    """B6."""

    code, status = "not_selected", 403
    zh = "登記數量超過名額時公開抽籤。\n這筆預購未中籤。"
    en = "When there are more entries than packs, a public draw decides.\nYou were not selected."
    next_zh = "你仍可在藥局或衛生所購買，也可以登記下一輪。"
    next_en = "You can still buy at a pharmacy or health centre, and enter the next round."


@dataclass(kw_only=True, eq=False)
class PaymentNotOpen(Refusal):
    """B6."""

    code, status = "payment_not_open", 403
    zh = "公布抽籤結果後才開始繳費。\n現在還沒有開始。\n{pay_from}開始繳費。"
    en = (
        "Payment starts when the draw's result is out.\n"
        "It has not started yet.\nIt starts on {pay_from}."
    )
    next_zh = "收到中籤通知後，自行開啟網站繳費。"
    next_en = "When you are told that you were selected, open this site yourself and pay."
    pay_from: datetime | None = None


@dataclass(kw_only=True, eq=False)
class PaymentClosed(Refusal):
    """B6."""

    code, status = "payment_closed", 410
    zh = "中籤後要在期限內繳費。\n繳費已經截止。\n期限是{pay_until}。"
    en = (
        "Selected orders are paid by the deadline.\n"
        "Payment has closed.\nThe deadline was {pay_until}."
    )
    next_zh = "逾期未繳沒有罰則；可以到藥局購買，也可以登記下一輪。"
    next_en = "There is no penalty: buy at a pharmacy, or enter the next round."
    pay_until: datetime | None = None


@dataclass(kw_only=True, eq=False)
class MethodNotAllowed(Refusal):
    """B14."""

    code, status = "method_not_allowed", 403
    zh = "付款方式依預購時的管道而定，手機訂購用 ATM 轉帳。\n這筆預購可用：{allowed}。"
    en = (
        "How you pay follows how you pre-ordered; orders by phone are paid by ATM transfer.\n"
        "For this order: {allowed}."
    )
    next_zh = "選擇這筆預購可用的付款方式。"
    next_en = "Choose one of the methods for this order."
    allowed: tuple[str, ...] | None = None


class AlreadyPaid(Refusal):
    """One order is paid once."""

    code, status = "already_paid", 409
    zh = "每筆預購繳費一次。\n這筆預購已經繳費。"
    en = "Each order is paid once.\nThis one has been paid."
    next_zh = "不用再付；在預購進度查看領取日期與門市。"
    next_en = "There is nothing more to pay; see your order for the store and the day."


class FamilyCodeWrong(Refusal):
    """B11: each owner allows a relative to pay; the code is good once, and for a while."""

    code, status = "family_code_wrong", 403
    zh = "代付碼要與訂購人的身分證字號相符，期限內由一人使用一次。\n查不到相符的代付碼。"
    en = (
        "A code to pay for somebody has to belong to their ID number; one person can use it once,"
        " in time.\nNo such code was found."
    )
    next_zh = "對照家人畫面上的代付碼再輸入一次，或由家人重新取得。"
    next_en = "Compare it with your relative's screen, or have them get a new one."


class NotPaid(Refusal):
    """B6."""

    code, status = "not_paid", 409
    zh = "繳費後才能領取。\n這筆預購沒有繳費。"
    en = "A pack is handed out after payment.\nThis order was not paid."
    next_zh = "繳費期限內在網站繳費；期限已過時，可以到藥局或衛生所購買。"
    next_en = "Pay on this site before the deadline; after it, buy at a pharmacy or health centre."


@dataclass(kw_only=True, eq=False)
class NotArrived(Refusal):
    """B16: packs travel from the chain's logistics centre."""

    code, status = "not_arrived", 409
    zh = "包裹到店後才能領取。\n這份口罩還沒有到店。\n預計{expected}到店。"
    en = "A pack is handed out once it is at the store.\nThis one is not.\nExpected: {expected}."
    next_zh = "收到到店通知後再來。"
    next_en = "Come again when you are told that it has arrived."
    expected: date | None = None


@dataclass(kw_only=True, eq=False)
class TooEarly(Refusal):
    """B10: a counter purchase defers collection."""

    code, status = "too_early", 403
    zh = "預購的口罩從可領取的第一天起領取；到藥局購買會使這一天延後。\n{from_date}起可以領取。"
    en = (
        "A pre-order is handed out from its first day on; a counter purchase defers that day.\n"
        "It can be collected from {from_date}."
    )
    next_zh = "可領取的第一天起再來。"
    next_en = "Come again on or after that day."
    from_date: date | None = None


@dataclass(kw_only=True, eq=False)
class AlreadyCollected(Refusal):
    """One pack, handed out once."""

    code, status = "already_collected", 409
    zh = "每筆預購領取一次。\n這筆預購已經領取。\n領取時間是{collected_at}。"
    en = "Each order is collected once.\nThis one has been.\nIt was collected on {collected_at}."
    next_zh = "不是本人或代領人領取時，撥 1922。"
    next_en = "If neither you nor somebody for you collected it, call 1922."
    collected_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class PickupOver(Refusal):
    """B6."""

    code, status = "pickup_over", 410
    zh = "預購的口罩要在領取期限內領取。\n領取期限已過。\n最後一天是{pickup_until}。"
    en = (
        "A pre-order is collected within its days of collection.\n"
        "They are over.\nThe last one was {pickup_until}."
    )
    next_zh = "可以登記下一輪，或到藥局、衛生所購買。"
    next_en = "Enter the next round, or buy at a pharmacy or health centre."
    pickup_until: date | None = None


@dataclass(kw_only=True, eq=False)
class Forfeited(Refusal):
    """B6: what is not collected counts as given up."""

    code, status = "forfeited", 410
    zh = "期限內未取貨，視為放棄，不退費。\n這筆預購沒有在期限內領取。\n期限是{pickup_until}。"
    en = (
        "What is not collected in time counts as given up, without refund.\n"
        "This order was not collected in time.\nThe last day was {pickup_until}."
    )
    next_zh = "可以登記下一輪；開放補領時會另行公告。"
    next_en = "Enter the next round; if late collection opens, it will be announced."
    pickup_until: date | None = None


@dataclass(kw_only=True, eq=False)
class WrongStore(Refusal):
    """B3: the store chosen in the pre-order."""

    code, status = "wrong_store", 409
    zh = "預購的口罩在選擇的門市領取。\n這份口罩不在這家門市。\n領取門市：{store_name}。"
    en = (
        "A pre-order is collected at the store that was chosen.\n"
        "This pack is at another store.\nStore: {store_name}."
    )
    next_zh = "到領取門市領取。"
    next_en = "Go to that store."
    store_name: str | None = None


class WrongPickupNumber(Refusal):
    """Pick-up number and ID number have to belong together."""

    code, status = "wrong_pickup_number", 404
    zh = "取貨編號要與身分證字號相符。\n查不到相符的預購。"
    en = "Pick-up number and ID number have to belong together.\nNo such order was found."
    next_zh = "對照到店簡訊或預購進度再輸入一次。"
    next_en = "Compare them with your message or your order and enter them again."


@dataclass(kw_only=True, eq=False)
class DocumentMismatch(Refusal):
    """B4, B15: any one document of the orderer."""

    code, status = "document_mismatch", 403
    zh = "領取時要查驗預購者本人的證件，代領時也一樣。\n可用的證件：{accepted}，擇一即可。"
    en = (
        "The orderer's own document is checked, also when somebody else collects.\n"
        "Any one of: {accepted}."
    )
    next_zh = "備妥預購者的證件再來。"
    next_en = "Come again with one of the orderer's documents."
    accepted: tuple[str, ...] | None = None
