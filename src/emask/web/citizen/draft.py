"""The answers of an order on its way, kept sealed in a cookie until it is submitted.

The seal opens only for the person who gave them: who signs in next at the same machine sees
nothing, and the same person, after a session ended, finds everything again.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple, Self
from uuid import UUID, uuid4

import msgspec
from litestar import Response

from emask.database.vault import SealBroken
from emask.rounds.model import Chain
from emask.web.shell.cookies import DRAFT, cookie
from emask.web.shell.page import Page

_FIELD = "draft"


class StoreKey(NamedTuple):
    """What tells a store apart."""

    chain: Chain
    code: str


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Answers given so far. Each change is a submission of its own, with a new id."""

    submission_id: UUID
    round_id: str
    chain: Chain | None = None
    store_code: str | None = None
    mobile: str | None = None

    @classmethod
    def begin(cls, round_id: str) -> Self:
        """Nothing answered yet."""
        return cls(submission_id=uuid4(), round_id=round_id)

    @property
    def store(self) -> StoreKey | None:
        """The store chosen so far."""
        return StoreKey(self.chain, self.store_code) if self.chain and self.store_code else None

    def renewed(self) -> "Draft":
        """The same answers as another submission."""
        return msgspec.structs.replace(self, submission_id=uuid4())

    def at_store(self, chain: Chain, code: str) -> "Draft":
        """With this store chosen."""
        return msgspec.structs.replace(self, chain=chain, store_code=code, submission_id=uuid4())

    def reached_at(self, mobile: str) -> "Draft":
        """With this number for notices."""
        return msgspec.structs.replace(self, mobile=mobile, submission_id=uuid4())


def read_draft(page: Page, round_id: str) -> Draft:
    """The visitor's draft for a round; an empty one when there is none to be read."""
    try:
        sealed = urlsafe_b64decode(page.connection.cookies.get(DRAFT, ""))
        text = page.system.vault.open(sealed, person_id=page.session.person_id, field=_FIELD)
        draft = msgspec.json.decode(text, type=Draft)
    except (SealBroken, ValueError, msgspec.MsgspecError):
        return Draft.begin(round_id)
    return draft if draft.round_id == round_id else Draft.begin(round_id)


def keep_draft(page: Page, answer: Response[Any], draft: Draft) -> None:
    """Let an answer carry the draft back to the visitor."""
    text = msgspec.json.encode(draft).decode()
    sealed = page.system.vault.seal(text, person_id=page.session.person_id, field=_FIELD)
    answer.set_cookie(cookie(DRAFT, urlsafe_b64encode(sealed).decode()))


def drop_draft(answer: Response[Any]) -> None:
    """The order is submitted: nothing is kept on the machine."""
    answer.delete_cookie(DRAFT)
