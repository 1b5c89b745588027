"""Calls that change something happen once, however often they are sent (Idempotency-Key)."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.errors import SerializationFailure

from emask.counter import clients_queries as queries
from emask.counter.clients_queries import Told
from emask.database.pool import Database, Transaction
from emask.rules.refusals import Refusal

KEPT_FOR: Final = timedelta(days=7)
"""How long a call that is sent again is told what it was told."""
PROOFS_KEPT_FOR: Final = timedelta(days=1)
"""Far longer than a proof can be good for."""

KEY: Final = r'^(?:"[ !#-\[\]-~]{1,200}"|[!#-~]{1,200})$'
"""A key, as a structured field's string in quotes (RFC 9651) or bare; both are the same key."""
_KEY: Final = re.compile(KEY)


class BadKey(ValueError):
    """An Idempotency-Key is 1 to 200 visible ASCII characters, in quotes or without."""


class CallInFlight(Exception):
    """Another call with this key is being answered at this moment."""


class KeyReused(Exception):
    """The key stands for a call with other contents."""


class ClientEnded(Exception):
    """The client changes nothing any more."""


class _AnsweredMeanwhile(SerializationFailure):
    """The same call was answered after this one had looked; look again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a client: `fingerprint` is a keyed digest of all that it asks for."""

    client_id: str
    key: str
    fingerprint: bytes
    at: datetime


def read_key(text: str) -> str:
    """The key of an Idempotency-Key header. Raises BadKey."""
    text = text.strip()
    if not _KEY.fullmatch(text):
        raise BadKey
    return text[1:-1] if text.startswith('"') else text


async def once(
    db: Database,
    call: Call,
    effect: Callable[[Transaction], Awaitable[Told]],
    *,
    refused: Callable[[Transaction, Refusal], Awaitable[Told]],
) -> Told:
    """The answer to a call: its effect and the answer are written together, or neither.

    A refusal of the rules is an answer too and is told again; any other error leaves nothing.

    Args:
        db: the database.
        call: what is called.
        effect: what it does, in the transaction that it is given.
        refused: words a refusal, in a transaction in which nothing of the call is left.

    Raises:
        ClientEnded, CallInFlight, KeyReused: the call does nothing.
    """

    async def with_effect(tx: Transaction) -> Told:
        return await _kept(tx, call) or await _keep(tx, call, await effect(tx))

    try:
        return await db.retrying(with_effect)
    except Refusal as error:  # all that was done is undone; what is left is an answer
        refusal = error

    async def without(tx: Transaction) -> Told:
        return await _kept(tx, call) or await _keep(tx, call, await refused(tx, refusal))

    return await db.retrying(without)


async def _kept(tx: Transaction, call: Call) -> Told | None:
    """Hold the call's key to the end of the transaction; what it was told before, if anything."""
    begun = await queries.begin_call(tx, call.client_id, call.key)
    if begun is None:
        raise ClientEnded
    if not begun.held:
        raise CallInFlight
    if begun.told is not None and begun.fingerprint != call.fingerprint:
        raise KeyReused
    return begun.told


async def _keep(tx: Transaction, call: Call, told: Told) -> Told:
    kept = await queries.keep_call(
        *(tx, call.client_id, call.key), fingerprint=call.fingerprint, told=told, at=call.at
    )
    if not kept:
        raise _AnsweredMeanwhile
    return told


async def forget_calls(tx: Transaction, *, at: datetime) -> int:
    """Delete answers and proofs that nobody can need again; returns how many rows."""
    return await queries.delete_older(tx, at - KEPT_FOR, at - PROOFS_KEPT_FOR)
