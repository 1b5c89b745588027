"""Write the pages of docs/ that follow from the code: order states, refusals, steps of a round.

Run by ``make docs``; a test fails while a page and the code disagree.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from emask.programme.steps import STEPS
from emask.rounds.catalogue import BUILT_IN, built_in_policies, built_in_round
from emask.rules.refusals import REFUSALS
from emask.rules.states import mermaid

DOCS: Final = Path(__file__).parent.parent / "docs"
_NOTE: Final = "<!-- Written by `make docs` from the code; change the code, then write it anew. -->"


def pages() -> Mapping[str, str]:
    """Each generated page by its file name."""
    return {
        "states.md": _page("States of an order", f"```mermaid\n{mermaid()}```\n"),
        "refusals.md": _page("Refusals", _refusals()),
        "rounds.md": _page("Rounds and policies built in", _rounds()),
    }


def _page(title: str, body: str) -> str:
    return f"# {title}\n\n{_NOTE}\n\n{body}"


def _refusals() -> str:
    rows = ["| code | status | 規則 | rule |", "|---|---|---|---|"]
    for code, refusal in sorted(REFUSALS.items()):
        plain = refusal()
        rows.append(f"| `{code}` | {refusal.status} | {plain.title('zh')} | {plain.title('en')} |")
    return "\n".join(rows) + "\n"


def _rounds() -> str:
    rounds = [built_in_round(name) for name in BUILT_IN]
    fields = ("opens_at", "closes_at", "pay_from", "pay_until", "release_at")
    dates = ("pickup_from", "pickup_until")
    figures = ("quota", "pieces", "price", "handling_fee", "amount_due", "interval_days")
    rows = [f"| | {' | '.join(each.id for each in rounds)} |", "|---" * (len(rounds) + 1) + "|"]
    rows += [
        _row(name, [f"{getattr(each, name):%Y-%m-%d %H:%M}" for each in rounds]) for name in fields
    ]
    rows += [
        _row(name, [str(getattr(each, name)) for each in rounds]) for name in (*dates, *figures)
    ]
    steps = ", ".join(f"`{step.name}`" for step in STEPS)
    policies = [
        "| from | days | adult | child | children born from | may choose, born before | odd/even |",
        "|---" * 7 + "|",
    ]
    policies += [
        f"| {each.valid_from} | {each.interval_days} | {each.adult_pieces} | {each.child_pieces}"
        f" | {each.child_born_from} | {each.either_born_before or ''}"
        f" | {'yes' if each.odd_even else 'no'} |"
        for each in built_in_policies()
    ]
    return "\n".join(
        [
            *rows,
            "",
            f"A round's steps, in the order in which they are carried out: {steps}.",
            "",
            "Pieces over the counter, by the day of the sale:",
            "",
            *policies,
            "",
        ]
    )


def _row(name: str, cells: list[str]) -> str:
    return f"| `{name}` | {' | '.join(cells)} |"


if __name__ == "__main__":
    for file_name, text in pages().items():
        (DOCS / file_name).write_text(text)
