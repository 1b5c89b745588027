"""Buckets that fill up evenly, one for each caller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.web.api import quota
from emask.web.api.quota import Buckets, Quota

TEN_A_MINUTE = Quota(name="client", calls=10, seconds=60)


class Watch:
    """Seconds as a test has them."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_full_bucket_is_granted_at_once_and_no_more() -> None:
    buckets = Buckets(TEN_A_MINUTE, monotonic=Watch())
    told = [buckets.take("one") for _ in range(11)]
    assert [left.calls for left in told] == [*range(9, -1, -1), 0]
    assert [left.wait for left in told] == [0] * 10 + [6]
    assert told[-1].headers() == {
        "ratelimit-policy": '"client";q=10;w=60',
        "ratelimit": '"client";r=0;t=60',
        "retry-after": "6",
    }
    assert buckets.take("other").calls == 9


def test_who_waits_as_long_as_told_is_granted_one() -> None:
    watch = Watch()
    buckets = Buckets(TEN_A_MINUTE, monotonic=watch)
    for _ in range(20):
        left = buckets.take("one")
    watch.seconds += left.wait
    assert [buckets.take("one").wait for _ in range(2)] == [0, 6]
    watch.seconds += left.full_in
    assert buckets.take("one").calls == 9


@given(st.lists(st.floats(0, 30), max_size=60))
def test_never_more_than_the_quota_and_what_came_in_since(pauses: list[float]) -> None:
    watch, granted = Watch(), 0
    buckets = Buckets(TEN_A_MINUTE, monotonic=watch)
    for pause in pauses:
        watch.seconds += pause
        left = buckets.take("one")
        granted += left.wait == 0
        assert 0 <= left.calls < 10
        assert 0 <= left.full_in <= 60
        assert granted <= 10 + watch.seconds / 6 + 1e-6


def test_who_has_not_called_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_MOST_CALLERS", 3)
    watch = Watch()
    buckets = Buckets(TEN_A_MINUTE, monotonic=watch)
    for number in range(100):
        buckets.take(str(number))
        watch.seconds += 60
    assert len(buckets._full_at) <= 4
