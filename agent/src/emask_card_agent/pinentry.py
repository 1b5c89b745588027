"""The agent's own window for the PIN: a pinentry program, spoken to in Assuan's protocol.

The PIN comes in over the program's pipe. It is in no argument, no environment and no log, and the
page never sees it.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import unquote_to_bytes

from emask_card_agent.problems import Code, Problem

TYPING: Final = 100
"""Seconds that a person has to type."""
_PATIENCE: Final = 110.0  # seconds after which a window that does not answer is closed
_LONGEST_LINE: Final = 1000  # bytes, Assuan's own limit

_CLOSED: Final = frozenset({62, 99, 114, 198})
"""GnuPG's error numbers for: timeout, cancelled, not confirmed, fully cancelled."""
_NUMBER: Final = 0xFFFF  # the rest of an error's code says where it came from


class _Error(Exception):
    """The program's refusal, in its own number and words."""

    def __init__(self, line: bytes) -> None:
        code, _, words = line.partition(b" ")
        super().__init__(words.decode(errors="replace"))
        self.number = int(code) & _NUMBER if code.isdigit() else 0


class Pinentry:
    """Asks for a PIN.

    Args:
        program: the pinentry to run.
        patience: seconds after which it is ended, whatever it does.
    """

    def __init__(self, program: str, *, patience: float = _PATIENCE) -> None:
        self._program = program
        self._patience = patience

    async def ask(self, site: str, *, last_try: bool) -> str:
        """The PIN that the person types.

        Args:
            site: the origin that asks for the signature; the window names it.
            last_try: whether to warn that one more wrong PIN locks the card.

        Raises:
            Problem: PIN_CANCELLED; UNREADABLE if no window can be opened.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE * 8,
            )
        except OSError as error:
            raise Problem(Code.UNREADABLE) from error
        try:
            async with asyncio.timeout(self._patience):
                pin = await _converse(process, _window(site, last_try=last_try))
        except TimeoutError:
            raise Problem(Code.PIN_CANCELLED) from None
        except _Error as error:
            code = Code.PIN_CANCELLED if error.number in _CLOSED else Code.UNREADABLE
            raise Problem(code) from error
        except (OSError, EOFError, ValueError):
            raise Problem(Code.UNREADABLE) from None
        finally:
            await _end(process)
        if not pin:  # an empty one would cost a try
            raise Problem(Code.PIN_CANCELLED)
        return pin


def _window(site: str, *, last_try: bool) -> Iterator[tuple[str, bool]]:
    """The commands before the question, each with whether the program must know it."""
    if sys.stdin is not None and sys.stdin.isatty():
        yield f"OPTION ttyname={os.ttyname(sys.stdin.fileno())}", False
        yield f"OPTION ttytype={os.environ.get('TERM', 'dumb')}", False
    yield f"OPTION lc-ctype={os.environ.get('LANG', 'C.UTF-8')}", False
    yield f"SETTIMEOUT {TYPING}", False
    yield "SETTITLE 自然人憑證 Citizen certificate", False
    warning = "\n再錯一次，憑證就會鎖住。One more wrong PIN locks the card." if last_try else ""
    description = (
        f"{site}\n這個網站請您以自然人憑證簽章。請輸入 PIN 碼。\n"
        f"This site asks for your certificate's signature. Enter your PIN.{warning}"
    )
    yield f"SETDESC {_escaped(description)}", True
    yield "SETPROMPT PIN", True
    yield "SETOK 簽章 Sign", False
    yield "SETCANCEL 取消 Cancel", False


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


async def _converse(process: asyncio.subprocess.Process, window: Iterator[tuple[str, bool]]) -> str:
    await _reply(process)
    for command, needed in window:
        try:
            await _say(process, command)
        except _Error:
            if needed:
                raise
    return (await _say(process, "GETPIN")).decode()


async def _say(process: asyncio.subprocess.Process, command: str) -> bytes:
    if process.stdin is None:
        raise EOFError
    process.stdin.write(command.encode() + b"\n")
    await process.stdin.drain()
    return await _reply(process)


async def _reply(process: asyncio.subprocess.Process) -> bytes:
    """The data of the program's answer; its comments and status lines are passed over."""
    data = b""
    while process.stdout is not None and (line := await process.stdout.readline()):
        kind, _, rest = line.rstrip(b"\r\n").partition(b" ")
        match kind:
            case b"OK":
                return data
            case b"ERR":
                raise _Error(rest)
            case b"D":
                data += unquote_to_bytes(rest)
    raise EOFError


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close the window if it is still open."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 1)
    except TimeoutError:
        process.kill()
        await process.wait()
