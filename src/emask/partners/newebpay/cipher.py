"""How NewebPay and its merchants hide and sign what they send one another.

Trades travel as TradeInfo (AES-256-CBC, in hex) beside TradeSha, a hash of it between the
merchant's two secrets. Both sides use the same secrets: an order of ours verifies as well as a
message of theirs, so what a genuine TradeInfo says has still to be read with care.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK: Final = 16
"""Bytes in a block of AES."""
LARGEST_PADDING: Final = 32
"""NewebPay pads its own messages to 32 bytes, although its cipher's blocks are of 16."""

_KEY_BYTES: Final = 32
_BLOCKS_IN_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{32})+")


class NotSealed(ValueError):
    """Not what this cipher makes with these keys."""


@dataclass(frozen=True, slots=True)
class TradeKeys:
    """A merchant's two secrets; they do not show when it is printed.

    Raises:
        ValueError: they are not of 32 and 16 ASCII letters.
    """

    hash_key: str = field(repr=False)
    hash_iv: str = field(repr=False)

    def __post_init__(self) -> None:
        fits = (len(self.hash_key), len(self.hash_iv)) == (_KEY_BYTES, BLOCK)
        if not fits or not (self.hash_key + self.hash_iv).isascii():
            raise ValueError("keys: HashKey has 32 ASCII letters, HashIV has 16")


def sealed(text: str, keys: TradeKeys, *, padded_to: int = BLOCK) -> str:
    """A text as TradeInfo or PostData_: padded, encrypted, in lower-case hex.

    Args:
        text: what to hide.
        keys: of the merchant.
        padded_to: bytes; 16 as merchants do, or 32 as NewebPay does.
    """
    plain = text.encode()
    missing = padded_to - len(plain) % padded_to
    encryptor = _cipher(keys).encryptor()
    return (encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()).hex()


def opened(trade_info: str, keys: TradeKeys) -> str:
    """What stands in a TradeInfo, however far it was padded. Raises NotSealed.

    Only after :func:`is_genuine`: how opening fails must not tell a stranger anything.
    """
    if not _BLOCKS_IN_HEX.fullmatch(trade_info):
        raise NotSealed("not whole blocks in hex")
    decryptor = _cipher(keys).decryptor()
    padded = decryptor.update(bytes.fromhex(trade_info)) + decryptor.finalize()
    count = padded[-1]
    if not 1 <= count <= min(LARGEST_PADDING, len(padded)):
        raise NotSealed("not padded")
    if padded[-count:] != bytes([count]) * count:
        raise NotSealed("not padded evenly")
    try:
        return padded[:-count].decode()
    except UnicodeDecodeError:
        raise NotSealed("not text") from None


def trade_sha(trade_info: str, keys: TradeKeys) -> str:
    """The hash that a TradeInfo is sent with. Raises UnicodeEncodeError for a lone surrogate."""
    return _upper_sha(f"HashKey={keys.hash_key}&{trade_info}&HashIV={keys.hash_iv}")


def is_genuine(trade_info: str, sha: str, keys: TradeKeys) -> bool:
    """Whether whoever sent a TradeInfo knew the secrets; compared in constant time."""
    try:
        expected = trade_sha(trade_info, keys).encode()
        said = sha.encode()
    except UnicodeEncodeError:
        return False
    return hmac.compare_digest(expected, said)


def check_value(*, amount: int, merchant_id: str, trade_no: str, keys: TradeKeys) -> str:
    """What a query about a trade is signed with."""
    asked = {"Amt": str(amount), "MerchantID": merchant_id, "MerchantOrderNo": trade_no}
    return _upper_sha(f"IV={keys.hash_iv}&{urlencode(asked)}&Key={keys.hash_key}")


def check_code(told: Mapping[str, str], keys: TradeKeys) -> str:
    """What the answer to a query is signed with: over four of its fields, in this order.

    The state of the trade is not among them; the connection vouches for that.

    Raises:
        KeyError: one of the four is missing.
    """
    four = {name: told[name] for name in ("Amt", "MerchantID", "MerchantOrderNo", "TradeNo")}
    return _upper_sha(f"HashIV={keys.hash_iv}&{urlencode(four)}&HashKey={keys.hash_key}")


def same(expected: str, said: str) -> bool:
    """Whether two signatures are the same, compared in constant time."""
    return hmac.compare_digest(expected.encode(), said.encode(errors="replace"))


def _upper_sha(text: str) -> str:
    return sha256(text.encode()).hexdigest().upper()


def _cipher(keys: TradeKeys) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(keys.hash_key.encode()), modes.CBC(keys.hash_iv.encode()))
