from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.database.vault import Keys, Vault
from emask.identity.permits import Permit, expiry, new_permit_id, open_permit, seal_permit
from emask.rules.refusals import EvidenceAltered, EvidenceExpired

NOW = datetime(2020, 3, 12, 1, tzinfo=UTC)
VAULT = Vault(Keys.generate())


class Secret(Permit, frozen=True, kw_only=True):
    word: str


class Other(Permit, frozen=True, kw_only=True):
    word: str


def sealed(word: str = "word") -> str:
    return seal_permit(VAULT, Secret(permit_id=new_permit_id(), expires_at=expiry(NOW), word=word))


@given(st.text())
def test_a_permit_comes_back_as_it_was(word: str) -> None:
    assert open_permit(VAULT, Secret, sealed(word), at=NOW).word == word


def test_nobody_reads_it_on_the_way() -> None:
    assert "word" not in sealed()
    assert sealed() != sealed()


def test_it_lasts_five_minutes() -> None:
    permit = sealed()
    open_permit(VAULT, Secret, permit, at=NOW + timedelta(minutes=4, seconds=59))
    with pytest.raises(EvidenceExpired):
        open_permit(VAULT, Secret, permit, at=NOW + timedelta(minutes=5))


def test_it_is_of_one_kind() -> None:
    with pytest.raises(EvidenceAltered):
        open_permit(VAULT, Other, sealed(), at=NOW)


def test_another_installation_opens_nothing() -> None:
    with pytest.raises(EvidenceAltered):
        open_permit(Vault(Keys.generate()), Secret, sealed(), at=NOW)


@given(st.text())
def test_anything_else_is_no_permit(text: str) -> None:
    with pytest.raises(EvidenceAltered):
        open_permit(VAULT, Secret, text, at=NOW)


def test_no_letter_may_change() -> None:
    permit = sealed()
    for place in range(len(permit) - 1):  # the last one may hold bits that mean nothing
        letter = "A" if permit[place] != "A" else "B"
        with pytest.raises(EvidenceAltered):
            open_permit(VAULT, Secret, permit[:place] + letter + permit[place + 1 :], at=NOW)
