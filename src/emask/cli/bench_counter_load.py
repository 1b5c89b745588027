"""The load of the counter's benchmark: cards that arrive at their own pace, in one lean process.

A card comes at its instant, whether or not the ones before it have been dealt with; it is asked
about and, as soon as the answer is there, sold to. Times count from that instant, so a server that
falls behind is seen to.
"""

import gc
import json
import select
import socket
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from emask.cli.bench_answers import is_complete
from emask.counter.clients_tokens import Caller, ClientTokens
from emask.database.vault import Keys
from emask.rules.people import make_national_id

_ROOM = 65_536
"""Bytes taken from a connection at once; every answer is shorter."""


class Load(NamedTuple):
    """Whose cards come, how many a second, and at which sites they are read in turn."""

    port: int
    keys: Keys
    sites: Sequence[str]
    serials: range
    per_second: float
    connections: int


class Lap(NamedTuple):
    """One measured stretch; times are in seconds from when a card came, in ascending order.

    `checks` until it was known who may buy, `sales` until it was sold to; `wrong` are answers that
    were no yes and no sale.
    """

    took: float
    cpu: float
    checks: list[float]
    sales: list[float]
    wrong: list[bytes]


@dataclass(slots=True)
class _Card:
    due: float
    check: bytes
    sale: bytes
    asked: bool = False
    answer: bytes = b""


@dataclass(slots=True)
class _Tally:
    checks: list[float] = field(default_factory=list)
    sales: list[float] = field(default_factory=list)
    wrong: list[bytes] = field(default_factory=list)


def drive(load: Load) -> Lap:
    """Let all the cards come."""
    cards = _cards(load)
    links = {
        link.fileno(): link
        for link in (
            socket.create_connection(("127.0.0.1", load.port)) for _ in range(load.connections)
        )
    }
    gc.disable()
    cpu, started = time.process_time(), time.perf_counter()
    for card in cards:
        card.due += started
    tally = _drive(links, deque(cards))
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    gc.enable()
    for link in links.values():
        link.close()
    return Lap(took, cpu, sorted(tally.checks), sorted(tally.sales), tally.wrong)


def _drive(links: dict[int, socket.socket], coming: deque[_Card]) -> _Tally:
    tally, idle, busy = _Tally(), list(links), dict[int, _Card]()
    with select.epoll() as poll:
        for place in links:
            poll.register(place, select.EPOLLIN)
        while coming or busy:
            while coming and idle and coming[0].due <= time.perf_counter():
                place, card = idle.pop(), coming.popleft()
                busy[place] = card
                links[place].sendall(card.check)
            for place, _ in poll.poll(_until_next(coming, idle)):
                card = busy[place]
                if _take(card, links[place], tally):
                    del busy[place]
                    idle.append(place)
    return tally


def _until_next(coming: deque[_Card], idle: list[int]) -> float | None:
    """Seconds in which no card comes that could be asked about."""
    if not coming or not idle:
        return None
    return max(0.0, coming[0].due - time.perf_counter())


def _take(card: _Card, link: socket.socket, tally: _Tally) -> bool:
    """Whether a card is dealt with now that more of its answer has come."""
    part = link.recv(_ROOM)
    if not part:
        raise ConnectionError("the server hung up")
    card.answer += part
    if not is_complete(card.answer):
        return False
    since = time.perf_counter() - card.due
    answer, card.answer = card.answer, b""
    if card.asked:
        tally.sales.append(since)
        if not answer.startswith(_SOLD):
            tally.wrong.append(answer)
        return True
    tally.checks.append(since)
    card.asked = True
    if _MAY not in answer:
        tally.wrong.append(answer)
        return True
    link.sendall(card.sale)
    return False


def _cards(load: Load) -> list[_Card]:
    now = datetime.now(UTC)
    tokens = [
        ClientTokens(load.keys).issue(Caller(f"software-{site}", site), now=now)
        for site in load.sites
    ]
    cards = []
    for place, serial in enumerate(load.serials):
        body = json.dumps({"id_number": make_national_id(serial), "product": "adult_mask"})
        head = (
            f"HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {tokens[place % len(tokens)]}\r\n"
            f"content-length: {len(body)}\r\n"
        )
        cards.append(
            _Card(
                due=place / load.per_second,
                check=f"POST /api/v1/counter/eligibility {head}\r\n{body}".encode(),
                sale=(
                    f'POST /api/v1/counter/sales {head}idempotency-key: "{serial}"\r\n\r\n{body}'
                ).encode(),
            )
        )
    return cards


_MAY = b'"allowed":true'
_SOLD = b"HTTP/1.1 201 "
