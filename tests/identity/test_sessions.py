import timeit
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.database.vault import Keys
from emask.identity.model import StaffRole, StaffSession
from emask.identity.sessions import LIFETIME, SessionEnded, Sessions
from emask.rules.calendar import Channel
from identity.world import OFFICER

NOW = datetime(2020, 3, 12, 1, tzinfo=UTC)
PERSON = UUID(int=7)
KEYS = Keys.generate()
SESSIONS = Sessions(KEYS)


def token(channel: Channel = Channel.MOBILE) -> str:
    return SESSIONS.issue(person_id=PERSON, channel=channel, now=NOW)


@pytest.mark.parametrize("channel", Channel)
def test_a_session_is_read_as_it_was_issued(channel: Channel) -> None:
    session = SESSIONS.read(token(channel), now=NOW)
    assert (session.person_id, session.channel) == (PERSON, channel)
    assert (session.issued_at, session.expires_at) == (NOW, NOW + LIFETIME)


def test_each_session_has_an_id_of_its_own() -> None:
    ids = {SESSIONS.read(token(), now=NOW).session_id for _ in range(100)}
    assert len(ids) == 100


def test_a_session_lasts_thirty_minutes() -> None:
    issued = token()
    SESSIONS.read(issued, now=NOW + timedelta(minutes=29, seconds=59))
    with pytest.raises(SessionEnded):
        SESSIONS.read(issued, now=NOW + timedelta(minutes=30))


@pytest.mark.parametrize("position", range(len(token())))
def test_a_changed_letter_ends_it(position: int) -> None:
    issued = token()
    # Far enough in the alphabet to change bits that the encoding keeps.
    changed = "A" if issued[position] not in "ABCD" else "Z"
    with pytest.raises(SessionEnded):
        SESSIONS.read(issued[:position] + changed + issued[position + 1 :], now=NOW)


@given(st.text())
def test_anything_else_is_no_session(text: str) -> None:
    for read in (SESSIONS.read, SESSIONS.read_staff):
        with pytest.raises(SessionEnded):
            read(text, now=NOW)


def test_another_installations_session_is_none() -> None:
    with pytest.raises(SessionEnded):
        Sessions(Keys.generate()).read(token(), now=NOW)


def test_staff_are_read_as_they_were_issued() -> None:
    clerk = StaffSession(
        username="clerk-1",
        role=StaffRole.CLERK,
        site_code=None,
        chain="SE",
        store_code="123456",
        expires_at=NOW + timedelta(hours=12),
    )
    assert SESSIONS.read_staff(SESSIONS.issue_staff(clerk), now=NOW) == clerk
    with pytest.raises(SessionEnded):
        SESSIONS.read_staff(SESSIONS.issue_staff(clerk), now=clerk.expires_at)


def test_staff_and_citizens_are_never_taken_for_one_another() -> None:
    with pytest.raises(SessionEnded):
        SESSIONS.read(SESSIONS.issue_staff(OFFICER), now=NOW)
    with pytest.raises(SessionEnded):
        SESSIONS.read_staff(token(), now=NOW)


def test_a_token_tells_no_number() -> None:
    assert len(SESSIONS.issue(person_id=uuid4(), channel=Channel.MOBILE, now=NOW)) < 160


def test_reading_takes_less_than_twenty_microseconds() -> None:
    issued = token()
    best = min(timeit.repeat(lambda: SESSIONS.read(issued, now=NOW), number=1_000, repeat=10))
    assert best / 1_000 < 20e-6
