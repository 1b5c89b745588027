"""What commands say: in Traditional Chinese, or in English with ``EMASK_LANG=en``."""

import os
from typing import NoReturn

import typer

from emask.language import Language

WRONG_INPUT = 2
"""Exit status when what was asked for cannot be done as it was asked."""
NOT_SOUND = 1
"""Exit status when it was done and something is not as it should be."""


def language() -> Language:
    """The language that the environment asks for."""
    return Language.EN if os.environ.get("EMASK_LANG", "").startswith("en") else Language.ZH


def chosen(zh: str, en: str) -> str:
    """The text in that language."""
    return en if language() is Language.EN else zh


def say(zh: str, en: str) -> None:
    """Tell the result on standard output."""
    typer.echo(chosen(zh, en))


def refuse(zh: str, en: str) -> NoReturn:
    """Say on standard error what is wrong with the input and end with :data:`WRONG_INPUT`."""
    typer.echo(chosen(zh, en), err=True)
    raise typer.Exit(WRONG_INPUT)
