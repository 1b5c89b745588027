"""The token endpoint: who is a client, who is not, and that each proof counts once."""

import asyncio
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey

from emask.counter import clients_queries
from emask.counter.clients import end_client, rotate_keys
from emask.programme.system import System
from emask.web.api.tokens import TOKEN_PATH
from emask.web.demo.stage import PHARMACY
from web.api_caller import ApiCaller
from web.pharmacy import CLIENT, COUNTER, Claims, Software, hire


@pytest.fixture
async def software(system: System) -> Software:
    software = Software(system.site.origin)
    await hire(system, software)
    return software


async def ask(api: ApiCaller, form: dict[str, str]) -> httpx.Response:
    answer = await api.client.post(TOKEN_PATH, data=form)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["ratelimit-policy"] == '"address";q=120;w=60'
    return answer


def error(answer: httpx.Response) -> tuple[int, str]:
    told = answer.json()
    assert told["error_description"].isascii()
    return answer.status_code, told["error"]


async def test_a_token_opens_the_counter_of_the_clients_site(
    api: ApiCaller, software: Software
) -> None:
    told = (await ask(api, software.form())).json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "counter")
    api.headers = {"authorization": f"Bearer {told['access_token']}"}
    stock = await api.get(f"{COUNTER}/stock")
    assert stock.json()["site_code"] == PHARMACY.site_code


@pytest.mark.parametrize("alg", ["EdDSA", "Ed25519"])
async def test_ed25519_goes_by_either_name(api: ApiCaller, system: System, alg: str) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
    software = Software(system.site.origin, key=key, alg=alg)
    await hire(system, software)
    assert (await ask(api, software.form())).status_code == 200


async def test_the_origin_is_an_audience_too(api: ApiCaller, software: Software) -> None:
    for audience in (software.origin, [f"{software.origin}{TOKEN_PATH}"]):
        form = software.form(software.sign(software.claims(aud=audience)))
        assert (await ask(api, form)).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "nobody"},
        {"sub": "nobody"},
        {"iss": "nobody", "sub": "nobody"},
        {"aud": "https://elsewhere.example/api/v1/token"},
        {"aud": None},
        {"aud": []},
        {"aud": ["https://elsewhere.example", "http://mask.example"]},
        {"exp": 1},
        {"exp": None},
        {"exp": 9_999_999_999},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": True},
        {"iat": 9_999_999_999},
        {"iat": 1},
        {"iat": None},
        {"nbf": 9_999_999_999},
        {"jti": None},
        {"jti": "short"},
        {"jti": 12345678},
        {"jti": "j" * 201},
    ],
    ids=str,
)
async def test_whatever_is_wrong_with_an_assertion_it_proves_nothing(
    api: ApiCaller, software: Software, changed: Claims
) -> None:
    form = software.form(software.sign(software.claims(**changed)))
    refused = await ask(api, form)
    assert error(refused) == (401, "invalid_client")
    assert refused.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("assertion", ["x", "a.b.c", "é", "x" * 5000, "e30.e30.", "..", "\0"])
async def test_what_is_no_assertion_proves_nothing(
    api: ApiCaller, software: Software, assertion: str
) -> None:
    refused = await ask(api, software.form(assertion))
    assert refused.status_code in (401, 413)


async def test_another_key_or_none_proves_nothing(api: ApiCaller, software: Software) -> None:
    stranger = Software(software.origin)
    assert error(await ask(api, stranger.form())) == (401, "invalid_client")
    for header in ({"kid": "two"}, {"jku": "https://elsewhere.example/keys"}):
        form = software.form(software.sign(software.claims(), **header))
        if "kid" in header:
            assert error(await ask(api, form)) == (401, "invalid_client")
    unsigned = software.sign(software.claims()).rpartition(".")[0] + "."
    assert error(await ask(api, software.form(unsigned))) == (401, "invalid_client")


async def test_a_public_key_is_no_shared_secret(api: ApiCaller, software: Software) -> None:
    point = str(software.key.as_dict(private=False)["x"])
    secret = OctKey.import_key(point)
    forged = jwt.encode({"alg": "HS256", "kid": "one"}, software.claims(), secret)
    assert error(await ask(api, software.form(forged))) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_request"),
        ({"client_assertion_type": "urn:x"}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
async def test_what_cannot_be_asked_for_is_said(
    api: ApiCaller, software: Software, changed: dict[str, str], code: str
) -> None:
    assert error(await ask(api, software.form() | changed)) == (400, code)


async def test_forms_are_read_strictly(api: ApiCaller, software: Software) -> None:
    form = software.form()
    for content, kind in (
        (b"grant_type=%ff", "application/x-www-form-urlencoded"),
        (b"grant_type=a&grant_type=a", "application/x-www-form-urlencoded"),
        (b"\xff", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ):
        answer = await api.client.post(TOKEN_PATH, content=content, headers={"content-type": kind})
        assert error(answer) == (400, "invalid_request")
    wrong = await ask(api, form | {"client_id": "another"})
    assert error(wrong) == (401, "invalid_client")
    right = await ask(api, software.form(client_id=CLIENT, scope="counter"))
    assert right.status_code == 200


async def test_each_assertion_counts_once(api: ApiCaller, software: Software) -> None:
    form = software.form()
    assert (await ask(api, form)).status_code == 200
    assert error(await ask(api, form)) == (401, "invalid_client")


async def both(api: ApiCaller, form: dict[str, str]) -> list[int]:
    answers = await asyncio.gather(ask(api, form), ask(api, form))
    return sorted(each.status_code for each in answers)


async def test_sent_twice_at_once_it_counts_once(api: ApiCaller, software: Software) -> None:
    assert await both(api, software.form()) == [200, 401]


async def test_without_the_key_of_used_ones_it_counts_twice(
    api: ApiCaller, software: Software, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with system.db.transaction() as tx:
        await tx.execute(
            "ALTER TABLE api_client_assertion DROP CONSTRAINT api_client_assertion_pkey"
        )
    unguarded = clients_queries.USE_ASSERTION.replace(" ON CONFLICT DO NOTHING", "")
    monkeypatch.setattr(clients_queries, "USE_ASSERTION", unguarded)
    assert await both(api, software.form()) == [200, 200]


async def test_keys_rotate_with_both_in_force_between(
    api: ApiCaller, software: Software, system: System
) -> None:
    new = Software(software.origin, key=ECKey.generate_key("P-256", {"kid": "two", "use": "sig"}))
    both_keys: dict[str, Any] = {"keys": software.jwks["keys"] + new.jwks["keys"]}

    async def known(who: Software) -> bool:
        return (await ask(api, who.form())).status_code == 200

    assert (await known(software), await known(new)) == (True, False)
    await rotate_keys(system.db, system.clock, client_id=CLIENT, jwks=both_keys, by="operator")
    assert (await known(software), await known(new)) == (True, True)
    await rotate_keys(system.db, system.clock, client_id=CLIENT, jwks=new.jwks, by="operator")
    assert (await known(software), await known(new)) == (False, True)
    await end_client(system.db, system.clock, client_id=CLIENT, by="operator")
    assert await known(new) is False
