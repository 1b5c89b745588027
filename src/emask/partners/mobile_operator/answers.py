"""What the operator answers, in the agreed form: other types than these are no answer.

Tokens are text, Number Verification and Tenure say true and false, Match says "true" and "false".
"""

from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from emask.identity.ports import Contract, Match


class Addresses(msgspec.Struct, frozen=True):
    """Of the OpenID provider's metadata, what is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class KeysAnswer(msgspec.Struct, frozen=True):
    """A JWK Set."""

    keys: list[dict[str, Any]]


class TokenAnswer(msgspec.Struct, frozen=True):
    """A token; the one that a code was given for comes with an ID token."""

    access_token: str
    token_type: str
    id_token: str = ""


class VerifyAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """Number Verification 2.1."""

    device_phone_number_verified: bool


class TenureAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """KYC Tenure 0.2; it may leave the contract type out."""

    tenure_date_check: bool
    contract_type: str = ""

    @property
    def contract(self) -> Contract:
        """How the line is paid; a type that we do not know proves nothing."""
        return _CONTRACTS.get(self.contract_type, Contract.UNKNOWN)


Compared = Literal["true", "false", "not_available"]


class MatchAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """KYC Match 0.4; a field that was asked for and is left out is as good as not available."""

    id_document_match: Compared = "not_available"
    id_document_type_match: Compared = "not_available"
    birthdate_match: Compared = "not_available"
    nationality_match: Compared = "not_available"

    def owner(self, *, with_birth_date: bool) -> Match:
        """Whether all that was asked agrees: one "false" is a no, anything but "true" no yes."""
        said = [self.id_document_match, self.id_document_type_match, self.nationality_match]
        if with_birth_date:
            said.append(self.birthdate_match)
        return _agreed(said)


class ErrorAnswer(msgspec.Struct, frozen=True):
    """An error: CAMARA's APIs name it `code`, the OpenID provider `error`."""

    code: str = ""
    error: str = ""


def _agreed(said: Iterable[Compared]) -> Match:
    found = set(said)
    if "false" in found:
        return Match.NO
    return Match.YES if found == {"true"} else Match.UNKNOWN


_CONTRACTS: Final = {
    "PAYM": Contract.MONTHLY,
    "PAYG": Contract.PREPAID,
    "Business": Contract.COMPANY,
}
