"""Passwords: argon2id, hashed beside the event loop."""

import asyncio
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from emask.rules.people import InvalidEntry

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1)
"""About 0.1 s of one core and 64 MiB a password."""

SHORTEST: Final = 8
LONGEST: Final = 128
"""Characters; the upper bound keeps a request from buying seconds of hashing."""


def check_new_password(password: str) -> None:
    """Raises InvalidEntry("password", "too_short" or "too_long")."""
    length = len(_normal(password))
    if length < SHORTEST:
        raise InvalidEntry("password", "too_short")
    if length > LONGEST:
        raise InvalidEntry("password", "too_long")


async def hash_password(hasher: PasswordHasher, password: str) -> str:
    """The argon2id hash to keep, in its own salted text form."""
    return await asyncio.to_thread(hasher.hash, _normal(password))


async def password_matches(hasher: PasswordHasher, *, kept: str | None, password: str) -> bool:
    """Whether a password is the one that was hashed; one beyond `LONGEST` never is.

    Nothing kept takes as long to answer as a wrong password.
    """
    typed = _normal(password)
    if len(typed) > LONGEST:
        return False
    if kept is None:
        await asyncio.to_thread(hasher.hash, typed)
        return False
    try:
        return await asyncio.to_thread(hasher.verify, kept, typed)
    except VerifyMismatchError:
        return False


def _normal(password: str) -> str:
    # An input method may write the same password in full-width letters.
    return unicodedata.normalize("NFKC", password)
