"""Handing notices to providers, each once.

Sending stands between two transactions: a group is taken until a later time and it is noted who
gets it; it is handed over; what was answered is marked. What may have been sent, because nobody
heard the answer, goes to the same provider alone while that knows it again. After that it is
unclear, and sent again only if an operator wants so.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from math import inf
from typing import Final, TypeVar

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import SealBroken, Vault
from emask.notices import sending_queries as queries
from emask.notices.ports import Handed, NotAllTaken, Sms, SmsNotTaken, SmsProvider, SmsSender
from emask.notices.receipts import ASK_AFTER, match_early
from emask.notices.sending_queries import Outcome, Waiting
from emask.notices.texts import Kind, notice_text
from emask.rules.calendar import Language

_ATTEMPTS: Final = 24  # about a day
_NO_TEXT: Final = "no_text"  # without a number, or a figure of its text
_GIVEN_UP: Final = "given_up"  # nobody has taken it
_LOCK: Final = 0x6E6F7469636573
_PATIENCE: Final = 2.0  # seconds
_GLANCE: Final = 0.05

T = TypeVar("T")


Progress = Callable[[int], object]
"""Is told how many more notices are done with, sent or not."""


def unwatched(_: int) -> None:
    """Progress that nobody looks at."""


async def drain(
    db: Database,
    clock: Clock,
    vault: Vault,
    sender: SmsSender,
    *,
    batch: int = 500,
    most: float = inf,
    progress: Progress = unwatched,
) -> int:
    """Send everything that is due; how many were sent.

    Several may drain at once, each with a pace of its own; see :func:`alone`. When nobody takes
    anything, everything waits for the next time. Cancelled, it waits for the answer to the group
    that is under way, and marks it.

    Args:
        db: of the installation.
        clock: the time, read anew for each group.
        vault: opens the numbers.
        sender: who sends.
        batch: how many are taken at a time, if a provider takes as many at once.
        most: after how many to leave the rest for the next time.
        progress: is told after each group.
    """
    await _set_aside(db, clock, sender)
    drain = _Drain(db, clock, vault, sender, batch)
    sent = 0
    while sent < most and (group := await _to_its_end(drain.hand_over_a_group())) is not None:
        sent += group.sent
        progress(group.done)
    await match_early(db, await clock.now())
    return sent


@asynccontextmanager
async def alone(db: Database) -> AsyncIterator[bool]:
    """Whether this process is the one that sends, until the block ends.

    Providers are asked for so many messages a second by one process, not by each. Another one that
    sends is waited for briefly. The lock is a session's: it ends with the process, and needs a
    connection to the database without a pooler that shares sessions out.
    """
    async with db.connection() as session:
        mine = False
        for _ in range(int(_PATIENCE / _GLANCE)):
            cursor = await session.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))
            row = await cursor.fetchone()
            if mine := row is not None and bool(row[0]):
                break
            await asyncio.sleep(_GLANCE)
        try:
            yield mine
        finally:
            if mine:
                await session.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def message_id(notice: Waiting) -> str:
    """The same whenever and by whomever a notice is sent: 32 characters.

    A notice that was queued anew, because it became true once more, is another one.
    """
    name = f"{notice.person_id}/{notice.kind}/{notice.reference}/{notice.created_at.timestamp()}"
    return sha256(name.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Letter:
    """A notice and its message."""

    notice: Waiting
    sms: Sms


@dataclass(frozen=True, slots=True)
class _Group:
    """How many of a group were sent, and how many are done with."""

    sent: int
    done: int


@dataclass(frozen=True, slots=True)
class _Drain:
    db: Database
    clock: Clock
    vault: Vault
    sender: SmsSender
    batch: int

    async def hand_over_a_group(self) -> _Group | None:
        """Take a group for the first provider that there is one for; what became of it.

        What it does not take is offered to the others. None when nothing is left that anybody who
        is well could be handed, or nobody has said a word.
        """
        ready = await self.sender.ready()
        for provider in ready:
            taken = await self._take(provider)
            if taken:
                others = [each for each in ready if each is not provider]
                return await self._offer(taken, [provider, *others])
        return None

    async def _take(self, provider: SmsProvider) -> list[Waiting]:
        now = await self.clock.now()
        async with self.db.transaction() as tx:
            await queries.by_index(tx)
            return await queries.take(
                tx,
                provider=provider.name,
                remembers=provider.remembers,
                at=now,
                most=min(self.batch, provider.at_once),
            )

    async def _offer(
        self, taken: Sequence[Waiting], providers: Sequence[SmsProvider]
    ) -> _Group | None:
        letters, marked = _written(self.vault, taken)
        await self._note([outcome.notice for outcome in marked], None)  # nobody gets these
        sent = await self._mark(marked)
        for provider in providers:
            left: list[_Letter] = []
            for group in _groups(letters, provider.at_once):
                if provider is not providers[0]:
                    if provider not in await self.sender.ready():
                        left += group
                        continue
                    await self._note([each.notice for each in group], provider)
                handed, unanswered = await _answers(provider, group)
                outcomes = _outcomes(group, handed)
                marked += outcomes
                sent += await self._mark(outcomes)
                left += [
                    each for each in group if each.sms.message_id not in {*handed, *unanswered}
                ]
            # What an earlier call has left unanswered stays where it may be.
            letters = [each for each in left if each.notice.fresh]
        await self._note([each.notice for each in letters], None)
        return _Group(sent, len(marked)) if marked else None

    async def _note(self, notices: Sequence[Waiting], provider: SmsProvider | None) -> None:
        """Note who is handed notices now; None for nobody after all."""
        if not notices:
            return
        at = None if provider is None else await self.clock.now()
        async with self.db.transaction() as tx:
            await queries.by_index(tx)
            await queries.hand_to(
                tx,
                notices,
                provider=None if provider is None else provider.name,
                at=at,
            )

    async def _mark(self, outcomes: Sequence[Outcome]) -> int:
        if not outcomes:
            return 0
        now = await self.clock.now()
        async with self.db.transaction() as tx:
            await queries.by_index(tx)
            return await queries.mark(tx, outcomes, at=now, ask_at=now + ASK_AFTER)


async def _to_its_end(handing_over: Coroutine[None, None, T]) -> T:
    """What was begun is brought to an end, whoever wants to stop."""
    under_way = asyncio.ensure_future(handing_over)
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way])
        raise


async def _set_aside(db: Database, clock: Clock, sender: SmsSender) -> None:
    remembers = {provider.name: provider.remembers for provider in sender.providers}
    now = await clock.now()
    async with db.transaction() as tx:
        await queries.set_aside(tx, remembers=remembers, at=now)


async def _answers(
    provider: SmsProvider, letters: Sequence[_Letter]
) -> tuple[Mapping[str, Handed], frozenset[str]]:
    """What the provider said, by `message_id`, and those for which it has not answered."""
    messages = [letter.sms for letter in letters]
    try:
        handed = await provider.send(messages)
    except NotAllTaken as partly:
        return partly.taken, partly.unanswered
    except SmsNotTaken:
        return {}, frozenset()
    ids = [message.message_id for message in messages]
    return dict(zip(ids, handed, strict=True)), frozenset()


def _written(vault: Vault, taken: Sequence[Waiting]) -> tuple[list[_Letter], list[Outcome]]:
    """The messages of notices, and what becomes of those that none can be made of."""
    letters: list[_Letter] = []
    unfit: list[Outcome] = []
    for notice in taken:
        sms = _sms(vault, notice)
        if sms is None:
            unfit.append(Outcome(notice, None, _NO_TEXT))
        elif notice.attempts > _ATTEMPTS:
            unfit.append(Outcome(notice, None, _GIVEN_UP))
        else:
            letters.append(_Letter(notice, sms))
    return letters, unfit


def _sms(vault: Vault, notice: Waiting) -> Sms | None:
    """The message to send, or None for a notice without a number or the figures of its text."""
    if notice.mobile is None:
        return None
    language: Language = "en" if notice.language == "en" else "zh"
    try:
        return Sms(
            message_id=message_id(notice),
            number=vault.open(notice.mobile, person_id=notice.person_id, field="mobile"),
            text=notice_text(Kind(notice.kind), language, notice.payload),
        )
    except (KeyError, ValueError, SealBroken):
        return None


def _outcomes(letters: Sequence[_Letter], handed: Mapping[str, Handed]) -> list[Outcome]:
    return [
        Outcome(letter.notice, answer.provider_id, answer.refused_code)
        for letter in letters
        if (answer := handed.get(letter.sms.message_id)) is not None
    ]


def _groups(letters: Sequence[_Letter], size: int) -> Iterator[list[_Letter]]:
    rest = iter(letters)
    while group := list(islice(rest, size)):
        yield group
