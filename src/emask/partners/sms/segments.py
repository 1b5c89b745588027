"""How many parts a text has on the air, and where it is cut.

A text of GSM letters alone (3GPP TS 23.038, 6.2.1) has 160 places in one message and 153 in each
part of several; any other text has 70 and 67 places of UTF-16. A letter that takes two places,
such as `€` or a rare Han character, is never cut.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from typing import Final

_GSM: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE: Final = 0x1B
_ESCAPED: Final[Mapping[str, int]] = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_OCTETS: Final[Mapping[str, bytes]] = {
    letter: bytes([place]) for place, letter in enumerate(_GSM) if place != _ESCAPE
} | {letter: bytes([_ESCAPE, place]) for letter, place in _ESCAPED.items()}
_LETTERS: Final = {octets: letter for letter, octets in _OCTETS.items()}


class Alphabet(IntEnum):
    """How a text is written; the value is SMPP's `data_coding`."""

    GSM = 0
    UCS2 = 8

    @property
    def alone(self) -> int:
        """How many places a message of one part has."""
        return 160 if self is Alphabet.GSM else 70

    @property
    def together(self) -> int:
        """How many places each of several parts has, beside the header that joins them."""
        return 153 if self is Alphabet.GSM else 67

    def places(self, letter: str) -> int:
        """How many places a letter takes."""
        return len(self.octets(letter)) // (1 if self is Alphabet.GSM else 2)

    def octets(self, text: str) -> bytes:
        """The text as it is handed over: a GSM letter an octet, not packed; UTF-16 with no mark.

        Raises:
            KeyError: the alphabet is GSM and has not all of the letters.
        """
        if self is Alphabet.GSM:
            return b"".join(_OCTETS[letter] for letter in text)
        return text.encode("utf-16-be", errors="replace")

    def text(self, octets: bytes) -> str:
        """The text that octets stand for; `?` for what stands for nothing."""
        if self is Alphabet.UCS2:
            return octets.decode("utf-16-be", errors="replace")
        places = re.findall(rb"\x1b?.", octets, re.DOTALL)
        return "".join(_LETTERS.get(place, "?") for place in places)


def alphabet_of(text: str) -> Alphabet:
    """The alphabet in which the text has the fewest parts."""
    return Alphabet.GSM if all(letter in _OCTETS for letter in text) else Alphabet.UCS2


def parts_of(text: str) -> list[str]:
    """The text, cut into the parts in which it is sent; an empty one is sent as one."""
    alphabet = alphabet_of(text)
    if sum(map(alphabet.places, text)) <= alphabet.alone:
        return [text]
    parts, left = [""], alphabet.together
    for letter in text:
        places = alphabet.places(letter)
        if places > left:
            parts.append("")
            left = alphabet.together
        parts[-1] += letter
        left -= places
    return parts


def count_parts(text: str) -> int:
    """How many parts a text has: what a provider asks to be paid for."""
    return len(parts_of(text))
