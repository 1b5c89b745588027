"""What others verify the site with."""

import httpx
from joserfc import jwt
from joserfc.jwk import KeySet

from emask.identity.site_tokens import AUDIENCE, Purpose
from emask.programme.system import System
from emask.web.demo.stage import CURTAIN


async def test_card_agents_find_the_key_and_the_time(
    client: httpx.AsyncClient, system: System
) -> None:
    answer = await client.get("/.well-known/emask-card-agent")
    assert answer.headers["cache-control"] == "max-age=60, public"
    told = answer.json()
    assert "set-cookie" not in answer.headers  # caches may keep it
    assert told["now"] == int(CURTAIN.timestamp())  # the demo's clock, not the machine's
    (key,) = told["keys"]
    assert "d" not in key
    token = system.identity.tokens.issue(Purpose.READ, now=CURTAIN)
    read = jwt.decode(token, KeySet.import_key_set({"keys": [key]}), algorithms=["Ed25519"])
    assert read.claims["iss"] == system.site.origin
    assert read.claims["aud"] == AUDIENCE


async def test_all_keys_are_published_without_their_secrets(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/jwks.json")
    keys = {key["kid"]: key for key in answer.json()["keys"]}
    assert set(keys) == {"agent-1", "client-1"}
    assert not any("d" in key for key in keys.values())
    assert "set-cookie" not in answer.headers
