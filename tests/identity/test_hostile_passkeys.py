"""Whatever comes in a phone's name: a refusal, and never a fault of ours."""

import json
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webauthn.helpers import base64url_to_bytes

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity import device_queries
from emask.identity.passkeys import UnlockedPhone, verified_creation, verified_unlock
from emask.rules.refusals import Refusal
from identity.phones import MEI, Phones, phones_over, response, with_response

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = ("clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle")


@st.composite
def mutations(draw: st.DrawFn, answer: str) -> str:
    """A good answer with one part exchanged or some bytes of one field disturbed."""
    told = json.loads(answer)
    place = draw(st.sampled_from([told, told["response"]]))
    name = draw(st.sampled_from([*place, "authenticatorAttachment", "transports", "userHandle"]))
    if name not in FIELDS or name not in place or draw(st.booleans()):
        place[name] = draw(JSON)
        return json.dumps(told)
    field = bytearray(response(answer, name))
    start = draw(st.integers(0, len(field)))
    field[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return with_response(answer, **{name: bytes(field)})


@pytest.fixture
async def phones(db: Database, clock: SetClock, keys: Keys, vault: Vault) -> Phones:
    return await phones_over(db, clock, keys, vault)


async def test_no_new_passkey_is_a_fault_of_ours(phones: Phones) -> None:
    answer = await phones.made(await phones.by_code(MEI))
    now, person_id = await phones.clock.now(), phones.id_of(MEI)

    @given(st.text() | JSON.map(json.dumps) | mutations(answer))
    def check(other: str) -> None:
        try:
            passkey = verified_creation(phones.identity, other, person_id=person_id, at=now)
        except Refusal:
            return
        assert len(passkey.credential_id) <= 1023

    check()


class Kept:
    """A transaction that finds one passkey, whoever asks; it never waits."""

    def __init__(self, kept: device_queries.KeptPasskey) -> None:
        self._kept = kept

    async def execute(self, *_: object) -> "Kept":
        return self

    async def fetchone(self) -> tuple[object, ...]:
        return self._kept.device_id, self._kept.public_key, self._kept.handset, self._kept.synced


async def test_no_unlock_is_a_fault_of_ours(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    answer = await phones.unlocked(MEI)
    now = await phones.clock.now()
    async with phones.db.transaction() as tx:
        credential_id = base64url_to_bytes(json.loads(answer)["rawId"])
        kept = await device_queries.passkey(tx, phones.id_of(MEI), credential_id)
    assert kept
    found: Any = Kept(kept)

    @given(st.text() | JSON.map(json.dumps) | mutations(answer))
    def check(other: str) -> None:
        if accepted(verified_unlock(found, phones.identity, other, handset=b"", at=now)):
            assert signed(other) == signed(answer)

    check()


def accepted(unlocking: Coroutine[Any, Any, UnlockedPhone]) -> bool:
    try:
        unlocking.send(None)
    except StopIteration:
        return True
    except Refusal:
        return False
    raise AssertionError("it waited")


def signed(answer: str) -> tuple[bytes, ...]:
    return response(answer, "authenticatorData"), response(answer, "clientDataJSON")
