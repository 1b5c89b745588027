"""What the demo's partners do wrong, to be switched on and off: anybody can see the failures."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from emask.language import source
from emask.sandbox.certificates import Condition, serial_of
from emask.sandbox.system import Sandbox, sandbox_of
from emask.web.sandbox_pages.cast import CAST, member
from emask.web.shell.page import Page, SentForm, ThisPage

_SECONDS: Final = 5
_FIELDS: Final = ("contractType", "idDocumentMatch")

_NAMES: Final = {"operator": source("電信業者"), "ca": source("憑證管理中心")}

_FAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "operator": {
        "slow": source("回應慢 5 秒"),
        "down": source("沒有回應"),
        "duplicate": source("同一個授權碼發兩次"),
        "wrong_audience": source("把給別人的權杖發給我們"),
        "not_available": source("說沒有門號持有人的資料"),
        "missing": source("回應裡少了欄位"),
        "tethering": source("這支手機用的是別人分享的網路"),
        "ts43": source("以 SIM 權杖代替行動網路"),
    },
    "ca": {
        "slow": source("回應慢 5 秒"),
        "ocsp_down": source("OCSP 沒有回應"),
        "crl_down": source("廢止清冊下載不到"),
        "stale_crl": source("廢止清冊已過期"),
        "stale_ocsp": source("OCSP 的回應已過期"),
        "wrong_key": source("以陌生的金鑰簽章"),
        "revoked_mid_session": source("王小明的憑證查詢過一次後廢止"),
    },
}

_CONDITIONS: Final = {
    Condition.GOOD: source("使用中"),
    Condition.EXPIRED: source("已過期"),
    Condition.REVOKED: source("已廢止"),
    Condition.UNTRUSTED: source("由其他單位簽發"),
}


def _detail(kind: str) -> dict[str, Any]:
    """What a fault is about."""
    match kind:
        case "slow":
            return {"seconds": _SECONDS}
        case "not_available" | "missing":
            return {"fields": list(_FIELDS)}
        case "revoked_mid_session":
            return {"serial": serial_of(CAST[0].person.id_number)}
        case _:
            return {}


@get("/sandbox/partners")
async def show_partners(page: ThisPage) -> Response[str]:
    """Every fault that a partner can have, those of now ticked, and people's certificates."""
    sandbox = _sandbox(page)
    partners = [
        {
            "key": partner,
            "name": name,
            "faults": _FAULTS[partner],
            "now": await sandbox.mischief.kinds(partner),
        }
        for partner, name in _NAMES.items()
    ]
    holders = [each for each in CAST if each.certificate or each.key == "tong"]
    return page.show(
        "sandbox_pages/partners.html",
        {"partners": partners, "holders": holders, "conditions": _CONDITIONS},
    )


@post("/sandbox/partners", status_code=HTTP_200_OK)
async def change_partner(page: ThisPage, form: SentForm) -> Redirect:
    """From now on the partner has the faults that were ticked, and no others."""
    partner = form.text("partner")
    if partner not in _FAULTS:
        raise NotFoundException
    mischief = _sandbox(page).mischief
    await mischief.end(partner)
    for kind in _FAULTS[partner]:
        if form.ticked(kind):
            await mischief.begin(partner, kind, _detail(kind))
    return page.go("/sandbox/partners")


@post("/sandbox/partners/certificate", status_code=HTTP_200_OK)
async def change_certificate(page: ThisPage, form: SentForm) -> Redirect:
    """From now on the directory says this of somebody's certificate."""
    holder = member(form.text("holder"))
    condition = next((each for each in Condition if each == form.text("condition")), None)
    if holder is None or condition is None:
        raise NotFoundException
    await _sandbox(page).certificates.set_condition(
        id_number=holder.person.id_number, condition=condition
    )
    return page.go("/sandbox/partners")


def _sandbox(page: Page) -> Sandbox:
    sandbox = sandbox_of(page.system)
    if sandbox is None:
        raise NotFoundException
    return sandbox


DEMO = [show_partners, change_partner, change_certificate]
