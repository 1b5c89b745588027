"""What a rehearsal comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from emask.payment.model import MoneySummary
from emask.programme.audit import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundResult:
    """One round: how many came how far, and its money in NT$."""

    round_id: str
    funnel: Mapping[str, int]
    money: MoneySummary


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All rounds, how every act ended, and the audit."""

    people: int
    seed: int
    seconds: float
    rounds: Sequence[RoundResult]
    outcomes: Mapping[str, Mapping[str, int]]
    findings: Sequence[Finding]

    @property
    def sound(self) -> bool:
        """Whether every invariant holds."""
        return all(finding.ok for finding in self.findings)

    def as_json(self) -> dict[str, object]:
        """The result as JSON-able values; `funnel` and `money` at the top are all rounds' sums."""
        funnels = [each.funnel for each in self.rounds]
        money = [asdict(each.money) for each in self.rounds]
        return {
            "people": self.people,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "ok": self.sound,
            "funnel": _sums(funnels),
            "money": _sums(money),
            "rounds": [
                {"round": each.round_id, "funnel": dict(each.funnel), "money": asdict(each.money)}
                for each in self.rounds
            ],
            "outcomes": {scene: dict(tally) for scene, tally in self.outcomes.items()},
            "audit": [asdict(finding) for finding in self.findings],
        }


def _sums(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {name: sum(part[name] for part in parts) for name in parts[0]}
