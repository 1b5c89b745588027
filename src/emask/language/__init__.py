"""The two languages of pages and messages: texts are written in zh-Hant, English is a catalogue.

``_ = translator(language)`` translates a source text; what belongs into its ``{places}`` is filled
in afterwards with ``str.format``, so that a translation may order them anew.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Literal

from babel.messages.pofile import read_po

Translator = Callable[[str], str]


class Language(StrEnum):
    """A language of the service; its value is what URLs and tables carry."""

    ZH = "zh"
    EN = "en"

    @property
    def tag(self) -> str:
        """The BCP 47 tag for ``lang`` and ``hreflang``."""
        return "zh-Hant-TW" if self is Language.ZH else "en"

    @property
    def code(self) -> Literal["zh", "en"]:
        """The value as the pure rules name it."""
        return "zh" if self is Language.ZH else "en"

    @property
    def own_name(self) -> str:
        """What the language calls itself."""
        return "繁體中文" if self is Language.ZH else "English"

    @property
    def other(self) -> "Language":
        """The language to switch to."""
        return Language.EN if self is Language.ZH else Language.ZH


def translator(language: Language) -> Translator:
    """What turns a zh-Hant source text into ``language``.

    A text without translation stands for itself; a test keeps the catalogue complete.
    """
    if language is Language.ZH:
        return _as_written
    catalogue = english()
    return lambda text: catalogue.get(text, text)


def source(text: str) -> str:
    """Mark a source text that is translated elsewhere, for the check of the catalogue."""
    return text


@cache
def english() -> Mapping[str, str]:
    """The catalogue: source text to English."""
    text = files(__package__).joinpath("locale", "en.po").read_bytes()
    catalogue = read_po(BytesIO(text), locale="en")
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string
    }


def _as_written(text: str) -> str:
    return text
