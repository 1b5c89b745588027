"""A virtual card with one signing key behind a PIN that locks: the PIV commands (NIST SP 800-73).

PIV is the card language that OpenSC's PKCS#11 module knows best, so that a signature takes the
same way as with a citizen's card: module, reader, card. The PIN's counter outlives resets, as on
a real card.
"""

import hmac
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

TRIES: Final = 3
"""Wrong PINs in a row that lock the card."""

_AID: Final = bytes.fromhex("A000000308")
_APPLICATION: Final = bytes.fromhex("000010000100")
_CERTIFICATE: Final = bytes.fromhex("5FC105")
_HOLDER: Final = bytes.fromhex("5FC102")
_DISCOVERY: Final = bytes.fromhex("7E")
_KEY_BITS: Final = 2048
_PIN_LENGTH: Final = 8
_HEADER: Final = 5  # bytes before a command's data

_SELECT: Final = bytes.fromhex("A40400")
_GET_DATA: Final = bytes.fromhex("CB3FFF")
_VERIFY: Final = bytes.fromhex("200080")
_SIGN: Final = bytes.fromhex("87079A")  # RSA-2048, the authentication key
_GET_RESPONSE: Final = bytes.fromhex("C00000")
_CHAINED: Final = 0x10  # in the class byte: the command goes on
_CHUNK: Final = 256

_DONE: Final = b"\x90\x00"
_MORE: Final = 0x61
_TRIES_LEFT: Final = 0xC0
_LOCKED: Final = b"\x69\x83"
_NOT_VERIFIED: Final = b"\x69\x82"
_NOT_FOUND: Final = b"\x6a\x82"
_WRONG: Final = b"\x6a\x80"
_UNKNOWN: Final = b"\x6d\x00"


class VirtualPivCard:
    """A PIV card.

    Args:
        key: RSA, 2048 bits.
        certificate: of that key.
        pin: six to eight digits.
    """

    atr: Final = bytes.fromhex("3B8801" + b"emaskPIV".hex() + "B7")

    def __init__(self, key: RSAPrivateKey, certificate: x509.Certificate, *, pin: str) -> None:
        if key.key_size != _KEY_BITS:
            message = f"the card's commands are for keys of {_KEY_BITS} bits"
            raise ValueError(message)
        self.tries_left = TRIES
        self._numbers = key.private_numbers()
        self._pin = pin.encode("ascii").ljust(_PIN_LENGTH, b"\xff")
        application = _AID + _APPLICATION
        self._objects = {
            _DISCOVERY: _tlv(0x7E, _tlv(0x4F, application) + bytes.fromhex("5F2F024000")),
            _HOLDER: _tlv(0x53, _holder(certificate.serial_number)),
            _CERTIFICATE: _tlv(
                0x53,
                _tlv(0x70, certificate.public_bytes(Encoding.DER)) + bytes.fromhex("710100FE00"),
            ),
        }
        self.reset()

    def reset(self) -> None:
        """Power came or went: whoever wants to sign has to give the PIN again."""
        self._selected = False
        self._verified = False
        self._command = b""
        self._reply = b""

    def answer(self, command: bytes) -> bytes | None:
        """The reply to a command; long commands and replies come in pieces."""
        asked = command[1:4]
        if asked == _GET_RESPONSE:
            return self._next_piece()
        data = command[_HEADER : _HEADER + command[4]] if len(command) > _HEADER else b""
        if command[0] & _CHAINED:
            self._command += data
            return _DONE
        data, self._command = self._command + data, b""
        if asked == _SELECT:
            return self._select(data)
        known = {_GET_DATA: self._object, _VERIFY: self._verify, _SIGN: self._sign}
        return known[asked](data) if self._selected and asked in known else _UNKNOWN

    def _select(self, aid: bytes) -> bytes:
        self._selected = aid.startswith(_AID)
        if not self._selected:
            return _NOT_FOUND
        return self._in_pieces(_tlv(0x61, _tlv(0x4F, _APPLICATION) + _tlv(0x79, _tlv(0x4F, _AID))))

    def _object(self, wanted: bytes) -> bytes:
        found = self._objects.get(wanted[2:]) if wanted[:1] == b"\x5c" else None
        return _NOT_FOUND if found is None else self._in_pieces(found)

    def _verify(self, pin: bytes) -> bytes:
        if self._verified and not pin:
            return _DONE
        if not self.tries_left:
            return _LOCKED
        if pin:
            self._verified = hmac.compare_digest(pin, self._pin)
            self.tries_left = TRIES if self._verified else self.tries_left - 1
            if self._verified:
                return _DONE
        return bytes((0x63, _TRIES_LEFT | self.tries_left)) if self.tries_left else _LOCKED

    def _sign(self, template: bytes) -> bytes:
        if not self._verified:
            return _NOT_VERIFIED
        size = _KEY_BITS // 8
        block = template[-size:]  # the last of the template: the padded digest
        if len(block) != size:
            return _WRONG
        signature = pow(int.from_bytes(block), self._numbers.d, self._numbers.public_numbers.n)
        return self._in_pieces(_tlv(0x7C, _tlv(0x82, signature.to_bytes(size))))

    def _in_pieces(self, reply: bytes) -> bytes:
        self._reply = reply
        return self._next_piece()

    def _next_piece(self) -> bytes:
        piece, self._reply = self._reply[:_CHUNK], self._reply[_CHUNK:]
        if not self._reply:
            return piece + _DONE
        return piece + bytes((_MORE, min(len(self._reply), _CHUNK) % _CHUNK))


def _holder(number: int) -> bytes:
    """The card holder's unique identifier: readers take the card's serial number from it."""
    unique = (number % (1 << 128)).to_bytes(16)
    return (
        _tlv(0x30, bytes.fromhex("D4E739DA739CED39CE739D836858210842108421C84210C3EB"))
        + _tlv(0x34, unique)
        + _tlv(0x35, b"20301231")
        + bytes.fromhex("3E00FE00")
    )


def _tlv(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 1 << 7:
        head = bytes((length,))
    elif length < 1 << 8:
        head = bytes((0x81, length))
    else:
        head = b"\x82" + length.to_bytes(2)
    return bytes((tag,)) + head + value
