"""What the system has acknowledged, written down outside it: it must stand, whatever breaks."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from emask.database.pool import Database
from emask.preorder.model import Receipt

_NAME = "acknowledged-{worker}.log"
_FIELDS = 3


class Acknowledged:
    """One worker's list of receipts; each line is with the operating system before the next act.

    Args:
        folder: where it is kept.
        worker: whose list it is.
    """

    def __init__(self, folder: Path, *, worker: int) -> None:
        self._path = folder / _NAME.format(worker=worker)

    def __enter__(self) -> Self:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def note(self, *, person_id: UUID, round_id: str, receipt: Receipt) -> None:
        """A receipt has come back."""
        os.write(self._file, f"{person_id} {round_id} {receipt.ticket}\n".encode())


async def acknowledged_in_vain(db: Database, folder: Path) -> int:
    """How many receipts in a rehearsal's folder the database does not know."""
    async with db.transaction() as tx:
        await tx.execute(
            "CREATE TEMPORARY TABLE acknowledged (person_id uuid, round_id text, ticket uuid)"
            " ON COMMIT DROP"
        )
        async with (
            tx.cursor() as cursor,
            cursor.copy("COPY acknowledged FROM STDIN") as copy,
        ):
            for receipt in _receipts(folder):
                await copy.write_row(receipt)
        found = await tx.execute(
            "SELECT count(*) FROM acknowledged"
            " LEFT JOIN preorder USING (person_id, round_id, ticket)"
            " WHERE preorder.person_id IS NULL"
        )
        row = await found.fetchone()
    return int(row[0]) if row else 0


def _receipts(folder: Path) -> Iterator[list[str]]:
    for path in sorted(folder.glob(_NAME.format(worker="*"))):
        for line in path.read_text("ascii").splitlines(keepends=True):
            fields = line.split()
            if line.endswith("\n") and len(fields) == _FIELDS:  # else cut off by a crash
                yield fields
