"""CheckMacValue: how ECPay and its merchants sign the fields that they send one another.

All fields but the MAC itself, sorted by name, stand between the merchant's two secrets; the whole
is URL-encoded as .NET does it, put in lower case and hashed. Two things follow, which readers have
to make up for: letters of either case are the same to it, and so are `a=1&b=2` in one field and
in two (:func:`emask.partners.ecpay.wire.check_names`).
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5, sha256
from typing import Final
from urllib.parse import quote_plus

FIELD: Final = "CheckMacValue"

_LITERAL: Final = "-_.!*()"  # .NET leaves them as they are


class Digest(StrEnum):
    """What the MAC is hashed with."""

    SHA256 = "sha256"
    """Payment, with ``EncryptType=1``."""
    MD5 = "md5"
    """Logistics."""


@dataclass(frozen=True, slots=True)
class MacKeys:
    """A merchant's two secrets; they do not show when it is printed."""

    hash_key: str = field(repr=False)
    hash_iv: str = field(repr=False)


def check_mac_value(
    fields: Mapping[str, str], keys: MacKeys, digest: Digest = Digest.SHA256
) -> str:
    """The MAC over the fields, in upper-case hex; empty fields count, a MAC among them does not.

    Raises:
        UnicodeEncodeError: a lone surrogate, which nothing on the wire can be.
    """
    names = sorted((name for name in fields if name != FIELD), key=_caseless)
    told = "".join(f"{name}={fields[name]}&" for name in names)
    text = f"HashKey={keys.hash_key}&{told}HashIV={keys.hash_iv}"
    encoded = quote_plus(text, safe=_LITERAL).replace("~", "%7e").lower()
    return _HASHES[digest](encoded.encode("ascii")).upper()


def signed(
    fields: Mapping[str, str], keys: MacKeys, digest: Digest = Digest.SHA256
) -> dict[str, str]:
    """The fields with their MAC."""
    return {**fields, FIELD: check_mac_value(fields, keys, digest)}


def is_genuine(fields: Mapping[str, str], keys: MacKeys, digest: Digest = Digest.SHA256) -> bool:
    """Whether whoever sent the fields knew the secrets; compared in constant time."""
    try:
        expected = check_mac_value(fields, keys, digest)
        said = fields.get(FIELD, "").encode()
    except UnicodeEncodeError:
        return False
    return hmac.compare_digest(expected.encode(), said)


def _caseless(name: str) -> bytes:
    """As the owner's SDK compares names: byte by byte, the case of ASCII letters left aside."""
    return name.encode().lower()


def _md5(text: bytes) -> str:
    return md5(text, usedforsecurity=False).hexdigest()  # weak, and what logistics prescribes


def _sha256(text: bytes) -> str:
    return sha256(text).hexdigest()


_HASHES: Final[Mapping[Digest, Callable[[bytes], str]]] = {
    Digest.SHA256: _sha256,
    Digest.MD5: _md5,
}
