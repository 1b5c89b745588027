"""What the checks work with: a counter API under test, and a client that may call it."""

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx2
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from emask.partners.logistics.conformance.bench import Failed, NotTried, Outcome

__all__ = ["Bench", "Failed", "Finding", "NotTried", "Outcome", "Subject", "is_problem", "need"]

TOKEN: Final = "/api/v1/token"  # noqa: S105 - an address
COUNTER: Final = "/api/v1/counter"
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_PROBLEM: Final = "application/problem+json"
_MEMBERS: Final = ("type", "title", "status", "detail", "code", "data", "next")

Key = ECKey | OKPKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found; `reason` is empty if it passed."""

    check: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A counter API under test.

    Args:
        http: what it is called with; its base_url is the origin.
        client_id: a client that it knows.
        key: the client's private key, with its kid.
        buyer: the ID number of a made-up person who may buy adult masks now; without one, no sale
            is tried.
    """

    http: httpx2.AsyncClient
    client_id: str
    key: Key
    buyer: str | None = None

    def assertion(self, key: Key | None = None, **changed: object) -> str:
        """A proof for one use; what is changed to None is left out."""
        now, signer = int(time.time()), key or self.key
        claims: dict[str, Any] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": str(self.http.base_url.join(TOKEN)),
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid4()),
        } | changed
        said = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": _algorithm(signer), "kid": str(self.key.kid)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA's name alone
            return jwt.encode(header, said, signer, algorithms=[header["alg"]])


@dataclass
class Bench:
    """The subject while it is being tried; `token` and `sale` are what earlier checks got."""

    subject: Subject
    token: str = ""
    sale: dict[str, Any] = field(default_factory=dict)

    async def ask_token(self, **changed: str) -> httpx2.Response:
        """What the token endpoint answers to a good form, with some of it changed."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": self.subject.assertion(),
        } | changed
        return await self._sent("POST", TOKEN, data=form)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        language: str = "en",
        more: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """What the counter answers to the client; `key` goes as it is into Idempotency-Key."""
        if not self.token:
            raise NotTried("there is no token")
        headers = {"authorization": f"Bearer {self.token}", "accept-language": language}
        if key is not None:
            headers["idempotency-key"] = key
        return await self._sent(
            method, COUNTER + path, json=body, headers=headers | dict(more or {})
        )

    async def bare(self, method: str, path: str, headers: Mapping[str, str]) -> httpx2.Response:
        """What the counter answers to whoever sends these headers."""
        return await self._sent(method, COUNTER + path, headers=dict(headers))

    async def pieces(self, product: str = "adult_mask") -> int:
        """What is left in stock. Raises Failed."""
        answer = need(await self.call("GET", "/stock"), 200)
        lines = {line["product"]: line["pieces"] for line in answer.json()["stock"]}
        pieces: int = lines[product]
        return pieces

    def asked(self, product: str = "adult_mask") -> dict[str, str]:
        """What is asked about the buyer. Raises NotTried."""
        if self.subject.buyer is None:
            raise NotTried("no --buyer is given")
        return {"id_number": self.subject.buyer, "product": product}

    def sold(self) -> dict[str, Any]:
        """The sale that an earlier check has made. Raises NotTried."""
        if not self.sale:
            raise NotTried("nothing was sold")
        return self.sale

    async def _sent(self, method: str, path: str, **what: Any) -> httpx2.Response:
        try:
            return await self.subject.http.request(method, path, **what)
        except httpx2.HTTPError as error:
            raise Failed(f"{path} is not answered: {type(error).__name__}") from None


def need(answer: httpx2.Response, status: int) -> httpx2.Response:
    """The answer, if it has this status. Raises Failed, which tells nothing personal."""
    if answer.status_code != status:
        path = answer.request.url.path
        raise Failed(f"{path} answers {answer.status_code}{_code(answer)}, not {status}")
    return answer


def is_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of an answer. Raises Failed."""
    need(answer, status)
    if answer.headers.get("content-type") != _PROBLEM:
        raise Failed(f"a problem is no {_PROBLEM}")
    document: dict[str, Any] = answer.json()
    if missing := [name for name in _MEMBERS if name not in document]:
        raise Failed(f"a problem has no {', '.join(missing)}")
    if document["code"] != code:
        raise Failed(f"the code is {document['code']}, not {code}")
    if document["status"] != status or document["type"] != f"urn:emask:problem:{code}":
        raise Failed("status or type of a problem are another one's")
    return document


def _code(answer: httpx2.Response) -> str:
    if answer.headers.get("content-type") != _PROBLEM:
        return ""
    return f" ({answer.json().get('code')})"


def _algorithm(key: Key) -> str:
    return "ES256" if isinstance(key, ECKey) else "EdDSA"
