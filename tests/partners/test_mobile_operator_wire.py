"""What goes over the wire to the operator, and what is never in an address, a log or an error."""

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from joserfc import jwt

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.decisions import check_line
from emask.partners.mobile_operator import CamaraOperator, OperatorConfig
from emask.rules.refusals import NotOnMobileNetwork, Refusal
from emask.sandbox.mischief import Mischief
from emask.sandbox.operator import Network, create_operator, go_through
from emask.sandbox.operator.clients import CLIENT_ID
from emask.sandbox.wire import Application, Wire
from partners.mobile import BASE, BORN, NUMBER, OWNER, REDIRECT, Mobile, departure, subscriber

DATA = ("/number-verification/v2/verify", "/kyc-tenure/v0.2/check-tenure", "/kyc-match/v0.4/match")
PERSONAL = (OWNER, NUMBER, NUMBER[1:], BORN.isoformat())


@pytest.fixture
async def mobile(db: Database, clock: SetClock, keys: Keys) -> Mobile:
    return await Mobile.stand(db, clock, keys)


async def test_the_phone_goes_with_pkce_state_nonce_and_one_purpose(mobile: Mobile) -> None:
    url = urlsplit(await mobile.adapter.authorisation_url(departure()))
    asked = {name: values[0] for name, values in parse_qs(url.query).items()}
    challenge = asked.pop("code_challenge")
    assert len(challenge) == 43
    assert f"{url.scheme}://{url.netloc}{url.path}" == f"{BASE}/authorize"
    assert asked == {
        "response_type": "code",
        "client_id": "emask",
        "redirect_uri": REDIRECT,
        "scope": "openid dpv:FraudPreventionAndDetection number-verification:verify",
        "prompt": "none",
        "state": "state-a",
        "nonce": "nonce-a",
        "code_challenge_method": "S256",
    }


async def test_the_calls_of_one_phone_in_their_order_with_one_correlation_id(
    mobile: Mobile,
) -> None:
    await mobile.check()
    directory = "/.well-known/openid-configuration"
    verify, *owner = DATA
    assert mobile.between.paths == [directory, "/token", "/jwks", verify, "/token", *owner]
    of_phone = {request.headers["x-correlator"] for request in mobile.between.sent[1:]}
    assert len(of_phone) == 1
    assert re.fullmatch(r"[a-zA-Z0-9-_:;./<>{}]{1,256}", of_phone.pop())
    await mobile.check()
    assert mobile.between.paths.count(directory) == 1


async def test_nothing_personal_is_in_an_address(mobile: Mobile) -> None:
    await mobile.check()
    said = " ".join(str(request.url) for request in mobile.between.sent)
    said += await mobile.adapter.authorisation_url(departure())
    assert not [each for each in PERSONAL if each in said]


async def test_we_prove_who_we_are_briefly_once_and_by_the_callers_clock(
    mobile: Mobile, opening: datetime
) -> None:
    await mobile.check()
    forms = [
        {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        for request in mobile.between.sent
        if request.url.path.endswith("/token")
    ]
    assert [form["grant_type"] for form in forms] == ["authorization_code", "client_credentials"]
    proofs = [
        jwt.decode(form["client_assertion"], mobile.keys.client, algorithms=["ES256"]).claims
        for form in forms
    ]
    for proof in proofs:
        assert (proof["iss"], proof["sub"]) == ("emask", "emask")
        assert proof["aud"] == f"{BASE}/token"
        assert proof["iat"] == int(opening.timestamp())
        assert 0 < proof["exp"] - proof["iat"] <= 300
    assert len({proof["jti"] for proof in proofs}) == 2
    assert sum(each.startswith("dpv:") for each in forms[1]["scope"].split()) == 1


@pytest.mark.parametrize("kind", ["down", "missing", "wrong_audience", "tethering"])
async def test_nothing_personal_is_in_a_log_or_an_error(
    mobile: Mobile, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    departed = departure()
    returned = await mobile.go(departed)
    detail = {"fields": ["tenureDateCheck"], "late": True}
    await mobile.mischief.begin("operator", kind, detail)
    with caplog.at_level(logging.DEBUG), pytest.raises(Refusal) as refused:
        await mobile.check(returned=returned, departed=departed)
    said = f"{refused.value!r} {refused.value} {caplog.text}"
    secrets = (*PERSONAL, returned.code, departed.code_verifier)
    assert not [each for each in secrets if each in said]


async def test_the_operators_code_and_the_call_are_told_to_whoever_runs_the_service(
    mobile: Mobile, caplog: pytest.LogCaptureFixture
) -> None:
    mobile.between.whole["/kyc-match/v0.4/match"] = httpx2.Response(
        403, json={"status": 403, "code": "PERMISSION_DENIED", "message": NUMBER}
    )
    with pytest.raises(Refusal):
        await mobile.check()
    correlator = mobile.between.sent[-1].headers["x-correlator"]
    told = f"/kyc-match/v0.4/match (x-correlator {correlator}): 403 PERMISSION_DENIED"
    assert [told in record.message for record in caplog.records] == [True]
    assert NUMBER not in caplog.text


async def test_over_a_real_socket_the_source_address_decides(
    mobile: Mobile, db: Database, clock: SetClock, keys: Keys
) -> None:
    await mobile.lines.attach("127.0.0.2", mobile=NUMBER, network=Network.MOBILE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    base = f"http://127.0.0.1:{port}/operator"
    operator = create_operator(
        base,
        clock=clock,
        db=db,
        client_keys=mobile.keys.published(),
        redirect_uris=(REDIRECT,),
        mischief=Mischief(db),
        keys=keys,
    )
    async with serving(Wire({"/operator": operator}), port), httpx2.AsyncClient() as client:
        config = OperatorConfig(issuer=base, client_id=CLIENT_ID)
        adapter = CamaraOperator(config, client, mobile.keys.client)

        async def check(address: str, headers: dict[str, str]) -> None:
            departed = departure()
            url = await adapter.authorisation_url(departed)
            transport = httpx2.AsyncHTTPTransport(local_address=address)
            async with httpx2.AsyncClient(transport=transport, headers=headers) as phone:
                _, returned = await go_through(phone, url)
            now = await clock.now()
            check_line(
                await adapter.line(returned, departure=departed, subscriber=subscriber(), at=now)
            )

        await check("127.0.0.2", {})
        with pytest.raises(NotOnMobileNetwork):
            await check("127.0.0.1", {"x-forwarded-for": "127.0.0.2", "forwarded": "for=127.0.0.2"})


@asynccontextmanager
async def serving(application: Application, port: int) -> AsyncIterator[None]:
    server = Server(application, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    running = asyncio.create_task(server.serve())
    try:
        await answering(port)
        yield
    finally:
        stop: Any = server.stop  # has no annotations
        stop()
        await running


async def answering(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise TimeoutError(f"nothing answers on port {port}")
