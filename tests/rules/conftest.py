"""Round 2020-1 of the Q&A, and how long Hypothesis looks: HYPOTHESIS_PROFILE=thorough."""

import os
from datetime import date

import pytest
from hypothesis import settings

from emask.rules.calendar import Round, at

settings.register_profile("quick", deadline=None, max_examples=200, stateful_step_count=30)
settings.register_profile("thorough", deadline=None, max_examples=3000, stateful_step_count=60)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


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
