"""Sealed personal data and keyed digests."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from emask.database.vault import Keys, SealBroken, Vault

KEYS = Keys.generate()
VAULT = Vault(KEYS)
PERSON = UUID(int=1)
# What PostgreSQL and people can write; a lone surrogate is no text.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KINDS = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1)


@given(text=TEXTS, person_id=st.uuids(), field=KINDS)
def test_what_was_sealed_opens_for_the_same_person_and_field(
    text: str, person_id: UUID, field: str
) -> None:
    sealed = VAULT.seal(text, person_id=person_id, field=field)
    assert VAULT.open(sealed, person_id=person_id, field=field) == text


@given(text=TEXTS, other=st.uuids())
def test_it_opens_for_nobody_else(text: str, other: UUID) -> None:
    assume(other != PERSON)
    sealed = VAULT.seal(text, person_id=PERSON, field="name")
    with pytest.raises(SealBroken):
        VAULT.open(sealed, person_id=other, field="name")


@given(text=TEXTS, other=KINDS)
def test_it_opens_for_no_other_field(text: str, other: str) -> None:
    assume(other != "name")
    sealed = VAULT.seal(text, person_id=PERSON, field="name")
    with pytest.raises(SealBroken):
        VAULT.open(sealed, person_id=PERSON, field=other)


@given(text=TEXTS, data=st.data())
def test_any_changed_byte_breaks_the_seal(text: str, data: st.DataObject) -> None:
    sealed = bytearray(VAULT.seal(text, person_id=PERSON, field="name"))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        VAULT.open(bytes(sealed), person_id=PERSON, field="name")


@given(cut=st.integers(0, 29))
def test_what_is_cut_short_breaks_the_seal(cut: int) -> None:
    sealed = VAULT.seal("王小明", person_id=PERSON, field="name")
    with pytest.raises(SealBroken):
        VAULT.open(sealed[:cut], person_id=PERSON, field="name")


def test_another_key_opens_nothing() -> None:
    sealed = VAULT.seal("王小明", person_id=PERSON, field="name")
    with pytest.raises(SealBroken):
        Vault(Keys.generate()).open(sealed, person_id=PERSON, field="name")


def test_sealing_twice_looks_different_and_hides_the_text() -> None:
    sealed = {VAULT.seal("A123456789", person_id=PERSON, field="id") for _ in range(20)}
    assert len(sealed) == 20
    assert not [each for each in sealed if b"A123456789" in each]


@given(one=st.tuples(KINDS, TEXTS), other=st.tuples(KINDS, TEXTS))
def test_different_kinds_or_values_have_different_digests(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (VAULT.digest(*one) == VAULT.digest(*other)) == (one == other)
    assert len(VAULT.digest(*one)) == 32


def test_a_person_id_follows_from_id_number_and_key_alone() -> None:
    person_id = VAULT.person_id("A123456789")
    assert person_id == Vault(KEYS).person_id("A123456789")
    assert person_id != VAULT.person_id("A123456780")
    assert person_id != Vault(Keys.generate()).person_id("A123456789")
    assert person_id != uuid4()


def test_keys_are_made_once_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "keys.json"
    made = Keys.read_or_create(path)
    assert Keys.read_or_create(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({made.identity, made.data, made.session}) == 3
    assert {len(key) for key in (made.identity, made.data, made.session)} == {32}


def test_processes_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    with ThreadPoolExecutor(16) as threads:
        read = list(threads.map(lambda _: Keys.read_or_create(path), range(64)))
    assert set(read) == {read[0]}
