"""A citizen certificate's signature, through the PKCS#11 module of its card.

Each call loads the module and lets go of it: nothing stays logged in, no reader stays taken, and
readers that were plugged in meanwhile are seen.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pkcs11
from asn1crypto import x509
from pkcs11 import Attribute, Mechanism, ObjectClass, Session, SignMixin, Slot, TokenFlag

from emask_card_agent import cms
from emask_card_agent.problems import Code, Problem

if TYPE_CHECKING:
    from pkcs11._pkcs11 import lib as Library  # noqa: N812 - a class with a small name

_GONE: Final = (
    pkcs11.DeviceRemoved,
    pkcs11.TokenNotPresent,
    pkcs11.SessionHandleInvalid,
    pkcs11.NoSuchToken,
)
_NOT_READABLE: Final = (pkcs11.TokenNotRecognised, pkcs11.DeviceError, pkcs11.GeneralError)
_REMOVAL: Final = 1.5  # seconds within which a module notices that the card is gone
_STEP: Final = 0.1  # seconds between two looks
_REFUSED_PIN: Final = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningCertificate:
    """A certificate whose key signs, as found on the card.

    Args:
        slot_id: the module's number for where the card is.
        key_id: the module's name for the key.
        certificate, issuers: DER.
        pin_pad: whether the PIN is typed at the reader itself.
        last_try: whether one more wrong PIN locks the card.
    """

    slot_id: int
    key_id: bytes
    certificate: bytes
    issuers: tuple[bytes, ...]
    pin_pad: bool
    last_try: bool


class Signer:
    """Signs with the certificate on the card.

    Args:
        module: the PKCS#11 module; None where none is set up.
    """

    def __init__(self, module: Path | None) -> None:
        self._module = module

    def find(self) -> SigningCertificate:
        """The certificate for signatures on the card; asks for no PIN.

        Raises:
            Problem: NO_READER, NO_CARD, OTHER_CARD, NO_CERTIFICATE, PIN_LOCKED, CARD_REMOVED.
        """
        with self._loaded() as library:
            if not library.get_slots():
                raise Problem(Code.NO_READER)
            slots = library.get_slots(token_present=True)
            if not slots:
                raise Problem(Code.NO_CARD)
            understood = False
            for slot in slots:
                try:
                    found = _certificate(slot)
                except _NOT_READABLE:
                    continue
                if found is not None:
                    return found
                understood = True
            raise Problem(Code.NO_CERTIFICATE if understood else Code.OTHER_CARD)

    def sign(self, found: SigningCertificate, pin: str | None, content: bytes) -> bytes:
        """DER of the detached CMS signature over the content.

        Args:
            found: the certificate; it must still be where it was found.
            pin: None where it is typed at the reader.
            content: what is signed.

        Raises:
            Problem: CARD_REMOVED, WRONG_PIN, PIN_LOCKED, PIN_CANCELLED, NO_CERTIFICATE.
        """
        with self._loaded() as library:
            slot = _slot(library, found.slot_id)
            # The PIN goes to the card that it was asked for, and to no other.
            if slot is None or not _holds(slot, found.certificate):
                raise Problem(Code.CARD_REMOVED)
            try:
                return _signed(slot, found, pin, content)
            except _NOT_READABLE:
                if _gone(library, found.slot_id):
                    raise Problem(Code.CARD_REMOVED) from None
                raise

    @contextmanager
    def _loaded(self) -> Iterator["Library"]:
        if self._module is None:
            raise Problem(Code.NO_CERTIFICATE)
        try:
            library = pkcs11.lib(str(self._module))
            try:
                yield library
            finally:
                library.finalize()
        except _GONE as error:
            raise Problem(Code.CARD_REMOVED) from error
        except pkcs11.NoSuchKey as error:
            raise Problem(Code.NO_CERTIFICATE) from error
        except (pkcs11.PKCS11Error, RuntimeError) as error:
            raise Problem(Code.UNREADABLE) from error


def _slot(library: "Library", slot_id: int) -> Slot | None:
    """The slot, if a card is in it."""
    slots = library.get_slots(token_present=True)
    return next((slot for slot in slots if slot.slot_id == slot_id), None)


def _gone(library: "Library", slot_id: int) -> bool:
    """Whether the card left the reader; modules take a moment to notice."""
    deadline = time.monotonic() + _REMOVAL
    while time.monotonic() < deadline:
        if _slot(library, slot_id) is None:
            return True
        time.sleep(_STEP)
    return False


def _signed(slot: Slot, found: SigningCertificate, pin: str | None, content: bytes) -> bytes:
    with _logged_in(slot, pin) as session:
        key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=found.key_id)
        rsa = cast("SignMixin", key)
        return cms.detached(
            content,
            certificate=x509.Certificate.load(found.certificate),
            issuers=[x509.Certificate.load(issuer) for issuer in found.issuers],
            sign=lambda data: rsa.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS),
        )


@contextmanager
def _logged_in(slot: Slot, pin: str | None) -> Iterator[Session]:
    try:
        session = slot.get_token().open(user_pin=pkcs11.PROTECTED_AUTH if pin is None else pin)
    except pkcs11.PinLocked as error:
        raise Problem(Code.PIN_LOCKED) from error
    except pkcs11.FunctionCancelled as error:
        raise Problem(Code.PIN_CANCELLED) from error
    except _REFUSED_PIN as error:
        flags = slot.get_token().flags
        if flags & TokenFlag.USER_PIN_LOCKED:
            raise Problem(Code.PIN_LOCKED) from error
        left = 1 if flags & TokenFlag.USER_PIN_FINAL_TRY else None
        raise Problem(Code.WRONG_PIN, tries_left=left) from error
    with session:
        yield session


def _certificate(slot: Slot) -> SigningCertificate | None:
    token = slot.get_token()
    if not token.flags & TokenFlag.TOKEN_INITIALIZED:
        return None
    with token.open() as session:
        all_of_them = [
            (certificate, one[Attribute.ID])
            for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})
            if (certificate := _parsed(one[Attribute.VALUE])) is not None
        ]
    signing = [(certificate, key_id) for certificate, key_id in all_of_them if _signs(certificate)]
    if not signing:
        return None
    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise Problem(Code.PIN_LOCKED)
    # A renewed certificate stands beside the one that it replaces.
    certificate, key_id = max(signing, key=lambda one: one[0].not_valid_before)
    issuers = _issuers(certificate, [other for other, _ in all_of_them if other.ca])
    return SigningCertificate(
        slot_id=slot.slot_id,
        key_id=key_id,
        certificate=certificate.dump(),
        issuers=tuple(issuer.dump() for issuer in issuers),
        pin_pad=bool(token.flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH),
        last_try=bool(token.flags & TokenFlag.USER_PIN_FINAL_TRY),
    )


def _holds(slot: Slot, certificate: bytes) -> bool:
    wanted = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.VALUE: certificate}
    with slot.get_token().open() as session:
        return any(True for _ in session.get_objects(wanted))


def _parsed(der: bytes) -> x509.Certificate | None:
    try:
        certificate = x509.Certificate.load(der, strict=True)
        _ = certificate.native  # all of it: parts are read when they are asked for
    except ValueError:
        return None
    return certificate


def _signs(certificate: x509.Certificate) -> bool:
    if certificate.ca or certificate.public_key.algorithm != "rsa":
        return False
    usage = certificate.key_usage_value
    return usage is None or "digital_signature" in usage.native


def _issuers(
    certificate: x509.Certificate, authorities: list[x509.Certificate]
) -> list[x509.Certificate]:
    """Those of the certificates above it that the card holds, nearest first."""
    chain: list[x509.Certificate] = []
    current = certificate
    while above := [
        one for one in authorities if one.subject == current.issuer and one not in chain
    ]:
        current = above[0]
        chain.append(current)
    return chain
