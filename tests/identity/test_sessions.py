import timeit
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.database.vault import Keys
from emask.identity.ended_sessions import EndedSessions
from emask.identity.model import StaffRole, StaffSession
from emask.identity.sessions import LIFETIME, SessionEnded, Sessions
from emask.rules.calendar import Channel

NOW = datetime(2020, 3, 12, 1, tzinfo=UTC)
PERSON = UUID(int=7)
KEYS = Keys.generate()
CLERK = StaffSession(
    username="clerk-1",
    role=StaffRole.CLERK,
    site_code=None,
    chain="SE",
    store_code="123456",
    session_id="shift-1",
    generation=3,
    expires_at=NOW + timedelta(hours=12),
)
SESSIONS = Sessions(KEYS, EndedSessions())


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
        Sessions(Keys.generate(), EndedSessions()).read(token(), now=NOW)


def test_staff_are_read_as_they_were_issued() -> None:
    assert SESSIONS.read_staff(SESSIONS.issue_staff(CLERK), now=NOW) == CLERK
    with pytest.raises(SessionEnded):
        SESSIONS.read_staff(SESSIONS.issue_staff(CLERK), now=CLERK.expires_at)


def test_staff_and_citizens_are_never_taken_for_one_another() -> None:
    with pytest.raises(SessionEnded):
        SESSIONS.read(SESSIONS.issue_staff(CLERK), now=NOW)
    with pytest.raises(SessionEnded):
        SESSIONS.read_staff(token(), now=NOW)


def test_a_token_tells_no_number() -> None:
    assert len(SESSIONS.issue(person_id=uuid4(), channel=Channel.MOBILE, now=NOW)) < 160


def test_a_prolonged_session_is_the_same_one() -> None:
    session = SESSIONS.read(token(), now=NOW)
    later = NOW + timedelta(minutes=10)
    prolonged = SESSIONS.read(SESSIONS.prolong(session, now=later), now=later)
    assert prolonged == replace(session, issued_at=later, expires_at=later + LIFETIME)


def test_what_ended_is_over_at_once_prolonged_copies_and_all() -> None:
    sessions = Sessions(KEYS, EndedSessions())
    first, second = (
        sessions.issue(person_id=PERSON, channel=Channel.MOBILE, now=NOW) for _ in range(2)
    )
    session = sessions.read(first, now=NOW)
    copy = sessions.prolong(session, now=NOW + timedelta(minutes=10))
    sessions.ended.note_session(session.session_id)
    for ended in (first, copy):
        with pytest.raises(SessionEnded):
            sessions.read(ended, now=NOW)
    sessions.read(second, now=NOW)


def test_a_generation_ends_all_before_it_and_none_after() -> None:
    sessions = Sessions(KEYS, EndedSessions())
    before = [sessions.issue(person_id=PERSON, channel=each, now=NOW) for each in Channel]
    others = sessions.issue(person_id=UUID(int=8), channel=Channel.MOBILE, now=NOW)
    sessions.ended.note_person(PERSON, 5)
    sessions.ended.note_person(PERSON, 4)  # heard of late
    for ended in before:
        with pytest.raises(SessionEnded):
            sessions.read(ended, now=NOW - timedelta(minutes=1))  # wherever the clock stands
    sessions.read(others, now=NOW)
    after = sessions.issue(person_id=PERSON, channel=Channel.MOBILE, now=NOW)
    assert sessions.read(after, now=NOW).generation == 5


def test_a_shift_ends_by_its_id_and_with_its_account() -> None:
    sessions = Sessions(KEYS, EndedSessions())
    first, second = CLERK, replace(CLERK, session_id="shift-2")
    sessions.ended.note_session("shift-1")
    with pytest.raises(SessionEnded):
        sessions.read_staff(sessions.issue_staff(first), now=NOW)
    sessions.read_staff(sessions.issue_staff(second), now=NOW)
    sessions.ended.note_staff("clerk-1", 4)
    with pytest.raises(SessionEnded):
        sessions.read_staff(sessions.issue_staff(second), now=NOW)
    sessions.read_staff(sessions.issue_staff(replace(second, generation=4)), now=NOW)
    sessions.read_staff(sessions.issue_staff(replace(second, username="clerk-2")), now=NOW)


def test_reading_takes_less_than_twenty_microseconds_however_much_has_ended() -> None:
    issued = token()
    ended = EndedSessions()
    for number in range(50_000):
        ended.note_session(f"session-{number}")
        ended.note_person(UUID(int=100 + number), number)
    sessions = Sessions(KEYS, ended)
    best = min(timeit.repeat(lambda: sessions.read(issued, now=NOW), number=1_000, repeat=10))
    assert best / 1_000 < 20e-6
