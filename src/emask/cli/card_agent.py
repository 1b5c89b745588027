"""``emask card-agent``: the card agent on this computer, where it is installed."""

import importlib
from importlib.util import find_spec
from typing import Final

import typer

from emask.cli.speech import refuse

PACKAGE: Final = "emask_card_agent"
"""A distribution of its own, because citizens install it without anything else of emask."""

DEMO: Final = ("--site", "http://localhost:8000")
"""The site it serves where none is named: the demo of ``emask up``."""


def card_agent(context: typer.Context) -> None:
    """Read NHI cards and sign with citizen certificates on this computer; --help for its options.

    Serves the demo on http://localhost:8000, or the sites named by --site.
    """
    if find_spec(PACKAGE) is None:
        refuse(
            "讀卡程式尚未安裝：在原始碼目錄執行 make cards，或 pip install ./agent",
            "The card agent is not installed: run `make cards` in a checkout, or"
            " `pip install ./agent`",
        )
    asked = context.args
    if not any(one.startswith(("--site", "--help", "-h")) for one in asked):
        asked = [*DEMO, *asked]
    importlib.import_module(f"{PACKAGE}.main").run(asked)
