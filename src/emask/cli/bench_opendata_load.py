"""The load of the open data's benchmark: closed-loop readers in one lean process.

Every reader asks the same again and again over a connection that stays open, the next time when
the answer to the last is complete. Bodies are counted and thrown away.
"""

import gc
import select
import socket
import time
from typing import NamedTuple

from emask.cli.bench_answers import body_length

_ROOM = 1 << 20  # bytes taken from a connection at once


class Load(NamedTuple):
    """What readers of a server on loopback ask for, and how its every answer is to begin."""

    port: int
    request: bytes
    expected: bytes
    readers: int
    seconds: float


class Lap(NamedTuple):
    """One measured stretch.

    Times are in seconds, `latencies` in ascending order; `received` counts bytes, `wrong` answers
    that did not begin as expected.
    """

    took: float
    cpu: float
    latencies: list[float]
    received: int
    wrong: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.latencies) / self.took


class _Asked:
    """One question under way: when it was sent and what has come of the answer."""

    __slots__ = ("head", "missing", "sent")

    def __init__(self, sent: float) -> None:
        self.sent = sent
        self.head = b""
        self.missing = -1  # bytes of the body; not known before the head is there

    def take(self, part: memoryview) -> bool:
        """Whether the answer is complete with this part."""
        if self.missing >= 0:
            self.missing -= len(part)
            return self.missing <= 0
        self.head += part
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        self.missing = body_length(self.head[:end]) - (len(self.head) - end - 4)
        return self.missing <= 0


def drive(load: Load) -> Lap:
    """Let the readers read for as long as the load says."""
    links = [socket.create_connection(("127.0.0.1", load.port)) for _ in range(load.readers)]
    gc.disable()
    cpu, started = time.process_time(), time.perf_counter()
    latencies, received, wrong = _read({link.fileno(): link for link in links}, load)
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    gc.enable()
    for link in links:
        link.close()
    return Lap(took, cpu, sorted(latencies), received, wrong)


def _read(links: dict[int, socket.socket], load: Load) -> tuple[list[float], int, int]:
    latencies: list[float] = []
    received = wrong = 0
    room = memoryview(bytearray(_ROOM))
    now = time.perf_counter
    ends = now() + load.seconds
    asked: dict[int, _Asked] = {}
    with select.epoll() as poll:
        for place, link in links.items():
            poll.register(place, select.EPOLLIN)
            asked[place] = _Asked(now())
            link.sendall(load.request)
        while asked:
            for place, _ in poll.poll():
                question, link = asked[place], links[place]
                size = link.recv_into(room)
                if size == 0:
                    raise ConnectionError("the server hung up")
                received += size
                if not question.take(room[:size]):
                    continue
                answered = now()
                latencies.append(answered - question.sent)
                wrong += not question.head.startswith(load.expected)
                if answered < ends:
                    asked[place] = _Asked(answered)
                    link.sendall(load.request)
                else:
                    del asked[place]
    return latencies, received, wrong
