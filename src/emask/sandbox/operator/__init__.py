"""A mobile operator of our own: it knows a phone by the source address of its data session."""

from emask.sandbox.operator import grants, lines
from emask.sandbox.operator.application import create_operator
from emask.sandbox.operator.lines import Line, Network, Plan, SandboxLines
from emask.sandbox.operator.phone import NotSentBack, go_through

TABLES = lines.TABLES + grants.TABLES

__all__ = [
    "TABLES",
    "Line",
    "Network",
    "NotSentBack",
    "Plan",
    "SandboxLines",
    "create_operator",
    "go_through",
]
