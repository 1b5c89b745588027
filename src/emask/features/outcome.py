"""How steps end: an expectation that is not met, a step that cannot stand there, an attempt."""

from dataclasses import dataclass

from emask.rules.refusals import Refusal


class Unfulfilled(Exception):
    """The system does not do what the step says."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


class WrongUse(Exception):
    """The file is at fault: the step cannot stand here, or its table cannot be read.

    `line` is given where it is not the step's own.
    """

    def __init__(self, *, zh: str, en: str, line: int | None = None) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en
        self.line = line


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: nothing against it, a refusal, or money that goes back."""

    refusal: Refusal | None = None
    refunded: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.refusal is None and self.refunded is None

    def __str__(self) -> str:
        if self.refusal is not None:
            return self.refusal.code
        return f"refunded: {self.refunded}" if self.refunded else "success"


def require(fact: bool, *, zh: str, en: str) -> None:  # noqa: FBT001 - reads as what must be so
    """Raises Unfulfilled with these words unless the fact is so."""
    if not fact:
        raise Unfulfilled(zh=zh, en=en)


def require_equal(found: object, expected: object) -> None:
    """Raises Unfulfilled, naming both, unless they are the same."""
    require(
        found == expected,
        zh=f"應為 {expected}，實際為 {found}",
        en=f"expected {expected}, found {found}",
    )
