"""After a way in failed: which other ways are worth a try, as links (A5, A6)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from emask.language import source


@dataclass(frozen=True, slots=True)
class NextWay:
    """A page to go on to, and what its link says, as a source text."""

    path: str
    words: str


CARD: Final = NextWay("/identify/card", source("用健保卡認證"))
CERTIFICATE: Final = NextWay("/identify/certificate", source("用自然人憑證認證"))
MOBILE: Final = NextWay("/identify/mobile", source("用本人手機門號認證"))
DEVICE_CODE: Final = NextWay("/identify/device-code", source("用裝置碼認證"))
DEVICE: Final = NextWay("/identify/device", source("用已綁定的手機登入"))
REGISTER: Final = NextWay("/register", source("健保卡網路服務註冊"))
FORGOTTEN: Final = NextWay("/forgotten-password", source("忘記密碼"))
AGENT: Final = NextWay("/card-agent", source("安裝與啟動讀卡程式"))

_OTHER_PHONES: Final = (DEVICE_CODE, CARD)
"""For lines that do not count: those of companies, prepaid ones, Wi-Fi (A8, A10, A14)."""

_AFTER: Final[Mapping[str, Sequence[NextWay]]] = {
    "not_registered": (REGISTER, MOBILE),
    "card_unknown": (REGISTER, MOBILE),
    "card_inactive": (CERTIFICATE, MOBILE),
    "card_malformed": (CERTIFICATE, MOBILE),
    "wrong_password": (FORGOTTEN, CERTIFICATE, MOBILE),
    "wrong_pin": (CARD,),
    "pin_locked": (CARD, MOBILE),
    "certificate_invalid": (CARD,),
    "certificate_expired": (CARD, MOBILE),
    "certificate_untrusted": (CARD,),
    "certificate_revoked": (CARD, MOBILE),
    "certificate_not_bound": (CARD,),
    "revocation_unknown": (CARD, MOBILE),
    "nationals_only": (CARD, DEVICE_CODE),
    "not_own_number": _OTHER_PHONES,
    "prepaid_line": _OTHER_PHONES,
    "company_line": _OTHER_PHONES,
    "not_on_mobile_network": _OTHER_PHONES,
    "line_unknown": _OTHER_PHONES,
    "line_unproven": _OTHER_PHONES,
    "operator_unreachable": _OTHER_PHONES,
    "unlock_failed": (CARD,),
    "passkey_synced": (CARD,),
    "device_not_bound": (MOBILE, DEVICE_CODE),
    "device_code_wrong": (CARD,),
    "device_code_expired": (CARD,),
    "computer_only": (CARD,),
}

_BEGIN_AGAIN: Final = {
    "/identify/mobile/return": "/identify/mobile",
    "/identify/bind": "/identify",
}
"""Pages in the middle of a way, and where the way begins anew."""

_STEP_AGAIN: Final = frozenset({"unlock_failed", "passkey_synced"})
"""What the same step may be tried again for: its permit is still good."""


def next_ways(code: str) -> Sequence[NextWay]:
    """The other ways to offer after a refusal."""
    return _AFTER.get(code, ())


def retry_path(path: str, code: str) -> str:
    """Where another try begins for what was refused at `path`."""
    return path if code in _STEP_AGAIN else _BEGIN_AGAIN.get(path, path)
