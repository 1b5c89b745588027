"""The load of the intake's benchmark: closed-loop clients in one lean process.

Every request is another person's pre-order and is rendered beforehand. Each connection sends its
next request when the answer to the last one is complete. Answers are kept whole and read after
the lap, so that the load costs the machine little of what is measured.
"""

import gc
import select
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import md5
from multiprocessing.connection import Connection
from typing import NamedTuple
from uuid import UUID

import msgspec

from emask.cli.bench_answers import is_complete
from emask.database.vault import Keys
from emask.identity.ended_sessions import EndedSessions
from emask.identity.sessions import Sessions
from emask.rounds.model import Chain
from emask.rules.calendar import Channel


class Load(NamedTuple):
    """Who orders what and where: the people's numbers, and stores that they choose in turn."""

    port: int
    keys: Keys
    round_id: str
    stores: Sequence[tuple[Chain, str]]
    numbers: range


class Lap(NamedTuple):
    """One measured stretch. Times are in seconds, `latencies` in ascending order."""

    took: float
    cpu: float
    latencies: list[float]
    tickets: dict[UUID, UUID]
    refused: list[bytes]


class _Answer(NamedTuple):
    number: int
    latency: float
    response: bytes


def person_id(number: int) -> UUID:
    """The person of a number, the same as in ``bench_intake.sql``."""
    return UUID(bytes=md5(str(number).encode(), usedforsecurity=False).digest())


def serve_load(line: Connection, load: Load) -> None:
    """The process: says when it is ready, then drives a lap for each pair it receives.

    A pair is how many connections for how many seconds; None ends it.
    """
    requests = iter([*zip(load.numbers, _render(load), strict=True)])
    gc.disable()
    line.send(None)
    while lap := line.recv():
        line.send(_lap(load.port, requests, *lap))


def _lap(port: int, requests: Iterator[tuple[int, bytes]], connections: int, seconds: float) -> Lap:
    links = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    cpu, started = time.process_time(), time.perf_counter()
    answers = _drive({link.fileno(): link for link in links}, requests, ends=started + seconds)
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    for link in links:
        link.close()
    placed = {
        person_id(each.number): _ticket(each.response)
        for each in answers
        if each.response.startswith(_CREATED)
    }
    return Lap(
        took=took,
        cpu=cpu,
        latencies=sorted(each.latency for each in answers),
        tickets=placed,
        refused=[each.response for each in answers if not each.response.startswith(_CREATED)],
    )


def _drive(
    links: Mapping[int, socket.socket], requests: Iterator[tuple[int, bytes]], *, ends: float
) -> list[_Answer]:
    answers: list[_Answer] = []
    waiting: dict[int, tuple[int, float, bytes]] = {}  # number, when sent, what has come so far
    now = time.perf_counter
    with select.epoll() as poll:
        for place, (number, request) in zip(links, requests, strict=False):
            poll.register(place, select.EPOLLIN)
            waiting[place] = (number, now(), b"")
            links[place].sendall(request)
        while waiting:
            for place, _ in poll.poll():
                number, sent, before = waiting.pop(place)
                response = before + links[place].recv(65_536)
                if len(response) == len(before):
                    raise ConnectionError("the server hung up")
                if not is_complete(response):
                    waiting[place] = (number, sent, response)
                    continue
                answered = now()
                answers.append(_Answer(number, answered - sent, response))
                if answered < ends and (following := next(requests, None)):
                    waiting[place] = (following[0], answered, b"")
                    links[place].sendall(following[1])
    return answers


def _ticket(response: bytes) -> UUID:
    return UUID(msgspec.json.decode(response.partition(b"\r\n\r\n")[2])["ticket"])


def _render(load: Load) -> Iterator[bytes]:
    """The requests as a browser on a phone sends them, each by another person signed in."""
    sessions, now = Sessions(load.keys, EndedSessions()), datetime.now(UTC)
    head = (
        "POST /api/v1/preorders HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n"
        "accept-language: zh-TW,zh;q=0.9,en;q=0.8\r\ncontent-type: application/json\r\n"
        "x-emask-request: 1\r\ncookie: emask_session="
    )
    for number in load.numbers:
        chain, code = load.stores[number % len(load.stores)]
        token = sessions.issue(person_id=person_id(number), channel=Channel.MOBILE, now=now)
        body = (
            f'{{"round_id":"{load.round_id}","chain":"{chain.value}","store_code":"{code}",'
            f'"mobile":"09{number % 10**8:08}"}}'
        )
        rest = f'idempotency-key: "{number}"\r\ncontent-length: {len(body)}\r\n\r\n{body}'
        yield f"{head}{token}\r\n{rest}".encode()


_CREATED = b"HTTP/1.1 201 "
