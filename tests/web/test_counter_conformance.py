"""The kit against the application itself, and against doubles that are wrong in one thing each."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import OKPKey
from typer.testing import CliRunner

from emask.cli.main import app
from emask.partners.pharmacies.conformance import CHECKS, Finding, Subject, check_counter
from emask.partners.pharmacies.conformance.bench import Outcome
from emask.programme.system import System
from emask.web.app import create_app
from web.pharmacy import Software, hire, somebody

Wrong = Callable[[httpx2.Request, httpx2.Response], httpx2.Response]


class Double(httpx2.AsyncBaseTransport):
    """The application, with its answers spoilt."""

    def __init__(self, system: System) -> None:
        self._application = httpx2.ASGITransport(create_app(system))
        self.spoil: Wrong = lambda _, answer: answer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._application.handle_async_request(request)
        await answer.aread()
        return self.spoil(request, answer)


@pytest.fixture
def double(system: System) -> Double:
    return Double(system)


@pytest.fixture
async def subject(system: System, double: Double) -> AsyncIterator[Subject]:
    software = Software(system.site.origin)
    await hire(system, software)
    async with httpx2.AsyncClient(transport=double, base_url=system.site.origin) as http:
        yield Subject(
            http=http,
            client_id=software.client_id,
            key=software.key,
            buyer=await somebody(system),
        )


def failed(findings: list[Finding]) -> list[str]:
    return [each.check for each in findings if each.outcome is Outcome.FAILED]


async def test_the_application_passes_every_check_and_stays_as_it_was(
    subject: Subject, system: System
) -> None:
    for _ in range(2):
        findings = await check_counter(subject)
        assert [(each.check, each.reason) for each in findings if each.reason] == []
        assert len(findings) == len(CHECKS)
    async with system.db.connection() as tx:
        standing = await tx.execute("SELECT FROM counter_sale WHERE undone_at IS NULL")
        assert standing.rowcount == 0


async def test_ed25519_passes_too(system: System, double: Double) -> None:
    key = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
    software = Software(system.site.origin, key=key, alg="EdDSA")
    await hire(system, software)
    async with httpx2.AsyncClient(transport=double, base_url=system.site.origin) as http:
        findings = await check_counter(Subject(http=http, client_id=software.client_id, key=key))
    assert failed(findings) == []
    untried = [each.check for each in findings if each.outcome is Outcome.NOT_TRIED]
    assert untried == [
        *("says who may buy", "sells once for a key", "refuses by the rules"),
        *("lists todays sales", "undoes a sale"),
    ]


def without(name: str) -> Wrong:
    def spoil(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        headers = {key: value for key, value in answer.headers.items() if key != name}
        return httpx2.Response(answer.status_code, headers=headers, content=answer.content)

    return spoil


def as_if(status: int, told: int) -> Wrong:
    def spoil(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        code = told if answer.status_code == status else answer.status_code
        return httpx2.Response(code, headers=answer.headers, content=answer.content)

    return spoil


def instead(old: bytes, new: bytes) -> Wrong:
    def spoil(_: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
        headers = {key: it for key, it in answer.headers.items() if key != "content-length"}
        body = answer.content.replace(old, new)
        return httpx2.Response(answer.status_code, headers=headers, content=body)

    return spoil


def telling_the_number(request: httpx2.Request, answer: httpx2.Response) -> httpx2.Response:
    if request.url.path.endswith(("/sales", "/eligibility")) and answer.is_success:
        return instead(b"{", request.content[:40] + b"{")(request, answer)
    return answer


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (as_if(200, 201), "gives a token"),
        (instead(b'"expires_in":600', b'"expires_in":86400'), "gives a token"),
        (instead(b"invalid_client", b"server_error"), "takes a proof once"),
        (instead(b"invalid_client", b"server_error"), "believes no bad proof"),
        (instead(b"unsupported_grant_type", b"invalid_grant"), "grants nothing else"),
        (without("www-authenticate"), "asks who calls"),
        (without("content-language"), "tells problems in two languages"),
        (without("ratelimit"), "tells what is left"),
        (as_if(400, 422), "reads strictly"),
        (instead(b"idempotency_key_needed", b"no_key"), "needs a key"),
        (instead(b'"birth_year":1983', b'"birth_year":null'), "says who may buy"),
        (telling_the_number, "sells once for a key"),
        (instead(b"idempotency_key_used", b"used"), "sells once for a key"),
        (instead(b"interval_not_over", b"no"), "refuses by the rules"),
        (instead(b'"adult_mask"', b'"mask"'), "lists todays sales"),
        (as_if(200, 204), "undoes a sale"),
        (as_if(404, 400), "undoes its own alone"),
        (without("etag"), "tells stock that changed"),
        (as_if(304, 200), "tells stock that changed"),
        (as_if(201, 200), "enters stock once for a key"),
        (instead(b"{", b"<"), "enters stock once for a key"),
    ],
)
async def test_what_is_wrong_is_found(
    subject: Subject, double: Double, spoil: Wrong, check: str
) -> None:
    double.spoil = spoil
    findings = {each.check: each for each in await check_counter(subject)}
    assert findings[check].outcome is not Outcome.PASSED
    assert failed(list(findings.values()))
    told = " ".join(each.reason for each in findings.values())
    assert subject.buyer is not None
    assert subject.buyer not in told


def test_the_command_says_what_failed_where_nobody_answers(tmp_path: Path) -> None:
    software = Software("http://127.0.0.1:9")
    key = tmp_path / "key.json"
    key.write_text(json.dumps(software.key.as_dict(private=True)))
    where = ["conform", "counter", software.origin, "--client-id", "happy", "--key", str(key)]
    result = CliRunner().invoke(app, where)
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == len(CHECKS)
    for useless in (json.dumps(software.key.as_dict(private=False)), "{}", "[]", "", '"EC"'):
        key.write_text(useless)
        assert CliRunner().invoke(app, where).exit_code == 2
