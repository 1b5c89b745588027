"""What a page says when a device had nothing for it: the words stand there, a script shows them.

The devices are the card agent (`frontend/agent.js`) and the phone's own authenticator
(`frontend/passkey.js`); each of their failures has a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from emask.language import source
from emask.rules.refusals import CardMalformed, PinLocked, Refusal, UnlockFailed, WrongPin
from emask.rules.refusals.base import IdentityRefusal
from emask.web.shell.next_ways import AGENT, CARD, DEVICE, NextWay, next_ways
from emask.web.shell.page import Page


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a device gave nothing, and what to do next, as source texts; `{site}` is our address."""

    why: str
    next: str
    ways: Sequence[NextWay] = ()


Troubles = Mapping[str, Trouble | IdentityRefusal]

_AGENT: Final[Troubles] = {
    "unreachable": Trouble(
        source("連不上這部電腦的讀卡程式，可能還沒有安裝或啟動。"),
        source("安裝並啟動讀卡程式後再按一次；瀏覽器詢問能否連到這部電腦上的程式時，選「允許」。"),
        (AGENT,),
    ),
    "permission": Trouble(
        source("瀏覽器沒有允許本網站連到這部電腦上的讀卡程式。"),
        source("點選網址列左邊的圖示，把連到本機裝置或程式的權限改為「允許」，再按一次。"),
        (AGENT,),
    ),
    "origin_refused": Trouble(
        source("這部電腦的讀卡程式不認得本網站的網址。"),
        source("以本網站的網址 {site} 重新啟動讀卡程式，再從這個網址開啟本頁。"),
        (AGENT,),
    ),
    "host_refused": Trouble(
        source("讀卡程式只接受從這部電腦直接連來的要求。"),
        source("關閉代理伺服器或改用另一個瀏覽器後再按一次。"),
        (AGENT,),
    ),
    "token_refused": Trouble(
        source("讀卡程式沒有接受這次的要求，可能是這一頁開啟太久。"),
        source("重新開啟這一頁後再試。"),
    ),
    "no_reader": Trouble(
        source("這部電腦沒有接上讀卡機。"),
        source("接上讀卡機、插入卡片後再按一次。"),
    ),
    "no_card": Trouble(
        source("讀卡機裡沒有卡片。"),
        source("插入卡片，晶片那一端先進讀卡機，再按一次。"),
    ),
    "card_removed": Trouble(
        source("讀到一半時卡片被抽出。"),
        source("重新插入卡片後再按一次，等換到下一頁再取出卡片。"),
    ),
    "card_busy": Trouble(
        source("另一個程式正在使用這張卡片。"),
        source("關閉其他使用讀卡機的程式或網頁，再按一次。"),
    ),
    "unreadable": Trouble(
        source("卡片讀不出來。"),
        source("擦拭卡片晶片，重新插入後再按一次；還是讀不出來時，換一台讀卡機。"),
    ),
}

CARD_READING: Final[Troubles] = {
    **_AGENT,
    "other_card": Trouble(source("讀卡機裡的卡片不是健保卡。"), source("換成健保卡後再按一次。")),
    "card_malformed": CardMalformed(),
}

SIGNATURE: Final[Troubles] = {
    **_AGENT,
    "other_card": Trouble(
        source("讀卡機裡的卡片不是自然人憑證。"), source("換成自然人憑證後再按一次。"), (CARD,)
    ),
    "no_certificate": Trouble(
        source("卡片裡沒有可以簽章的憑證。"),
        source("換成自然人憑證後再按一次，或改用健保卡。"),
        (CARD,),
    ),
    "pin_cancelled": Trouble(
        source("這次沒有輸入 PIN 碼。"),
        source("再按一次，在讀卡程式的視窗或讀卡機的按鍵上輸入 PIN 碼。"),
    ),
    "wrong_pin": WrongPin(),
    "pin_locked": PinLocked(),
}

PASSKEY: Final[Troubles] = {
    "cancelled": UnlockFailed(),
    "exists": Trouble(
        source("這支手機已經綁定過。"),
        source("不用再綁定一次，直接解鎖就能登入。"),
        (DEVICE,),
    ),
    "unsupported": Trouble(
        source("這個瀏覽器不能以解鎖螢幕登入。"),
        source("改用手機內建的瀏覽器並設定螢幕鎖定，或用電腦以健保卡登入。"),
        (CARD,),
    ),
    "insecure": Trouble(
        source("這一頁不是從本網站的安全網址開啟的。"),
        source("從本網站的網址 {site} 重新開始。"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A trouble in a page's language: why in one line, facts if there are any, what next."""

    code: str
    why: str
    facts: Sequence[str]
    next: str
    ways: Sequence[NextWay]


def tell(page: Page, troubles: Troubles) -> list[Told]:
    """All of them in the page's language; the page itself adds the hotline (A6)."""
    return [_told(page, code, each) for code, each in troubles.items()]


def _told(page: Page, code: str, trouble: Trouble | IdentityRefusal) -> Told:
    if isinstance(trouble, Trouble):
        return Told(
            code=code,
            why=page.say(trouble.why).rstrip("。."),
            facts=(),
            next=page.say(trouble.next).format(site=page.system.site.origin),
            ways=trouble.ways,
        )
    language = page.language.code
    return Told(
        code=code,
        why=trouble.title(language),
        facts=trouble.text(language).split("\n")[1:],
        next=Refusal.next_step(trouble, language),
        ways=next_ways(trouble.code),
    )
