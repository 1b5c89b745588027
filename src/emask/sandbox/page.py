"""How the pages of sandboxed gateways look: one narrow column, large fields and buttons."""

from collections.abc import Mapping
from html import escape
from typing import Final

from emask.rules.calendar import Language

_STYLE: Final = """
:root { color-scheme: light; font: 1.125rem/1.5 system-ui, "Noto Sans TC", sans-serif; }
body { margin: 0; background: #eef1f4; color: #1b1f24; }
main { box-sizing: border-box; max-width: 30rem; margin: 0 auto; padding: 1rem 1.25rem 2rem;
  background: #fff; min-height: 100vh; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 1rem 0; }
.sandbox { margin: 0; padding: .5rem .75rem; background: #fff3cd; border-left: .25rem solid #8a5a00;
  font-size: 1rem; }
.amount { font-size: 2rem; font-weight: 700; margin: 0 0 1rem; }
.said { padding: .75rem; border: 2px solid #1f5f8b; font-weight: 700; }
dt { margin-top: 1rem; } dd { margin: 0; font-size: 1.5rem; font-weight: 700; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 700; }
input { box-sizing: border-box; width: 100%; min-height: 3rem; padding: .5rem .75rem; font: inherit;
  letter-spacing: .05em; border: 2px solid #57606a; border-radius: .375rem; }
button, a.button { display: block; box-sizing: border-box; width: 100%; min-height: 3rem;
  margin-top: 1rem; padding: .75rem; font: inherit; font-weight: 700; text-align: center;
  border: 2px solid #1f5f8b; border-radius: .375rem; background: #1f5f8b; color: #fff;
  text-decoration: none; cursor: pointer; }
button.second, a.button { background: #fff; color: #1f5f8b; }
:focus-visible { outline: 3px solid #b45309; outline-offset: 2px; }
"""
_LANGUAGES: Final[Mapping[Language, str]] = {"zh": "zh-Hant", "en": "en"}
_SANDBOX: Final[Mapping[Language, str]] = {
    "zh": "沙盒：這裡的錢都不是真的。",
    "en": "Sandbox: no real money moves here.",
}


def page(title: str, content: str, *, language: Language) -> str:
    """A whole page around content that is HTML already."""
    return (
        f'<!doctype html><html lang="{_LANGUAGES[language]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f'<body><main><p class="sandbox">{_SANDBOX[language]}</p>'
        f"<h1>{escape(title)}</h1>{content}</main></body></html>"
    )


def form(action: str, hidden: Mapping[str, str], *content: str) -> str:
    """A form that is posted, with its hidden fields."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    return f'<form method="post" action="{escape(action)}">{fields}{"".join(content)}</form>'


def figures(name: str, label: str, value: str = "") -> str:
    """A labelled field for figures."""
    return (
        f'<label for="{name}">{escape(label)}</label><input id="{name}" name="{name}"'
        f' inputmode="numeric" autocomplete="off" value="{escape(value)}">'
    )


def first_button(text: str, decision: str = "pay") -> str:
    """What most people want."""
    return f'<button name="decision" value="{decision}">{escape(text)}</button>'


def second_button(text: str, decision: str) -> str:
    """The other choice."""
    return f'<button class="second" name="decision" value="{decision}">{escape(text)}</button>'


def send_button(text: str) -> str:
    """Sends a form on with exactly its hidden fields."""
    return f"<button>{escape(text)}</button>"


def way_back(url: str, text: str) -> str:
    """A link to another site; none to what is no web address."""
    web = url.startswith(("http://", "https://"))
    return f'<p><a class="button" href="{escape(url)}">{escape(text)}</a></p>' if web else ""


def bill(item: str, amount: int) -> str:
    """What is bought, for NT$ how much."""
    return f'<p>{escape(item)}</p><p class="amount">NT$ {amount:,}</p>'


def facts(told: Mapping[str, str]) -> str:
    """Names and what stands for each, large."""
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told.items())
    return f"<dl>{''.join(rows)}</dl>"


def status(text: str) -> str:
    """What came of the last thing asked; empty for nothing."""
    return f'<p class="said" role="status">{escape(text)}</p>' if text else ""
