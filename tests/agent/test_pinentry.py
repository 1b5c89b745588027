"""The window for the PIN: a made-up one, and Debian's own on a terminal."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from agent.fake_pinentry import CANCEL, NO_WINDOW, SILENCE, TIMEOUT, fake_pinentry
from emask_card_agent.pinentry import Pinentry
from emask_card_agent.problems import Code, Problem

SITE = "https://mask.example"


async def ask(folder: Path, answer: str, *, patience: float = 20, last_try: bool = False) -> str:
    pinentry = Pinentry(str(fake_pinentry(folder, [answer])), patience=patience)
    return await pinentry.ask(SITE, last_try=last_try)


async def refused(folder: Path, answer: str, *, patience: float = 20) -> Code:
    with pytest.raises(Problem) as refusal:
        await ask(folder, answer, patience=patience)
    return refusal.value.code


@pytest.mark.parametrize("pin", ["246810", "a b", "100%", "%41", "密碼", "+%2B"])
async def test_the_pin_as_it_was_typed(tmp_path: Path, pin: str) -> None:
    assert await ask(tmp_path, pin) == pin


async def test_what_the_window_says(tmp_path: Path) -> None:
    await ask(tmp_path, "246810")
    said = (tmp_path / "said").read_text().splitlines()
    (description,) = [line for line in said if line.startswith("SETDESC")]
    assert description.startswith(f"SETDESC {SITE}%0A")
    assert "locks the card" not in description
    assert said[-1] == "GETPIN"


async def test_it_warns_before_the_last_try(tmp_path: Path) -> None:
    await ask(tmp_path, "246810", last_try=True)
    assert "locks the card" in (tmp_path / "said").read_text()


@pytest.mark.parametrize("answer", [CANCEL, TIMEOUT])
async def test_closing_the_window(tmp_path: Path, answer: str) -> None:
    assert await refused(tmp_path, answer) is Code.PIN_CANCELLED


async def test_an_empty_pin_costs_no_try(tmp_path: Path) -> None:
    with pytest.raises(Problem) as refusal:
        await ask(tmp_path, "")
    assert refusal.value.code is Code.PIN_CANCELLED


async def test_a_window_that_does_not_answer_is_closed(tmp_path: Path) -> None:
    assert await refused(tmp_path, SILENCE, patience=1) is Code.PIN_CANCELLED


async def test_no_window_can_be_opened(tmp_path: Path) -> None:
    assert await refused(tmp_path, NO_WINDOW) is Code.UNREADABLE


@pytest.mark.parametrize("program", ["/nonexistent", "/bin/true", "/bin/false", "/bin/cat"])
async def test_what_is_no_pinentry(program: str) -> None:
    with pytest.raises(Problem) as refusal:
        await Pinentry(program, patience=2).ask(SITE, last_try=False)
    assert refusal.value.code in (Code.UNREADABLE, Code.PIN_CANCELLED)


@pytest.mark.parametrize("line", ["D 1" + "0" * 9000, "D %ff", "ERR", "ERR x y"])
async def test_a_pinentry_that_talks_nonsense(tmp_path: Path, line: str) -> None:
    program = tmp_path / "pinentry"
    program.write_text(f"#!/bin/sh\necho OK\nwhile read a; do echo '{line}'; echo OK; done\n")
    program.chmod(0o755)
    with pytest.raises(Problem) as refusal:
        await Pinentry(str(program), patience=5).ask(SITE, last_try=False)
    assert refusal.value.code is Code.UNREADABLE


@pytest.mark.cards
@pytest.mark.xdist_group("cards")
async def test_debian_s_own_window_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    keyboard, terminal = os.openpty()
    with os.fdopen(keyboard, "r+b", buffering=0) as typing, os.fdopen(terminal, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("LANG", "C.UTF-8")
        asking = asyncio.create_task(Pinentry("/usr/bin/pinentry-tty").ask(SITE, last_try=False))
        shown = b""
        async with asyncio.timeout(20):
            while b"PIN:" not in shown:
                shown += await asyncio.to_thread(os.read, typing.fileno(), 4096)
            typing.write(b"246810\n")
            assert await asking == "246810"
    assert SITE in shown.decode()
    assert "這個網站請您以自然人憑證簽章" in shown.decode()
