"""The intake: submissions that arrive while a statement runs are the next batch.

There is one statement in flight and no timer. An idle intake places a submission at once; the
more arrive, the larger the batches, the less each one costs. A submission is answered after the
commit and never before.
"""

import asyncio
import os
import re
from collections import deque
from collections.abc import Sequence
from typing import Final, Self
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.preorder import judging, queries
from emask.preorder.model import Entry, Placement, Receipt
from emask.preorder.queries import SEALED_AS, Row
from emask.rounds.service import UnknownRound
from emask.rules.people import normalise_mobile
from emask.rules.refusals import UnknownStore

RETRY_AFTER: Final = 5
"""Seconds after which whoever could not be served comes again."""

# Statements that join small arrays to large tables: an index is right however small a table was
# when the plan was made, and the plan is made once.
SETTINGS: Final = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": "10s",
}
_CODE = re.compile(r"[0-9A-Za-z-]{1,32}")


class IntakeFull(Exception):
    """Nothing was saved; submit again after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"come again in {retry_after} s")
        self.retry_after = retry_after


class IntakeInterrupted(IntakeFull):
    """The database went away: whether it was saved is not known.

    Submitting again with the same submission id is safe and tells.
    """


class _Submission:
    """A row that waits for its statement, and the caller who waits for the answer."""

    __slots__ = ("answer", "row")

    def __init__(self, row: Row, answer: "asyncio.Future[Receipt]") -> None:
        self.row = row
        self.answer = answer

    def give(self, outcome: Receipt | Exception) -> None:
        if self.answer.done():  # the caller has gone away
            return
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class Intake:
    """Places pre-orders; one per process, open while its ``async with`` block runs.

    Args:
        db: where pre-orders are kept; the intake uses a connection of its own.
        clock: asked once for each batch.
        vault: seals the mobile numbers.
        batch: how many submissions one statement places at most.
        queue: how many may wait; beyond it submissions are turned away.
    """

    def __init__(
        self, db: Database, clock: Clock, vault: Vault, *, batch: int = 256, queue: int = 20_000
    ) -> None:
        self._url = db.url
        self._clock = clock
        self._vault = vault
        self._batch = batch
        self._queue = queue
        self._waiting: deque[_Submission] = deque()
        self._arrived = asyncio.Event()
        self._open = False
        self._connection: AsyncConnection[TupleRow] | None = None

    async def __aenter__(self) -> Self:
        self._open = True
        self._work = asyncio.create_task(self._place_what_waits(), name="intake")
        return self

    async def __aexit__(self, *error: object) -> None:
        """Take no more, place what waits, and close."""
        self._open = False
        self._arrived.set()
        await self._work
        await self._disconnect()

    async def submit(self, entry: Entry) -> Receipt:
        """Place or amend a pre-order; returns when it is committed.

        Raises:
            Refusal: of `rules.eligibility.check_preorder`, or UnknownStore, StoreClosed,
                NotRegistered.
            InvalidEntry: the mobile number cannot be one.
            UnknownRound: there is no such round.
            SubmissionReused: the submission id belongs to another order of this person.
            IntakeFull: too many wait; IntakeInterrupted: the outcome is not known.
        """
        row = self._checked(entry)
        if not self._open or len(self._waiting) >= self._queue:
            raise IntakeFull(RETRY_AFTER)
        submission = _Submission(row, asyncio.get_running_loop().create_future())
        self._waiting.append(submission)
        self._arrived.set()
        return await submission.answer

    def _checked(self, entry: Entry) -> Row:
        """The row to write: one value that the database cannot take would fail a whole batch."""
        if _CODE.fullmatch(entry.round_id) is None:
            raise UnknownRound("there is no such round")
        if _CODE.fullmatch(entry.store_code) is None:
            raise UnknownStore
        mobile = normalise_mobile(entry.mobile)
        return Row(
            person_id=entry.person_id,
            round_id=entry.round_id,
            ticket=UUID(bytes=os.urandom(16)),
            chain=entry.chain.value,
            store_code=entry.store_code,
            channel=entry.channel.value,
            mobile=self._vault.seal(mobile, person_id=entry.person_id, field=SEALED_AS),
            language=entry.language.value,
            submission_id=entry.submission_id,
        )

    async def _place_what_waits(self) -> None:
        while self._open or self._waiting:
            self._arrived.clear()
            if self._waiting:
                await self._answer(self._next_batch())
            else:
                await self._arrived.wait()

    def _next_batch(self) -> list[_Submission]:
        """The longest waiting, at most one of a person: the second waits for the next batch."""
        batch: dict[UUID, _Submission] = {}
        later: list[_Submission] = []
        while self._waiting and len(batch) < self._batch:
            submission = self._waiting.popleft()
            if submission.row.person_id in batch:
                later.append(submission)
            else:
                batch[submission.row.person_id] = submission
        self._waiting.extendleft(reversed(later))
        return list(batch.values())

    async def _answer(self, batch: Sequence[_Submission]) -> None:
        try:
            await self._place(batch)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            if len(batch) > 1:  # one bad value must not fail the others
                for submission in batch:
                    await self._answer([submission])
            else:  # without the error's own text, which quotes the row
                batch[0].give(ValueError(f"no such entry can be kept ({error.sqlstate})"))
        except (psycopg.OperationalError, psycopg.InterfaceError):
            await self._disconnect()
            for submission in batch:
                submission.give(IntakeInterrupted(RETRY_AFTER))
        except Exception as error:  # noqa: BLE001 - whatever fails one batch, the next is served
            for submission in batch:
                submission.give(error)

    async def _place(self, batch: Sequence[_Submission]) -> None:
        try:
            connection = await self._connected()
        except psycopg.OperationalError:
            for submission in batch:
                submission.give(IntakeFull(RETRY_AFTER))
            return
        now = await self._clock.now()
        placed = await queries.place(connection, [each.row for each in batch], now=now)
        left = _give_receipts(batch, placed)
        if not left:
            return
        rows = [each.row for each in left]
        reasons, eligible = await judging.judge(connection, self._vault, rows=rows, now=now)
        if eligible:
            placed = await queries.place_judged(connection, eligible, now=now)
            left = _give_receipts(left, placed)
        for submission in left:
            # Facts that changed between the two statements: nothing was saved.
            submission.give(reasons.get(submission.row.person_id) or IntakeFull(RETRY_AFTER))

    async def _connected(self) -> AsyncConnection[TupleRow]:
        if self._connection is None:
            self._connection = await AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=5, tcp_user_timeout=10_000
            )
            await self._connection.execute(
                "SELECT set_config(name, value, false)"
                " FROM unnest(%s::text[], %s::text[]) AS s (name, value)",
                (list(SETTINGS), list(SETTINGS.values())),
            )
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _give_receipts(
    batch: Sequence[_Submission], placed: "dict[UUID, queries.Placed]"
) -> list[_Submission]:
    """Answer those who were placed; returns the others."""
    left = []
    for submission in batch:
        found = placed.get(submission.row.person_id)
        if found is None:
            left.append(submission)
        else:
            placement = Placement.PLACED if found.fresh else Placement.AMENDED
            submission.give(Receipt(placement, found.ticket, found.revision))
    return left
