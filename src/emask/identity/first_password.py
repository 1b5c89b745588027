"""The password that an NHI office hands out, until its person chooses another (A1.1-3, A3)."""

import hmac
import secrets
import unicodedata
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.identity import queries
from emask.identity.passwords import check_new_password, hash_password, password_matches
from emask.identity.permits import Permit, expiry, new_permit_id, open_permit, seal_permit
from emask.identity.service import Identity
from emask.identity.session_ends import end_all
from emask.rules.people import InvalidEntry
from emask.rules.refusals import EvidenceReplayed

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Nothing that is taken for something else on paper: no 0 and O, no 1, I and L."""

_GROUPS: Final = 4
_LETTERS: Final = 3
"""12 letters of 31: 59 bits."""


class ChoosingPermit(Permit, frozen=True, kw_only=True):
    """Who signed in with a password from an office and has to choose one of their own.

    `first` is the digest of that password's hash: for the next one it is no permit.
    """

    person_id: UUID
    first: bytes


def new_first_password() -> str:
    """One that can be read out and typed, such as ``K7M-4QX-9RD-W2F``."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(_LETTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


def as_handed_out(typed: str) -> str:
    """A first password as it was printed, typed with small letters, spaces or no hyphens.

    Anything else stays as it is.
    """
    written = unicodedata.normalize("NFKC", typed).upper()
    letters = "".join(letter for letter in written if letter.isalnum())
    if len(letters) != _GROUPS * _LETTERS or set(letters) - set(ALPHABET):
        return typed
    return "-".join(letters[at : at + _LETTERS] for at in range(0, len(letters), _LETTERS))


async def must_choose_password(tx: Transaction, person_id: UUID) -> bool:
    """Whether a person who signed in at a computer has to choose a password before anything else.

    There is no session before that: the browser gets the permit of `permit_to_choose` instead.
    """
    return await queries.has_first_password(tx, person_id)


async def permit_to_choose(identity: Identity, *, person_id: UUID) -> str:
    """What carries a sign-in over to the page where the password is chosen."""
    expires_at = expiry(await identity.clock.now())
    async with identity.db.transaction() as tx:
        first = await queries.password_hash(tx, person_id)
    permit = ChoosingPermit(
        permit_id=new_permit_id(),
        expires_at=expires_at,
        person_id=person_id,
        first=_digest(identity, first),
    )
    return seal_permit(identity.vault, permit)


async def choose_own_password(identity: Identity, *, permit: str, password: str) -> UUID:
    """Put one's own password in the place of an office's; returns who may be signed in now.

    Raises:
        EvidenceAltered, EvidenceExpired: about the permit.
        EvidenceReplayed: a password was chosen meanwhile, or an office handed out another.
        InvalidEntry: too short, too long, or "unchanged": the one that was handed out.
    """
    check_new_password(password)
    now = await identity.clock.now()
    opened = open_permit(identity.vault, ChoosingPermit, permit, at=now)
    person_id = opened.person_id
    async with identity.db.transaction() as tx:
        first = await queries.password_hash(tx, person_id)
    if not hmac.compare_digest(opened.first, _digest(identity, first)):
        raise EvidenceReplayed
    typed = as_handed_out(password)
    if await password_matches(identity.passwords, kept=first, password=typed):
        raise InvalidEntry("password", "unchanged")
    kept = await hash_password(identity.passwords, password)
    async with identity.db.transaction() as tx:
        if not await queries.replace_first_password(tx, person_id, kept, replaced=first):
            raise EvidenceReplayed
        generation = await end_all(tx, person_id, at=now)
    identity.ended.note_person(person_id, generation)
    return person_id


def _digest(identity: Identity, first: str | None) -> bytes:
    return identity.vault.digest("first password", first or "")
