"""Refusals of a pre-order or a counter sale: when, what, for whom, how often, where."""

from dataclasses import dataclass
from datetime import date, datetime

from emask.rules.refusals.base import Refusal


@dataclass(kw_only=True, eq=False)
class NotOpenYet(Refusal):
    """B2."""

    code, status = "not_open_yet", 403
    zh = "預購只在登記期間受理。\n登記還沒有開始。\n{opens_at}開始登記。"
    en = (
        "Pre-orders are taken in the registration period.\n"
        "It has not begun yet.\nIt opens on {opens_at}."
    )
    next_zh = "登記期間內任何時間登記，機會都一樣；現在也可以到藥局或衛生所購買。"
    next_en = (
        "Any time in the period gives the same chance. "
        "You can also buy at a pharmacy or health centre."
    )
    opens_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class Closed(Refusal):
    """B6."""

    code, status = "closed", 410
    zh = "預購只在登記期間受理。\n登記已於{closed_at}截止。\n下次登記{next_opens_on}開始。"
    en = (
        "Pre-orders are taken in the registration period.\n"
        "It closed on {closed_at}.\nThe next one opens on {next_opens_on}."
    )
    next_zh = "在下次登記期間預購，或到藥局、衛生所購買。"
    next_en = "Pre-order in the next period, or buy at a pharmacy or health centre."
    closed_at: datetime | None = None
    next_opens_on: date | None = None


@dataclass(kw_only=True, eq=False)
class ChildNotEligible(Refusal):
    """B1, note: a child can buy neither child masks online nor adult masks as a child."""

    code, status = "child_not_eligible", 403
    zh = "成人口罩只供成人購買。\n{child_born_from}以後出生的人以兒童身分購買。"
    en = (
        "Adult masks are for adults.\n"
        "People born on or after {child_born_from} buy child masks, as children."
    )
    next_zh = "持兒童的健保卡到藥局或衛生所購買兒童口罩。"
    next_en = "Buy child masks at a pharmacy or health centre with the child's NHI card."
    child_born_from: date | None = None


class ProductNotOnline(Refusal):
    """B5."""

    code, status = "product_not_online", 403
    zh = "網路預購只開放本輪的口罩種類。\n這種口罩不在本輪網路預購中。"
    en = "Online you can pre-order this round's kind of mask.\nThis kind is not part of it."
    next_zh = "持健保卡到藥局或衛生所購買這種口罩。"
    next_en = "Buy this kind at a pharmacy or health centre with the NHI card."


class ProductNotForAdult(Refusal):
    """An adult's card does not buy child masks."""

    code, status = "product_not_for_adult", 403
    zh = "兒童口罩只供兒童購買。\n這個身分是成人。"
    en = "Child masks are for children.\nThis person is an adult."
    next_zh = "購買成人口罩，或改用兒童的健保卡購買兒童口罩。"
    next_en = "Buy adult masks, or use the child's NHI card for child masks."


class ChannelNotOffered(Refusal):
    """The round does not take pre-orders this way."""

    code, status = "channel_not_offered", 403
    zh = "每輪預購只經由公布的管道受理。\n本輪沒有開放這個管道。"
    en = "Each round is open to the channels that were announced.\nThis channel is not among them."
    next_zh = "改用電腦、手機，或到健保署服務據點預購。"
    next_en = "Pre-order on a computer, on a phone or at an NHI office."


@dataclass(kw_only=True, eq=False)
class IntervalNotOver(Refusal):
    """B1, B7, B10."""

    code, status = "interval_not_over", 409
    zh = (
        "兩次購買之間要隔滿規定的天數。\n"
        "上次購買日是{bought_on}[，在{site_name}]。\n{next_date}起可以再購買。"
    )
    en = (
        "Two purchases have to lie the set number of days apart.\n"
        "The last purchase was on {bought_on}[ at {site_name}].\n"
        "You can buy again from {next_date}."
    )
    next_zh = "在可以購買的日期之後再購買。"
    next_en = "Buy again on or after that day."
    next_date: date | None = None
    bought_on: date | None = None
    site_name: str | None = None


@dataclass(kw_only=True, eq=False)
class AlreadyBought(Refusal):
    """B1, B8: a paid pre-order counts from its first day of collection, collected or not."""

    code, status = "already_bought", 409
    zh = (
        "同一期間不能重複購買。\n"
        "已繳費的預購從可領取的第一天[{collect_from}]起算，不論哪一天領取[，門市是{store_name}]。\n"
        "{next_date}起可以再購買。"
    )
    en = (
        "The same period's masks can be bought once.\n"
        "A paid pre-order counts from the first day of collection[, {collect_from}], "
        "whenever it is collected[; its store is {store_name}].\n"
        "You can buy again from {next_date}."
    )
    next_zh = "到選擇的門市領取預購的口罩；可以購買的日期之後再購買。"
    next_en = "Collect your pre-order at the store; buy again on or after that day."
    next_date: date | None = None
    round_id: str | None = None
    collect_from: date | None = None
    store_name: str | None = None


@dataclass(kw_only=True, eq=False)
class WrongDayOddEven(Refusal):
    """Odd last digits on Monday, Wednesday, Friday; even ones on the others; all on Sunday."""

    code, status = "wrong_day_odd_even", 403
    zh = (
        "身分證末碼單號在週一、三、五購買，雙號在週二、四、六，週日不分。\n"
        "今天不是這個末碼的購買日。\n{next_date}可以購買。"
    )
    en = (
        "Odd last digits buy on Mondays, Wednesdays and Fridays, even ones on Tuesdays, "
        "Thursdays and Saturdays, everyone on Sundays.\n"
        "Today is not this last digit's day.\nThe next one is {next_date}."
    )
    next_zh = "在可以購買的日子再來；網路預購不受末碼限制。"
    next_en = "Come again on that day; pre-orders online do not depend on the last digit."
    next_date: date | None = None


@dataclass(kw_only=True, eq=False)
class WouldVoidPreorder(Refusal):
    """B9, B10: a counter purchase defers a paid pre-order, at most to its last day."""

    code, status = "would_void_preorder", 409
    zh = (
        "到藥局購買會延後已繳費預購的領取日，但不能延到領取期限之後。\n"
        "預購的領取期限到{pickup_until}為止[，門市是{store_name}]。\n"
        "{next_date}起可以再購買。"
    )
    en = (
        "Buying at a counter defers a paid pre-order, but not past its last day of collection.\n"
        "That pre-order can be collected until {pickup_until}[ at {store_name}].\n"
        "You can buy again from {next_date}."
    )
    next_zh = "先到門市領取預購的口罩。"
    next_en = "Collect your pre-order at the store first."
    pickup_until: date | None = None
    round_id: str | None = None
    store_name: str | None = None
    next_date: date | None = None


@dataclass(kw_only=True, eq=False)
class ProxyLimit(Refusal):
    """One visitor of a counter acts for so many others."""

    code, status = "proxy_limit", 403
    zh = (
        "一位訪客代購的人數有上限。\n這位訪客代購的人數已滿。\n"
        "一次可代 {adults} 位成人與 {children} 位兒童。"
    )
    en = (
        "One visitor may act for a set number of others.\nThis visitor has done so.\n"
        "Others a visit: adults {adults}, children {children}."
    )
    next_zh = "由持卡人本人或另一位家人購買。"
    next_en = "The card's holder or another relative can buy."
    adults: int | None = None
    children: int | None = None


@dataclass(kw_only=True, eq=False)
class OutOfStock(Refusal):
    """The site has nothing left of this product today."""

    code, status = "out_of_stock", 409
    zh = "每個販售點依當日庫存販售，售完為止。\n這裡今天已經售完。\n販售點：{site_name}。"
    en = "Each site sells what it has that day.\nThis one is sold out today.\nSite: {site_name}."
    next_zh = "查詢其他販售點的庫存。"
    next_en = "Look up the stock of other sites."
    site_name: str | None = None


@dataclass(kw_only=True, eq=False)
class SiteInactive(Refusal):
    """The pharmacy or health centre takes part no longer: the list names it no more (B9)."""

    code, status = "site_inactive", 403
    zh = "口罩由名單上的藥局與衛生所販售。\n這裡已不在名單上。\n販售點：{site_name}。"
    en = (
        "Masks are sold by the pharmacies and health centres on the list.\n"
        "This one is on it no longer.\nSite: {site_name}."
    )
    next_zh = "查詢其他販售點的庫存。"
    next_en = "Look up the stock of other sites."
    site_name: str | None = None


class SaleNumberUsed(Refusal):
    """A sale's number came again, and what was sold under it is undone, or is something else."""

    code, status = "sale_number_used", 409
    zh = "一個販售編號只代表一筆販售。\n這個編號的販售已撤銷，或是另一筆。"
    en = (
        "The number of a sale stands for one sale.\n"
        "What was sold under this one is undone, or was another sale."
    )
    next_zh = "再放一次卡，查詢後再售出。"
    next_en = "Read the card again before you sell."


class UnknownStore(Refusal):
    """B3: a store of one of the four chains."""

    code, status = "unknown_store", 404
    zh = "領取門市要是 7-11、全家、萊爾富或 OK 的門市。\n查不到這家門市。"
    en = "Collection is at a 7-ELEVEN, FamilyMart, Hi-Life or OK store.\nThis store was not found."
    next_zh = "以店名、店號或路名搜尋後再選一次。"
    next_en = "Search by name, number or road and choose again."


@dataclass(kw_only=True, eq=False)
class StoreClosed(Refusal):
    """The store has stopped trading."""

    code, status = "store_closed", 409
    zh = "領取門市要在營業中。\n這家門市已停止營業。\n門市：{name}。"
    en = "The store has to be open for business.\nThis one has closed.\nStore: {name}."
    next_zh = "改選附近營業中的門市。"
    next_en = "Choose an open store nearby."
    name: str | None = None
