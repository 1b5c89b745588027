"""Calls that block, beside the event loop."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")


async def beside(blocking: Callable[[], _T]) -> _T:
    """What it returns or raises, from a thread of its own.

    A reader that never answers does not keep the agent from ending: the thread ends with it, which
    those of a pool do not.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[_T] = loop.create_future()

    def settle(tell: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the agent ended meanwhile
            loop.call_soon_threadsafe(lambda: None if outcome.done() else tell())

    def work() -> None:
        try:
            value = blocking()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            failure = error
            settle(lambda: outcome.set_exception(failure))
        else:
            settle(lambda: outcome.set_result(value))

    threading.Thread(target=work, name="card", daemon=True).start()
    return await outcome
