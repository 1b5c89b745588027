"""Problem documents (RFC 9457): the rules' refusals, and what HTTP itself adds."""

from collections.abc import Mapping
from typing import Final, NamedTuple, get_args

import msgspec

from emask.identity.sessions import SessionEnded
from emask.language import Language
from emask.preorder.intake import IntakeFull, IntakeInterrupted
from emask.preorder.model import SubmissionReused
from emask.rounds.service import UnknownRound
from emask.rules.people import InvalidEntry
from emask.rules.refusals import Refusal


class Texts(NamedTuple):
    """One text in both languages."""

    zh: str
    en: str

    def read(self, language: Language) -> str:
        return self.zh if language is Language.ZH else self.en


class Kind(NamedTuple):
    """A kind of problem that is no rule of the scheme."""

    status: int
    code: str
    title: Texts
    next: Texts


class Problem(msgspec.Struct, frozen=True):
    """The members of a problem document; `code` is stable, `next` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    data: Mapping[str, str]
    next: str


class Unacceptable(Exception):
    """A request that is refused before any use case sees it; `data` names what is wrong with it."""

    def __init__(self, kind: Kind, data: Mapping[str, str] | None = None) -> None:
        super().__init__(kind.code)
        self.kind = kind
        self.data = data or {}


Answerable = (
    Refusal
    | InvalidEntry
    | IntakeFull
    | SubmissionReused
    | UnknownRound
    | SessionEnded
    | Unacceptable
)
ANSWERED: Final = get_args(Answerable)
"""Everything that has a document; anything else is a fault of ours."""


def document(error: Answerable, language: Language) -> Problem:
    """Word an error for the caller."""
    if isinstance(error, Refusal):
        return Problem(
            type=_type(error.code),
            title=error.title(language.code),
            status=error.status,
            detail=error.text(language.code),
            code=error.code,
            data=error.data,
            next=error.next_step(language.code),
        )
    if isinstance(error, InvalidEntry):
        kind, data = INVALID_ENTRY, {"field": error.field, "reason": error.reason}
        return _document(kind, language, data=data, next_step=error.text(language.code))
    if isinstance(error, Unacceptable):
        return _document(error.kind, language, data=error.data)
    return _document(next(kind for of, kind in _KINDS if isinstance(error, of)), language)


def _document(
    kind: Kind,
    language: Language,
    *,
    data: Mapping[str, str] | None = None,
    next_step: str | None = None,
) -> Problem:
    return Problem(
        type=_type(kind.code),
        title=kind.title.read(language),
        status=kind.status,
        detail=kind.title.read(language),
        code=kind.code,
        data=data or {},
        next=next_step or kind.next.read(language),
    )


def _type(code: str) -> str:
    return f"urn:emask:problem:{code}"


SIGN_IN: Final = Kind(
    401,
    "session_ended",
    Texts("要先完成認證。", "Prove who you are first."),
    Texts("重新認證後再送出一次。", "Sign in again and send this once more."),
)
NOT_TRUSTED: Final = Kind(
    403,
    "request_not_trusted",
    Texts(
        "以 cookie 認證的要求要是 JSON，並帶 x-emask-request 標頭。",
        "A request that is signed in by cookie has to be JSON and carry x-emask-request.",
    ),
    Texts(
        "從預購網站送出，或改用 Authorization 標頭。",
        "Send it from the pre-order site, or use the Authorization header.",
    ),
)
FOREIGN_ORIGIN: Final = Kind(
    403,
    "foreign_origin",
    Texts(
        "從瀏覽器送出的要求要來自預購網站的頁面。",
        "What a browser sends has to come from a page of the pre-order site.",
    ),
    Texts(
        "從預購網站送出，或不經瀏覽器、以 Authorization 標頭送出。",
        "Send it from the pre-order site, or from no browser with the Authorization header.",
    ),
)
WRONG_METHOD: Final = Kind(
    405,
    "wrong_method",
    Texts("這個位址只接受 POST。", "This address takes POST only."),
    Texts("以 POST 送出。", "Send it by POST."),
)
TOO_LARGE: Final = Kind(
    413,
    "too_large",
    Texts("內容不會超過 4 KB。", "What is sent is no longer than 4 KB."),
    Texts("只送文件列出的欄位。", "Send the documented fields only."),
)
MALFORMED: Final = Kind(
    400,
    "malformed",
    Texts(
        "內容要是 JSON，欄位為 round_id、chain、store_code、mobile，可加 language。",
        "The body is JSON with round_id, chain, store_code, mobile and, if wanted, language.",
    ),
    Texts("對照 API 文件修正後再送出。", "Correct it by the API's description and send it again."),
)
KEY_REUSED: Final = Kind(
    422,
    "idempotency_key_reused",
    Texts(
        "一個 Idempotency-Key 只代表一筆內容。這個 key 已用於另一筆預購。",
        "An Idempotency-Key stands for one order. This one was used for a different order.",
    ),
    Texts("要修改預購時，換一個新的 key。", "To amend the pre-order, use a new key."),
)
UNKNOWN_ROUND: Final = Kind(
    404,
    "unknown_round",
    Texts("查不到這個輪次。", "There is no such round."),
    Texts("以 /api/v1/rounds 列出的輪次預購。", "Choose one of the rounds that the API lists."),
)
INVALID_ENTRY: Final = Kind(
    422,
    "invalid_entry",
    Texts("有一個欄位無從辨識。", "One of the fields cannot be understood."),
    Texts("修正後再送出一次。", "Correct it and send this again."),
)
NOT_SAVED: Final = Kind(
    503,
    "intake_full",
    Texts(
        "現在同時送出的人很多，這一筆還沒有儲存。",
        "Many people are sending at this moment. This one was not saved.",
    ),
    Texts(
        "不用趕：登記期間內任何時間送出，中籤機會都一樣。稍後再送出一次。",
        "There is no need to hurry: any time in the period gives the same chance. "
        "Send it again in a moment.",
    ),
)
UNSURE: Final = Kind(
    503,
    "intake_interrupted",
    Texts(
        "連線中斷，這一筆可能已經儲存，也可能還沒有。",
        "The connection broke. This one may or may not have been saved.",
    ),
    Texts(
        "以同一個 Idempotency-Key 再送出一次；重複送出不會變成兩筆。",
        "Send it again with the same Idempotency-Key: it cannot become two.",
    ),
)

# The first that fits counts: an interrupted intake is a full one that may have saved.
_KINDS: Final[tuple[tuple[type[Exception], Kind], ...]] = (
    (SessionEnded, SIGN_IN),
    (UnknownRound, UNKNOWN_ROUND),
    (SubmissionReused, KEY_REUSED),
    (IntakeInterrupted, UNSURE),
    (IntakeFull, NOT_SAVED),
)
