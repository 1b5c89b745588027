"""Refusals at the kiosk and the till that tell apart what elsewhere is one."""

from dataclasses import dataclass
from datetime import datetime

from emask.rules.refusals.base import Refusal
from emask.rules.refusals.orders import AlreadyCollected


class Cancelled(Refusal):
    """The pre-order was taken back before closing."""

    code, status = "cancelled", 409
    zh = "取消的預購沒有口罩可以領取。\n這筆預購已經取消。"
    en = "A pre-order that was cancelled has no pack.\nThis one was cancelled."
    next_zh = "登記期間內可以再預購；也可以到藥局或衛生所購買。"
    next_en = "Pre-order again in the registration period, or buy at a pharmacy or health centre."


class NeverCame(Refusal):
    """An operator has given the money of a pack back that never came to its store."""

    code, status = "never_came", 410
    zh = "送不到門市的口罩不能領取，款項退還。\n這份口罩沒有送達，訂單已經取消。"
    en = (
        "A pack that never came to its store cannot be collected; its money goes back.\n"
        "This one never came, and its order has been cancelled."
    )
    next_zh = "在預購進度看退款；可以到藥局或衛生所購買。"
    next_en = "See your order for the refund; you can buy at a pharmacy or health centre."


@dataclass(kw_only=True, eq=False)
class NotDrawnYet(Refusal):
    """B6: nobody has paid before the draw is out."""

    code, status = "not_drawn_yet", 409
    zh = "中籤並繳費後才能領取。\n這一輪還沒有公布抽籤結果。\n{pay_from}公布。"
    en = (
        "A pack is handed out to those selected, after payment.\n"
        "The draw's result is not out yet.\nIt comes out on {pay_from}."
    )
    next_zh = "公布後查看簡訊或預購進度。"
    next_en = "See your message or your order then."
    pay_from: datetime | None = None


class PickupNumberNeeded(Refusal):
    """The entry's number tells how an order stands; the pack goes by its own number alone."""

    code, status = "pickup_number_needed", 409
    zh = "口罩到店後憑取貨編號領取。\n這份口罩已經到店。"
    en = "A pack at the store is had by its pick-up number.\nThis one has arrived."
    next_zh = "輸入到店簡訊或預購進度上的 9 碼取貨編號。"
    next_en = "Enter the 9 digits from your message or your order."


@dataclass(kw_only=True, eq=False)
class AlreadyHandedOver(AlreadyCollected):
    """The same, as a till tells it: `till` is the account that handed the pack over."""

    zh = "每筆預購交付一次。\n交付時間是{collected_at}。\n收銀檯：{till}。"
    en = "Each pack is handed over once.\nThis one was on {collected_at}.\nTill: {till}."
    next_zh = "交付錯了時，五分鐘內可以撤銷。"
    next_en = "If that was a mistake, it can be undone within five minutes."
    till: str | None = None


class SlipUnknown(Refusal):
    """Nothing was printed under this number."""

    code, status = "slip_unknown", 404
    zh = "憑機台印出的單據交付。\n查不到這個單據號碼。"
    en = "A pack is handed over against a slip from the kiosk.\nNo slip has this number."
    next_zh = "核對單據後再掃描一次；仍查不到時，到機台重新列印。"
    next_en = "Compare it and scan again; if that fails, print a new slip at the kiosk."


@dataclass(kw_only=True, eq=False)
class SlipExpired(Refusal):
    """A slip that lies about is no use to whoever finds it."""

    code, status = "slip_expired", 410
    zh = "單據印出後兩小時內使用。\n這張單據已經過期。\n有效到{expired_at}。"
    en = (
        "A slip is used within two hours of being printed.\n"
        "This one is too old.\nIt was good until {expired_at}."
    )
    next_zh = "到機台重新列印。"
    next_en = "Print a new one at the kiosk."
    expired_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class UndoOver(Refusal):
    """A hand-over stands for good after five minutes, and when collection is over."""

    code, status = "undo_over", 409
    zh = "交付後五分鐘內、領取期限內可以撤銷。\n這次交付不能再撤銷。\n交付時間是{collected_at}。"
    en = (
        "A hand-over can be undone within five minutes, while collection lasts.\n"
        "This one can no longer be.\nIt was on {collected_at}."
    )
    next_zh = "口罩仍在店內時，撥 1922 由營運人員處理。"
    next_en = "If the pack is still in the store, call 1922 and let an operator see to it."
    collected_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class UndoElsewhere(Refusal):
    """Only the store that handed a pack over can have it back."""

    code, status = "undo_elsewhere", 403
    zh = "交付由交付的門市撤銷。\n這份口罩由另一家門市交付。\n門市：{store_name}。"
    en = (
        "A hand-over is undone by the store that made it.\n"
        "This pack was handed over elsewhere.\nStore: {store_name}."
    )
    next_zh = "到那家門市，五分鐘內可以撤銷。"
    next_en = "Go to that store within five minutes."
    store_name: str | None = None
