"""A pharmacy's own software: its key, its assertions, and people who come to its counter."""

import json
import time
import warnings
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey

from emask.counter.clients import NewClient, add_client, read_public_keys
from emask.identity.model import NewPerson
from emask.identity.registry import add_people
from emask.programme.system import System
from emask.rules.people import make_national_id
from emask.web.api.tokens import ASSERTION, GRANT, TOKEN_PATH
from emask.web.demo.stage import PHARMACY

CLIENT = "happy-pharmacy"
COUNTER = "/api/v1/counter"
_SERIALS = count(5_000_000)

Claims = dict[str, Any]


@dataclass(slots=True)
class Software:
    """What runs at the pharmacy of the demo; `alg` is what it signs with."""

    origin: str
    client_id: str = CLIENT
    key: ECKey | OKPKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
    )
    alg: str = "ES256"

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def claims(self, **changed: Any) -> Claims:
        """What a good assertion says, with some of it changed; None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": f"{self.origin}{TOKEN_PATH}",
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid4()),
        } | changed
        return {name: value for name, value in claims.items() if value is not None}

    def sign(self, claims: Claims, **header: str) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            named = {"alg": self.alg, "kid": str(self.key.kid)} | header
            return jwt.encode(named, claims, self.key, algorithms=[self.alg])

    def form(self, assertion: str | None = None, **changed: str) -> dict[str, str]:
        """What is sent to the token endpoint."""
        return {
            "grant_type": GRANT,
            "client_assertion_type": ASSERTION,
            "client_assertion": assertion or self.sign(self.claims()),
        } | changed


async def hire(system: System, software: Software) -> None:
    """Let the software act for the pharmacy."""
    jwks = read_public_keys(json.dumps(software.jwks))
    new = NewClient(
        client_id=software.client_id, site_code=PHARMACY.site_code, name="櫃台", jwks=jwks
    )
    await add_client(system.db, system.clock, new, by="operator")


async def somebody(system: System, *, born: date = date(1983, 7, 15), digit: int = 2) -> str:
    """The ID number of a person with a card; even ones buy on the day that the demo begins."""
    serial = next(_SERIALS)
    person = NewPerson(
        id_number=make_national_id(serial, last_digit=digit),
        name="陳大文",
        birth_date=born,
        mobile="0912345678",
        nhi_card=f"{serial:012}",
        household_number="F1234567",
    )
    await add_people(system.db, system.vault, [person])
    return person.id_number
