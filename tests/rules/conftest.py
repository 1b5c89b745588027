"""Round 2020-1 of the Q&A."""

from datetime import date

import pytest

from emask.rules.calendar import Round, at


@pytest.fixture(scope="session")
def round_one() -> Round:
    return Round(
        id="2020-1",
        opens_at=at(date(2020, 3, 12), 9),
        closes_at=at(date(2020, 3, 18), 20),
        pay_from=at(date(2020, 3, 19), 8),
        pay_until=at(date(2020, 3, 21), 20),
        release_at=at(date(2020, 3, 22), 8),
        pickup_from=date(2020, 3, 26),
        pickup_until=date(2020, 4, 1),
        quota=2_333_333,
        pieces=3,
        price=5,
        handling_fee=7,
        interval_days=7,
        child_born_from=date(2007, 1, 1),
    )
