"""HTTP answers as the loads of benchmarks read them: whether all of one has come."""

from typing import Final

_LENGTH: Final = b"content-length: "


def is_complete(answer: bytes) -> bool:
    """Whether head and body are there."""
    end = answer.find(b"\r\n\r\n")
    return end >= 0 and len(answer) - end - 4 >= body_length(answer[:end])


def body_length(head: bytes) -> int:
    """Of an answer with this head; a 304 has no body, whatever it tells."""
    if head.startswith(b"HTTP/1.1 304"):
        return 0
    start = head.index(_LENGTH) + len(_LENGTH)
    end = head.find(b"\r\n", start)
    return int(head[start : end if end >= 0 else len(head)])
