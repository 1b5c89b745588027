"""What people type: brought to one form, or refused with words that say what to type."""

import re
import unicodedata
from datetime import date

from emask.rules.calendar import Language


class InvalidEntry(ValueError):
    """An entry that cannot be understood. Neither its text nor its data repeat the entry.

    `field` names what was asked for, `reason` is a stable code; `zh` and `en` say what to do.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason

    @property
    def zh(self) -> str:
        return _WHAT_TO_TYPE.get(self.field, _AGAIN)[0] + _HINTS.get(self.reason, _NO_HINT)[0]

    @property
    def en(self) -> str:
        return _WHAT_TO_TYPE.get(self.field, _AGAIN)[1] + _HINTS.get(self.reason, _NO_HINT)[1]

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def compact(text: str) -> str:
    """Half-width capitals without spaces and hyphens."""
    return _SPACES_AND_HYPHENS.sub("", unicodedata.normalize("NFKC", text)).upper()


def normalise_mobile(text: str) -> str:
    """A Taiwan mobile number as 0912345678. Raises InvalidEntry("mobile", …)."""
    number = re.sub(r"^\+?886(?=0?9)", "", compact(text))
    if number.startswith("9"):
        number = "0" + number
    return _matching(r"09[0-9]{8}", number, "mobile")


def normalise_nhi_card(text: str) -> str:
    """The 12 digits at the lower left of the card's front (A9). Raises InvalidEntry."""
    return _matching(r"[0-9]{12}", compact(text), "nhi_card")


def normalise_household_number(text: str) -> str:
    """A household certificate's number, F1234567. Raises InvalidEntry."""
    return _matching(r"[A-Z][0-9]{7}", compact(text), "household_number")


def parse_birth_date(text: str) -> date:
    """A birth date: 1983-07-15, 1983/7/15, or by the Republic's years 072/07/15 or 0720715.

    Raises:
        InvalidEntry: "wrong_shape", or "no_such_day" for a day that is in no calendar.
    """
    typed = "".join(unicodedata.normalize("NFKC", text).split()).removeprefix("民國")
    parts = _DATE.fullmatch(typed) or _DATE_IN_DIGITS.fullmatch(typed)
    if parts is None:
        raise InvalidEntry("birth_date", "wrong_shape")
    year, month, day = (int(part) for part in parts.groups())
    if year < _FIRST_GREGORIAN_YEAR:
        year += _YEARS_BEFORE_THE_REPUBLIC
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidEntry("birth_date", "no_such_day") from None


def _matching(pattern: str, entry: str, field: str) -> str:
    if re.fullmatch(pattern, entry) is None:
        raise InvalidEntry(field, "wrong_shape")
    return entry


_SPACES_AND_HYPHENS = re.compile(r"[\s\-‐‑‒–—―−]+")
_DATE = re.compile(r"([0-9]{2,4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_DATE_IN_DIGITS = re.compile(r"([0-9]{3,4})([0-9]{2})([0-9]{2})")
_FIRST_GREGORIAN_YEAR = 1000
_YEARS_BEFORE_THE_REPUBLIC = 1911

_WHAT_TO_TYPE = {
    "id_number": (
        "輸入身分證字號或居留證號碼，共 10 碼，例如 A123456789",
        "Enter your ID or residence permit number, 10 characters, like A123456789",
    ),
    "mobile": (
        "輸入手機號碼，共 10 碼，例如 0912 345 678",
        "Enter a mobile number of 10 digits, like 0912 345 678",
    ),
    "nhi_card": (
        "輸入健保卡正面左下角的 12 碼數字",
        "Enter the 12 digits at the lower left of the front of your NHI card",
    ),
    "household_number": (
        "輸入戶口名簿的戶號，共 8 碼，例如 F1234567",
        "Enter the number of your household certificate, 8 characters, like F1234567",
    ),
    "password": (
        "設定 8 到 128 個字元的密碼",
        "Choose a password of 8 to 128 characters",
    ),
    "birth_date": (
        "輸入出生年月日，例如 1983-07-15 或 072/07/15",
        "Enter your date of birth, like 1983-07-15",
    ),
    "pickup_number": (
        "輸入簡訊中的取貨編號，共 9 碼數字",
        "Enter the pick-up number from your message, 9 digits",
    ),
}
_AGAIN = ("再輸入一次", "Enter this again")
_HINTS = {
    "wrong_check_digit": (
        "。其中一碼與檢查碼不合，對照證件再輸入一次",
        ". One character does not fit the check digit: compare it with the original",
    ),
    "not_on_record": (
        "。與健保資料不符，對照證件再輸入一次",
        ". It does not fit the records: compare it with the original",
    ),
    "no_such_day": ("。日曆上沒有這一天", ". There is no such day in the calendar"),
}
_NO_HINT = ("", "")
