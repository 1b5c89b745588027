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


def normalise_name(text: str) -> str:
    """A name of 1 to 100 characters, white space single and inside only. Raises InvalidEntry."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidEntry("name", "wrong_shape")
    return name


def normalise_mobile(text: str) -> str:
    """A Taiwan mobile number as 0912345678, typed with or without +886. Raises InvalidEntry."""
    number = _COUNTRY_CODE.sub("", _BRACKETS.sub("", compact(text)))
    if number.startswith("9"):
        number = "0" + number
    return _matching(_MOBILE, number, "mobile")


def normalise_nhi_card(text: str) -> str:
    """The 12 digits at the lower left of the card's front (A9). Raises InvalidEntry."""
    return _matching(_NHI_CARD, compact(text), "nhi_card")


def normalise_household_number(text: str) -> str:
    """A household certificate's number, F1234567. Raises InvalidEntry."""
    return _matching(_HOUSEHOLD_NUMBER, compact(text), "household_number")


def normalise_certificate_number(text: str) -> str:
    """A citizen certificate's card number, MO12345678901234. Raises InvalidEntry.

    Two letters and 14 digits is all that is published: no check digit, no list of letters.
    """
    return _matching(_CERTIFICATE_NUMBER, compact(text), "certificate_number")


def parse_birth_date(text: str) -> date:
    """A birth date of either calendar.

    1983-07-15, 1983/7/15 and 19830715, or by the Republic's years 072/07/15, 72.7.15, 0720715 and
    民國72年7月15日, with 民國前 before 1912. Six digits alone could be of either calendar and are
    refused, as is a year of one digit without 民國.

    Raises:
        InvalidEntry: "wrong_shape"; "no_such_year" for one in which nobody alive was born;
            "no_such_day" for a day that is in no calendar.
    """
    typed = _DASHES.sub("-", "".join(unicodedata.normalize("NFKC", text).split()))
    era = _ERA.match(typed)
    written = typed[era.end() :].replace("元年", "1年") if era else typed
    parts = _DATE.fullmatch(written) or _DATE_IN_DIGITS.fullmatch(written)
    if parts is None:
        raise InvalidEntry("birth_date", "wrong_shape")
    year, month, day = map(int, parts.groups())
    if (year >= _FIRST_GREGORIAN_YEAR) if era else (len(parts[1]) == 1):
        raise InvalidEntry("birth_date", "wrong_shape")
    if era and era[1]:
        year = _FIRST_YEAR_OF_THE_REPUBLIC - year
    elif year < _FIRST_GREGORIAN_YEAR:
        year += _FIRST_YEAR_OF_THE_REPUBLIC - 1
    if year not in _YEARS:
        raise InvalidEntry("birth_date", "no_such_year")
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidEntry("birth_date", "no_such_day") from None


def _matching(shape: re.Pattern[str], entry: str, field: str) -> str:
    if shape.fullmatch(entry) is None:
        raise InvalidEntry(field, "wrong_shape")
    return entry


_LONGEST_NAME = 100  # characters
_SPACES_AND_HYPHENS = re.compile(r"[\s\-‐‑‒–—―−]+")
_DASHES = re.compile(r"[‐‑‒–—―−]")
_BRACKETS = re.compile(r"[().]")
_COUNTRY_CODE = re.compile(r"^(?:\+|00)?886(?=0?9)")
_MOBILE = re.compile(r"09[0-9]{8}")
_NHI_CARD = re.compile(r"[0-9]{12}")
_HOUSEHOLD_NUMBER = re.compile(r"[A-Z][0-9]{7}")
_CERTIFICATE_NUMBER = re.compile(r"[A-Z]{2}[0-9]{14}")
_ERA = re.compile(r"(?:中華)?民國?(前?)(?=[0-9元])")
_DATE = re.compile(r"([0-9]{1,4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_DATE_IN_DIGITS = re.compile(r"([0-9]{3,4})([0-9]{2})([0-9]{2})")
_FIRST_GREGORIAN_YEAR = 1000
_FIRST_YEAR_OF_THE_REPUBLIC = 1912
_YEARS = range(1850, 2101)

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
    "name": (
        f"輸入姓名，最多 {_LONGEST_NAME} 個字",
        f"Enter the name, at most {_LONGEST_NAME} characters",
    ),
    "language": (
        "填 zh 或 en",
        "Give zh or en",
    ),
    "certificate_number": (
        "輸入自然人憑證卡片上的憑證號碼，共 16 碼，例如 MO12345678901234",
        "Enter the number on your citizen certificate, 16 characters, like MO12345678901234",
    ),
    "pickup_number": (
        "輸入簡訊中的取貨編號，共 9 碼數字",
        "Enter the pick-up number from your message, 9 digits",
    ),
    "slip_number": (
        "掃描單據上的條碼，或輸入條碼下的 12 碼數字",
        "Scan the slip's barcode, or type the 12 digits below it",
    ),
    "bank_code": (
        "輸入銀行或郵局代碼，共 3 碼數字，例如郵局 700",
        "Enter the 3 digits of the bank or post office, like 700 for the post office",
    ),
    "account": (
        "輸入帳號，6 到 16 碼數字",
        "Enter the account number, 6 to 16 digits",
    ),
}
_AGAIN = ("再輸入一次", "Enter this again")
_HINTS = {
    "wrong_check_digit": (
        "。其中一碼與檢查碼不合，對照原來的號碼再輸入一次",
        ". One character does not fit the check digit: compare it with the original",
    ),
    "not_on_record": (
        "。與健保資料不符，對照證件再輸入一次",
        ". It does not fit the records: compare it with the original",
    ),
    "no_such_year": (
        "。年份不會是這一年，對照證件再輸入一次",
        ". It cannot be that year: compare it with the original",
    ),
    "no_such_day": ("。日曆上沒有這一天", ". There is no such day in the calendar"),
}
_NO_HINT = ("", "")
