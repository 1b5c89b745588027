"""The prepared databases on which scenarios play."""

from collections.abc import Iterator

import pytest

from emask.database.throwaway import ThrowawayDatabases
from emask.features.stage import stage


@pytest.fixture(scope="session")
def prepared() -> Iterator[ThrowawayDatabases]:
    with stage() as databases:
        yield databases


@pytest.fixture
def stage_url(prepared: ThrowawayDatabases) -> Iterator[str]:
    with prepared.database() as url:
        yield url
