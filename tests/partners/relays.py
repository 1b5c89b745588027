"""Relays on this machine, honest and otherwise, and values of quicknet as published."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Final

import msgspec

from emask.draw.ports import BeaconValue
from emask.partners.beacon import QUICKNET

Answer = Callable[[str], Awaitable[bytes]]
"""The whole answer to a path."""


def published(number: int, signature: str, randomness: str) -> BeaconValue:
    return BeaconValue(
        round=number,
        randomness=bytes.fromhex(randomness),
        signature=bytes.fromhex(signature),
    )


ROUND_42: Final = published(
    42,
    "95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce430a91b811fbfaf763900bc998b5d686a",
    "8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3",
)
ROUND_657413: Final = published(
    657413,
    "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b",
    "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
)
PATH_42: Final = f"/{QUICKNET.hash}/public/42"


def seed_of(signature: bytes) -> bytes:
    return sha256(signature).digest()


def told(value: BeaconValue, **instead: object) -> bytes:
    """A relay's words for a value; a field may be another."""
    fields = {
        "round": value.round,
        "randomness": value.randomness.hex(),
        "signature": value.signature.hex(),
    }
    return ok(msgspec.json.encode(fields | instead))


def ok(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{more}\r\n"
    return head.encode() + body


@asynccontextmanager
async def relay(answer: bytes | Answer) -> AsyncIterator[tuple[str, list[str]]]:
    """Its origin, and the paths that it is asked for."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        asked.append(path)
        try:
            writer.write(answer if isinstance(answer, bytes) else await answer(path))
            await writer.drain()
        except ConnectionError:
            pass  # whoever asked has had enough
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked
