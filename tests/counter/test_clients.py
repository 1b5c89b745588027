"""Clients of pharmacies: which keys they may be known by, and that what they did stays theirs."""

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey, RSAKey

from delivery.world import PHARMACY, World
from emask.counter.clients import (
    MOST_KEYS,
    BadClientId,
    ClientExists,
    KeysRejected,
    NewClient,
    UnknownClient,
    add_client,
    all_clients,
    end_client,
    read_public_keys,
    rotate_keys,
)
from emask.counter.clients_calls import KEPT_FOR, BadKey, Call, forget_calls, once, read_key
from emask.counter.clients_queries import Told
from emask.counter.model import UnknownSite
from emask.rules.refusals import CardUnknown, Refusal

EC = ECKey.generate_key("P-256", {"kid": "one"})
ED = OKPKey.generate_key("Ed25519", {"kid": "two"})


def jwks(*keys: Any, private: bool = False) -> str:
    return json.dumps(KeySet(list(keys)).as_dict(private=private))


def client(client_id: str = "happy", site: str = PHARMACY) -> NewClient:
    keys = read_public_keys(jwks(EC))
    return NewClient(client_id=client_id, site_code=site, name="幸福藥局櫃台", jwks=keys)


def test_two_kinds_of_keys_are_kept_without_what_else_is_said() -> None:
    kept = read_public_keys(jwks(EC, ED))["keys"]
    assert [key["kid"] for key in kept] == ["one", "two"]
    assert {key["use"] for key in kept} == {"sig"}
    assert not [key for key in kept if "d" in key]


NO_KEYS = [
    *("", "[]", "{}", '{"keys": 1}', '{"keys": []}', '{"keys": [1]}', '{"keys": [{}]}'),
    jwks(EC, private=True),
    jwks(EC, EC),
    jwks(RSAKey.generate_key(2048, {"kid": "rsa"})),
    jwks(ECKey.generate_key("P-384", {"kid": "other"})),
    jwks(OKPKey.generate_key("X25519", {"kid": "other"})),
    json.dumps({"keys": [OctKey.generate_key(256, {"kid": "s"}).as_dict()]}),
    json.dumps({"keys": [EC.as_dict(private=False) | {"kid": "a b"}]}),
    json.dumps({"keys": [EC.as_dict(private=False) | {"use": "enc"}]}),
    json.dumps({"keys": [EC.as_dict(private=False) | {"x": "AA"}]}),
    json.dumps({"keys": [ED.as_dict(private=False) | {"x": "AA"}]}),
    json.dumps({"keys": [ED.as_dict(private=False) | {"kid": str(n)} for n in range(11)]}),
]


# Some are new in every process, and each must name its tests alike.
@pytest.mark.parametrize("text", NO_KEYS, ids=[str(number) for number in range(len(NO_KEYS))])
def test_no_other_keys_are_taken(text: str) -> None:
    assert MOST_KEYS == 10
    with pytest.raises(KeysRejected):
        read_public_keys(text)


async def test_an_id_is_given_once_and_to_sites_that_there_are(world: World) -> None:
    await add_client(world.db, world.clock, client(), by="operator")
    await end_client(world.db, world.clock, client_id="happy", by="operator")
    with pytest.raises(ClientExists):
        await add_client(world.db, world.clock, client(), by="operator")
    with pytest.raises(UnknownSite):
        await add_client(world.db, world.clock, client("other", "9999999999"), by="operator")
    for bad in ("", "ab", "-abc", "Abc", "a b c", "a" * 64):
        with pytest.raises(BadClientId):
            await add_client(world.db, world.clock, client(bad), by="operator")
    async with world.db.transaction() as tx:
        assert [(each.client_id, bool(each.ended_at)) for each in await all_clients(tx)] == [
            ("happy", True)
        ]


async def test_who_has_ended_has_no_keys_to_change(world: World) -> None:
    await add_client(world.db, world.clock, client(), by="operator")
    await end_client(world.db, world.clock, client_id="happy", by="operator")
    for name in ("happy", "never"):
        with pytest.raises(UnknownClient):
            await rotate_keys(
                world.db, world.clock, client_id=name, jwks=client().jwks, by="operator"
            )
        with pytest.raises(UnknownClient):
            await end_client(world.db, world.clock, client_id=name, by="operator")
    acts = "SELECT string_agg(act, ' ' ORDER BY seq) FROM audit_log"
    assert await world.value(acts) == "add_api_client end_api_client"


def test_a_key_is_the_same_quoted_or_not() -> None:
    assert read_key(' "a-b" ') == read_key("a-b") == "a-b"
    assert read_key('"a b"') == "a b"
    for bad in ("", '""', '"a', 'a"', '"a"b"', "a b", "\x7f", "é", "a" * 201, '"a\\"b"'):
        with pytest.raises(BadKey):
            read_key(bad)


async def test_answers_are_kept_for_a_week(world: World) -> None:
    await add_client(world.db, world.clock, client(), by="operator")
    now, told = await world.clock.now(), Told(status=201, media_type="", language="", body=b"1")
    call = Call(client_id="happy", key="one", fingerprint=b"1", at=now)

    async def effect(tx: object) -> Told:
        return told

    async def refused(tx: object) -> Told:
        raise CardUnknown

    async def worded(tx: object, refusal: Refusal) -> Told:
        return Told(status=refusal.status, media_type="", language="", body=refusal.code.encode())

    for each in (effect, refused):
        assert await once(world.db, call, each, refused=worded) == told
    for later, forgotten in ((KEPT_FOR, 0), (KEPT_FOR + timedelta(seconds=1), 1)):
        async with world.db.transaction() as tx:
            assert await forget_calls(tx, at=now + later) == forgotten
    assert (await once(world.db, call, refused, refused=worded)).body == b"card_unknown"
