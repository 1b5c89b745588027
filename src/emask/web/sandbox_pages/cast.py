"""The people of the demo: nobody real, one for each way in and each way to fail."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from emask.identity.model import NewPerson, StaffRole
from emask.language import source
from emask.rules.people import make_national_id, make_residence_id
from emask.sandbox.operator import Plan

PASSWORD: Final = "mask-2020"  # noqa: S105 - of people who do not exist
"""The password of everybody in the demo, citizens and staff."""

_FIRST_SERIAL: Final = 51_000_000
"""Far from the serials of made-up crowds, so that no number is given twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CastMember:
    """A person of the demo, with what is in their pockets.

    ``registered`` says that the card is registered with :data:`PASSWORD`, ``certificate`` that a
    citizen certificate is bound; ``plan`` is the line of their phone.
    """

    key: str
    person: NewPerson
    about: str
    plan: Plan
    registered: bool
    certificate: bool

    @property
    def handset(self) -> str:
        """What tells this person's phone apart."""
        return f"demo-phone-{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """An account of the demo; its place is given when the stage is set."""

    username: str
    role: StaffRole
    title: str


def _person(serial: int, name: str, birth_date: date, *, foreign: bool = False) -> NewPerson:
    make = make_residence_id if foreign else make_national_id
    return NewPerson(
        id_number=make(_FIRST_SERIAL + serial),
        name=name,
        birth_date=birth_date,
        mobile=f"09120000{serial:02}",
        nhi_card=f"0000555{serial:05}",
        household_number=f"F{5550000 + serial}",
        language="en" if foreign else "zh",
    )


CAST: Final = (
    CastMember(
        key="ming",
        person=_person(1, "王小明", date(1983, 7, 15)),
        about=source("上班族；健保卡已註冊、憑證已登錄，手機是本人月租型門號"),
        plan=Plan.MONTHLY,
        registered=True,
        certificate=True,
    ),
    CastMember(
        key="ling",
        person=_person(2, "陳美玲", date(1990, 2, 3)),
        about=source("健保卡還沒註冊；手機是公司門號"),
        plan=Plan.COMPANY,
        registered=False,
        certificate=False,
    ),
    CastMember(
        key="tong",
        person=_person(3, "林大同", date(1958, 11, 20)),
        about=source("健保卡已註冊；手機是預付卡"),
        plan=Plan.PREPAID,
        registered=True,
        certificate=False,
    ),
    CastMember(
        key="mai",
        person=_person(4, "NGUYEN THI MAI", date(1995, 5, 9), foreign=True),
        about=source("持居留證的外籍人士；健保卡已註冊"),
        plan=Plan.MONTHLY,
        registered=True,
        certificate=False,
    ),
    CastMember(
        key="bao",
        person=_person(5, "王小寶", date(2012, 9, 1)),
        about=source("2012 年出生的兒童；健保卡已註冊"),
        plan=Plan.OTHER,
        registered=True,
        certificate=False,
    ),
)

STAFF: Final = (
    StaffMember(username="pharmacist", role=StaffRole.PHARMACIST, title=source("藥師")),
    StaffMember(username="clerk", role=StaffRole.CLERK, title=source("超商店員")),
    StaffMember(username="kiosk", role=StaffRole.KIOSK, title=source("超商取貨機台")),
    StaffMember(username="centre", role=StaffRole.CENTRE, title=source("物流中心")),
    StaffMember(username="officer", role=StaffRole.OFFICER, title=source("健保署服務人員")),
    StaffMember(username="operator", role=StaffRole.OPERATOR, title=source("營運人員")),
    StaffMember(username="operator2", role=StaffRole.OPERATOR, title=source("另一位營運人員")),
    StaffMember(username="hotline", role=StaffRole.HOTLINE, title=source("專線客服")),
)


def member(key: str) -> CastMember | None:
    """The cast member of a key, or None."""
    return next((each for each in CAST if each.key == key), None)
