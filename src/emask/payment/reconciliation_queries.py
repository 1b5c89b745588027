"""The SQL of reconciliation: a gateway's rows, and one set held against the other by trade."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from psycopg.rows import class_row

from emask.database.pool import Transaction
from emask.payment.ports import Question, SettledRow
from emask.payment.reconciliation_model import Day, Difference, Reason
from emask.rules.calendar import at as taipei
from emask.rules.price import Method

_OPEN_FOR: Final = timedelta(days=14)
"""How long money may come for a trade that was opened, its account's last day included."""


class AskedTrade(NamedTuple):
    """A trade to ask about, and what the ledger has of it; amounts are NT$.

    `moved` says whether it has money of the day, `back` is what it gave back by card that day, and
    `back_in_all` what it had given back by the end of it.
    """

    question: Question
    moved: bool
    back: int
    back_in_all: int


async def hold(tx: Transaction, gateway: str, day: date, at: datetime) -> None:
    """Begin a day's reconciliation; another one of the same day waits until this one is done."""
    await tx.execute(
        "INSERT INTO reconciliation VALUES (%s, %s, %s, 0, 0, 0)"
        " ON CONFLICT (gateway, day) DO UPDATE SET done_at = excluded.done_at",
        (gateway, day, at),
    )


async def replace_rows(
    tx: Transaction, gateway: str, day: date, rows: Sequence[SettledRow]
) -> None:
    """Let these be all rows of a day's file."""
    await tx.execute("DELETE FROM settlement_row WHERE gateway = %s AND day = %s", (gateway, day))
    async with (
        tx.cursor() as cursor,
        cursor.copy(
            "COPY settlement_row (gateway, day, line, trade_no, gateway_trade_no, method, amount,"
            " valued_at) FROM STDIN"
        ) as copy,
    ):
        for line, row in enumerate(rows, start=1):
            await copy.write_row(
                (
                    *(gateway, day, line, row.trade_no, row.gateway_trade_no),
                    *(row.method, row.amount, row.valued_at),
                )
            )


# Trade by trade, both sides. A gateway whose file never lists what went back is not held to it,
# and money that came and went on one day may be missing from the file altogether.
_COMPARE = """
WITH file AS (
    SELECT trade_no,
           coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS paid,
           coalesce(-sum(amount) FILTER (WHERE amount < 0), 0) AS back,
           count(*) FILTER (WHERE amount > 0)
               > count(DISTINCT gateway_trade_no) FILTER (WHERE amount > 0) AS twice
    FROM settlement_row WHERE gateway = %(gateway)s AND day = %(day)s GROUP BY trade_no
), money AS (
    SELECT a.trade_no, sum(e.amount) AS paid
    FROM payment_event e JOIN payment_attempt a USING (person_id, attempt_id)
    WHERE e.gateway = %(gateway)s AND e.kind = 'paid' AND e.outcome <> 'simulated'
      AND e.valued_at >= %(begin)s AND e.valued_at < %(end)s
    GROUP BY a.trade_no
), refunded AS (
    SELECT a.trade_no, sum(r.amount) AS back
    FROM refund r
    JOIN payment_event e USING (person_id, event_id)
    JOIN payment_attempt a USING (person_id, attempt_id)
    WHERE e.gateway = %(gateway)s AND r.way = 'card' AND r.state = 'done'
      AND r.done_at >= %(begin)s AND r.done_at < %(end)s
    GROUP BY a.trade_no
), trade AS (
    SELECT trade_no, coalesce(file.twice, false) AS twice,
           coalesce(file.paid, 0)::integer AS file_paid,
           coalesce(file.back, 0)::integer AS file_back,
           coalesce(money.paid, 0)::integer AS paid,
           CASE WHEN file.trade_no IS NULL AND money.paid = refunded.back OR EXISTS (
               SELECT FROM settlement_row WHERE gateway = %(gateway)s AND amount < 0
           ) THEN coalesce(refunded.back, 0)::integer ELSE 0 END AS back,
           file.trade_no IS NULL AND money.paid = refunded.back AS came_and_went
    FROM file FULL JOIN money USING (trade_no) FULL JOIN refunded USING (trade_no)
), difference AS (
    SELECT trade_no, file_paid AS file_amount, paid AS ledger_amount, CASE
        WHEN file_paid > 0 AND paid = 0 AND NOT EXISTS (
            SELECT FROM payment_reference f JOIN payment_attempt a USING (person_id, attempt_id)
            WHERE f.trade_no = trade.trade_no AND a.gateway = %(gateway)s
        ) THEN 'unknown_trade'
        WHEN file_paid > 0 AND paid = 0 THEN 'not_in_ledger'
        WHEN twice THEN 'twice_in_file'
        WHEN file_paid = 0 AND paid > 0 THEN 'not_in_file'
        WHEN file_paid <> paid THEN 'wrong_amount' END AS reason
    FROM trade WHERE came_and_went IS NOT TRUE
    UNION ALL
    SELECT trade_no, -file_back, -back, CASE
        WHEN file_back > back THEN 'refund_not_in_ledger'
        WHEN file_back < back THEN 'refund_not_in_file' END
    FROM trade WHERE came_and_went IS NOT TRUE
), found AS (
    SELECT * FROM difference WHERE reason IS NOT NULL
), gone AS (
    DELETE FROM reconciliation_difference old
    WHERE gateway = %(gateway)s AND day = %(day)s AND NOT EXISTS (
        SELECT FROM found WHERE found.trade_no = old.trade_no AND found.reason = old.reason)
), noted AS (
    INSERT INTO reconciliation_difference AS old
        (gateway, day, trade_no, reason, file_amount, ledger_amount)
    SELECT %(gateway)s, %(day)s, trade_no, reason, file_amount, ledger_amount FROM found
    ON CONFLICT (gateway, day, trade_no, reason) DO UPDATE SET
        file_amount = excluded.file_amount, ledger_amount = excluded.ledger_amount,
        explanation = NULL, explained_by = NULL, explained_at = NULL
    WHERE (old.file_amount, old.ledger_amount)
        <> (excluded.file_amount, excluded.ledger_amount)
)
UPDATE reconciliation SET done_at = %(at)s,
    file_rows = (SELECT count(*) FROM settlement_row
                 WHERE gateway = %(gateway)s AND day = %(day)s),
    file_total = (SELECT coalesce(sum(file_paid - file_back), 0) FROM trade),
    ledger_total = (SELECT coalesce(sum(paid - back), 0) FROM trade)
WHERE gateway = %(gateway)s AND day = %(day)s"""


async def compare(tx: Transaction, gateway: str, day: date, at: datetime) -> None:
    """Hold a day's rows against the ledger and note the differences and sums.

    An explanation stays as long as the amounts that it explains.
    """
    await tx.execute(_COMPARE, {"gateway": gateway, "day": day, "at": at, **_instants(day)})


_DAY = (
    "SELECT r.gateway, r.day, r.done_at, r.file_rows, r.file_total, r.ledger_total,"
    " (SELECT count(*) FROM reconciliation_difference d WHERE d.gateway = r.gateway"
    "  AND d.day = r.day AND d.explanation IS NULL) AS unexplained FROM reconciliation r"
)


async def day_of(tx: Transaction, gateway: str, day: date) -> Day | None:
    """The sums of a day, or None if it was not reconciled."""
    async with tx.cursor(row_factory=class_row(Day)) as cursor:
        await cursor.execute(f"{_DAY} WHERE r.gateway = %s AND r.day = %s", (gateway, day))
        return await cursor.fetchone()


async def latest_days(tx: Transaction, most: int) -> list[Day]:
    """The latest days that were reconciled, and every one with something unexplained."""
    async with tx.cursor(row_factory=class_row(Day)) as cursor:
        await cursor.execute(
            f"SELECT * FROM ({_DAY}) AS each WHERE unexplained > 0 OR (gateway, day) IN"
            " (SELECT gateway, day FROM reconciliation ORDER BY day DESC, gateway LIMIT %s)"
            " ORDER BY day DESC, gateway",
            (most,),
        )
        return await cursor.fetchall()


async def differences(
    tx: Transaction, gateway: str, day: date, most: int | None = None
) -> list[Difference]:
    """The differences of a day, the unexplained ones first."""
    cursor = await tx.execute(
        "SELECT trade_no, reason, file_amount, ledger_amount, explanation, explained_by,"
        " explained_at FROM reconciliation_difference WHERE gateway = %s AND day = %s"
        " ORDER BY explanation IS NOT NULL, trade_no, reason LIMIT %s",
        (gateway, day, most),
    )
    return [
        Difference(
            gateway=gateway,
            day=day,
            trade_no=row[0],
            reason=Reason(row[1]),
            file_amount=row[2],
            ledger_amount=row[3],
            explanation=row[4],
            explained_by=row[5],
            explained_at=row[6],
        )
        for row in await cursor.fetchall()
    ]


async def missing_money(tx: Transaction, gateway: str, day: date) -> list[Question]:
    """What to ask about trades of which the file has more than the ledger."""
    cursor = await tx.execute(
        "SELECT a.trade_no, sum(a.amount), a.method, min(a.opened_at)"
        " FROM reconciliation_difference d JOIN payment_reference f USING (trade_no)"
        " JOIN payment_attempt a USING (person_id, attempt_id)"
        " WHERE d.gateway = %s AND d.day = %s AND a.gateway = d.gateway AND d.explanation IS NULL"
        " AND d.reason IN ('not_in_ledger', 'wrong_amount') AND d.file_amount > d.ledger_amount"
        " GROUP BY a.trade_no, a.method ORDER BY a.trade_no",
        (gateway, day),
    )
    return [_question(*row) for row in await cursor.fetchall()]


async def trades_of_day(tx: Transaction, gateway: str, day: date) -> list[AskedTrade]:
    """The trades by which a day's money may have moved: paid, given back, or still open."""
    cursor = await tx.execute(
        "WITH paid AS (SELECT DISTINCT a.trade_no"
        "  FROM payment_event e JOIN payment_attempt a USING (person_id, attempt_id)"
        "  WHERE e.gateway = %(gateway)s AND e.kind = 'paid' AND e.outcome <> 'simulated'"
        "  AND e.valued_at >= %(begin)s AND e.valued_at < %(end)s),"
        " refunded AS (SELECT a.trade_no, sum(r.amount) AS in_all,"
        "   coalesce(sum(r.amount) FILTER (WHERE r.done_at >= %(begin)s), 0) AS that_day"
        "  FROM refund r JOIN payment_event e USING (person_id, event_id)"
        "  JOIN payment_attempt a USING (person_id, attempt_id) WHERE e.gateway = %(gateway)s"
        "  AND r.way = 'card' AND r.state = 'done' AND r.done_at < %(end)s GROUP BY a.trade_no),"
        " unpaid AS (SELECT DISTINCT a.trade_no FROM payment_attempt a"
        "  WHERE a.gateway = %(gateway)s AND a.opened_at >= %(open_since)s"
        "  AND a.opened_at < %(end)s AND NOT EXISTS (SELECT FROM payment_event e"
        "   WHERE e.person_id = a.person_id AND e.attempt_id = a.attempt_id AND e.kind = 'paid')),"
        " asked AS (SELECT trade_no, true AS moved FROM paid UNION"
        "  SELECT trade_no, true FROM refunded WHERE that_day > 0 UNION"
        "  SELECT trade_no, false FROM unpaid)"
        " SELECT a.trade_no, sum(a.amount), a.method, min(a.opened_at), asked.moved,"
        "  coalesce(min(refunded.that_day), 0), coalesce(min(refunded.in_all), 0)"
        " FROM (SELECT trade_no, bool_or(moved) AS moved FROM asked GROUP BY trade_no) AS asked"
        " JOIN payment_reference f USING (trade_no)"
        " JOIN payment_attempt a USING (person_id, attempt_id)"
        " LEFT JOIN refunded ON refunded.trade_no = asked.trade_no"
        " WHERE a.gateway = %(gateway)s GROUP BY a.trade_no, a.method, asked.moved"
        " ORDER BY a.trade_no",
        {"gateway": gateway, "open_since": taipei(day) - _OPEN_FOR, **_instants(day)},
    )
    return [
        AskedTrade(_question(*row[:4]), moved=row[4], back=int(row[5]), back_in_all=int(row[6]))
        for row in await cursor.fetchall()
    ]


async def days_to_do(tx: Transaction, gateway: str, before: date) -> list[date]:
    """The days before one with money of which some was not known when they were reconciled."""
    cursor = await tx.execute(
        "SELECT day FROM (SELECT (valued_at AT TIME ZONE 'Asia/Taipei')::date AS day,"
        "  max(known_at) AS known_at FROM payment_event WHERE gateway = %(gateway)s"
        "  AND kind = 'paid' AND outcome <> 'simulated' AND valued_at < %(before)s"
        "  GROUP BY 1) AS money WHERE NOT EXISTS (SELECT FROM reconciliation r"
        "  WHERE r.gateway = %(gateway)s AND r.day = money.day AND r.done_at >= money.known_at)"
        " ORDER BY day",
        {"gateway": gateway, "before": taipei(before)},
    )
    return [day for (day,) in await cursor.fetchall()]


async def paused_until(tx: Transaction, gateway: str, at: datetime) -> datetime | None:
    """Until when a gateway is left alone; None if it is not."""
    cursor = await tx.execute(
        "SELECT until FROM gateway_pause WHERE gateway = %s AND until > %s", (gateway, at)
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def explain(
    tx: Transaction,
    gateway: str,
    day: date,
    trade_no: str,
    reason: Reason,
    *,
    explanation: str,
    operator: str,
    at: datetime,
) -> tuple[int, int] | None:
    """Note why a difference is all right; its amounts, or None if none waits for that."""
    cursor = await tx.execute(
        "UPDATE reconciliation_difference"
        " SET explanation = %s, explained_by = %s, explained_at = %s"
        " WHERE gateway = %s AND day = %s AND trade_no = %s AND reason = %s"
        " AND explanation IS NULL RETURNING file_amount, ledger_amount",
        (explanation, operator, at, gateway, day, trade_no, reason),
    )
    row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


def _instants(day: date) -> dict[str, datetime]:
    return {"begin": taipei(day), "end": taipei(day + timedelta(days=1))}


def _question(trade_no: str, amount: int, method: str, opened_at: datetime) -> Question:
    return Question(
        trade_no=trade_no, amount=int(amount), method=Method(method), opened_at=opened_at
    )
