"""What the operator knows by itself: its lines, and which phone sends from which address."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from emask.database.pool import Database

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.line (
    mobile           text    PRIMARY KEY,
    owner_id_number  text    NOT NULL,
    owner_birth_date date    NOT NULL,
    plan             text    NOT NULL CHECK (plan IN ('monthly', 'prepaid', 'company', 'other')),
    in_service       boolean NOT NULL
);
CREATE TABLE IF NOT EXISTS sandbox.data_session (
    address text PRIMARY KEY,
    mobile  text NOT NULL,
    network text NOT NULL CHECK (network IN ('4G', 'Wi-Fi'))
);
COMMENT ON TABLE sandbox.data_session IS 'Which phone sends from which address, as of now.';
"""


class Plan(StrEnum):
    """Whose line it is, and how it is paid (A2, A4, A8)."""

    MONTHLY = "monthly"
    PREPAID = "prepaid"
    COMPANY = "company"
    OTHER = "other"
    """A monthly line in the name of somebody who does not matter."""


class Network(StrEnum):
    """What the phone is connected through (A10)."""

    MOBILE = "4G"
    WIFI = "Wi-Fi"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the operator.

    `mobile` as 09 and eight digits; one that was reported lost, or ended, is not `in_service`.
    """

    mobile: str
    owner_id_number: str
    owner_birth_date: date
    plan: Plan
    in_service: bool


class SandboxLines:
    """Lines and data sessions; their tables are made by :func:`emask.sandbox.schema.install`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def put(self, line: Line) -> None:
        """A new line, or how a known one is from now on."""
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO sandbox.line (mobile, owner_id_number, owner_birth_date, plan,"
                " in_service) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (mobile) DO UPDATE SET"
                " owner_id_number = excluded.owner_id_number,"
                " owner_birth_date = excluded.owner_birth_date,"
                " plan = excluded.plan, in_service = excluded.in_service",
                (
                    line.mobile,
                    line.owner_id_number,
                    line.owner_birth_date,
                    line.plan,
                    line.in_service,
                ),
            )

    async def attach(self, address: str, *, mobile: str, network: Network) -> None:
        """The phone with this SIM sends from `address` from now on."""
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO sandbox.data_session (address, mobile, network) VALUES (%s, %s, %s)"
                " ON CONFLICT (address) DO UPDATE"
                " SET mobile = excluded.mobile, network = excluded.network",
                (address, mobile, network),
            )

    async def line_of(self, mobile: str) -> Line | None:
        """A line by its number."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "SELECT owner_id_number, owner_birth_date, plan, in_service"
                " FROM sandbox.line WHERE mobile = %s",
                (mobile,),
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        return Line(
            mobile=mobile,
            owner_id_number=row[0],
            owner_birth_date=row[1],
            plan=Plan(row[2]),
            in_service=row[3],
        )

    async def phone_at(self, address: str) -> tuple[str, Network] | None:
        """The number of the phone that sends from an address, and through which network."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "SELECT mobile, network FROM sandbox.data_session WHERE address = %s", (address,)
            )
            row = await cursor.fetchone()
        return (row[0], Network(row[1])) if row else None
