"""Fixed words of the scheme that rules, refusals and screens share."""

from enum import StrEnum

from emask.rules.calendar import Language


class Document(StrEnum):
    """What proves at a till whose pack it is; any one is enough (B4, B15)."""

    NATIONAL_ID = "national_id"
    NHI_CARD = "nhi_card"
    DRIVING_LICENCE = "driving_licence"
    RESIDENCE_PERMIT = "residence_permit"

    @property
    def zh(self) -> str:
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        return _WORDS[self][1]


class Method(StrEnum):
    """How an order is paid (B14)."""

    WEB_ATM = "web_atm"
    CREDIT_CARD = "credit_card"
    ATM = "atm"

    @property
    def zh(self) -> str:
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        return _WORDS[self][1]


def word(value: str, language: Language) -> str:
    """The word for a document or method; any other value stands for itself."""
    zh, en = _WORDS.get(value, (value, value))
    return zh if language == "zh" else en


_WORDS: dict[str, tuple[str, str]] = {
    Document.NATIONAL_ID: ("身分證", "national ID card"),
    Document.NHI_CARD: ("健保卡", "NHI card"),
    Document.DRIVING_LICENCE: ("駕照", "driving licence"),
    Document.RESIDENCE_PERMIT: ("居留證", "residence permit"),
    "household_certificate": ("戶口名簿", "household certificate"),
    Method.WEB_ATM: ("網路銀行", "online banking"),
    Method.CREDIT_CARD: ("信用卡", "credit card"),
    Method.ATM: ("ATM", "ATM transfer"),
}
