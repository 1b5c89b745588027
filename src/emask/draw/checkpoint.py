"""A list's commitment as a C2SP checkpoint: a note of a few lines, signed with Ed25519.

Whoever keeps the note can hold us to it: it names the list's size and root and, in lines of
extension, how and by which beacon round the list will be drawn.
"""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519 = b"\1"
_KEY_ID_BYTES = 4
_SIGNATURE = "— "  # an em dash and a space begin each line of a signature


class BadNote(ValueError):
    """Not a note, not one of this key, or no checkpoint; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a tree held when it was committed to."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The lines that are signed."""
        lines = [self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions]
        if not all(lines) or any("\n" in line for line in lines):
            raise BadNote("an empty or broken line")
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def read(cls, text: str) -> Self:
        """The checkpoint of a note's text. Raises BadNote."""
        try:
            origin, size, root, *extensions = text.removesuffix("\n").split("\n")
            read = cls(
                origin=origin,
                size=int(size),
                root=b64decode(root, validate=True),
                extensions=tuple(extensions),
            )
        except ValueError as error:
            raise BadNote("no checkpoint") from error
        if read.text() != text:  # one way of writing each
            raise BadNote("no checkpoint")
        return read


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSigner:
    """Signs notes under a name, which is the checkpoint's origin."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier_key(self) -> str:
        """What others open the notes with: name, key id and key."""
        public = self.key.public_key().public_bytes_raw()
        encoded = b64encode(_ED25519 + public).decode()
        return f"{self.name}+{key_id(self.name, public).hex()}+{encoded}"

    def sign(self, text: str) -> str:
        """The signed note; the same text gives the same note."""
        public = self.key.public_key().public_bytes_raw()
        signature = key_id(self.name, public) + self.key.sign(text.encode())
        return f"{text}\n{_SIGNATURE}{self.name} {b64encode(signature).decode()}\n"


def key_id(name: str, public_key: bytes) -> bytes:
    """4 bytes that say which key signed.

    Raises:
        BadNote: a name that would break the note's lines.
    """
    if not name or "+" in name or name.split() != [name]:
        raise BadNote("a key's name has neither spaces nor plus signs")
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:_KEY_ID_BYTES]


def open_note(note: str, verifier_key: str) -> str:
    """The text of a note that the key has signed; signatures of other keys do not matter.

    Raises:
        BadNote: it has not.
    """
    name, known, public = _verifier(verifier_key)
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise BadNote("not a signed note")
    text += "\n"
    signed = False
    for line in signatures.removesuffix("\n").split("\n"):
        signer, signature = _signature(line)
        if signer != name or signature[:_KEY_ID_BYTES] != known:
            continue
        try:
            public.verify(signature[_KEY_ID_BYTES:], text.encode())
        except InvalidSignature as error:
            raise BadNote("the signature does not verify") from error
        signed = True
    if not signed:
        raise BadNote("not signed by this key")
    return text


def _verifier(verifier_key: str) -> tuple[str, bytes, Ed25519PublicKey]:
    try:
        name, known, encoded = verifier_key.split("+", 2)
        key = b64decode(encoded, validate=True)
        public = Ed25519PublicKey.from_public_bytes(key[1:])
    except ValueError as error:
        raise BadNote("not a verifier's key") from error
    if key[:1] != _ED25519 or key_id(name, key[1:]).hex() != known:
        raise BadNote("not a verifier's key")
    return name, bytes.fromhex(known), public


def _signature(line: str) -> tuple[str, bytes]:
    try:
        name, encoded = line.removeprefix(_SIGNATURE).split(" ")
        signature = b64decode(encoded, validate=True)
    except ValueError as error:
        raise BadNote("not a signed note") from error
    if not line.startswith(_SIGNATURE):
        raise BadNote("not a signed note")
    return name, signature
