"""An operator with one phone in use, the adapter that asks it, and what stands between them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import httpx2

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.decisions import check_line
from emask.identity.ports import Departure, LineFacts, Return, Subscriber
from emask.identity.site_keys import SiteKeys
from emask.partners.mobile_operator import CamaraOperator, OperatorConfig
from emask.sandbox import mischief, operator
from emask.sandbox.mischief import Mischief
from emask.sandbox.operator import Line, Network, Plan, SandboxLines, create_operator, go_through
from emask.sandbox.operator.clients import CLIENT_ID
from emask.sandbox.wire import Application, Wire, caller

BASE: Final = "http://127.0.0.1:8010/operator"
REDIRECT: Final = "http://127.0.0.1:8000/identify/mobile/return"
PHONE: Final = "fd00::1"
NUMBER: Final = "0912345678"
OWNER: Final = "A123456789"
BORN: Final = date(1980, 5, 17)

Change = Callable[[dict[str, Any]], dict[str, Any]]


class Between(httpx2.AsyncBaseTransport):
    """The way from the adapter to the operator: keeps what went by, changes answers by path."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner
        self.sent: list[httpx2.Request] = []
        self.bodies: dict[str, Change] = {}
        self.whole: dict[str, httpx2.Response] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent.append(request)
        path = request.url.path.removeprefix("/operator")
        if path in self.whole:
            return self.whole[path]
        answer = await self._inner.handle_async_request(request)
        if path not in self.bodies:
            return answer
        body = self.bodies[path](json.loads(await answer.aread()))
        return httpx2.Response(answer.status_code, json=body)

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/operator") for request in self.sent]


def departure(name: str = "a") -> Departure:
    return Departure(
        redirect_uri=REDIRECT,
        state=f"state-{name}",
        nonce=f"nonce-{name}",
        code_verifier=f"verifier-{name}" * 5,
    )


def subscriber(**changed: Any) -> Subscriber:
    return Subscriber(**{"mobile": NUMBER, "id_number": OWNER, "birth_date": BORN, **changed})


@dataclass(kw_only=True)
class Mobile:
    clock: Clock
    wire: Application
    lines: SandboxLines
    mischief: Mischief
    keys: SiteKeys
    between: Between
    adapter: CamaraOperator

    @classmethod
    async def stand(cls, db: Database, clock: Clock, keys: Keys) -> "Mobile":
        async with db.transaction() as tx:
            await tx.execute("CREATE SCHEMA IF NOT EXISTS sandbox")
            await tx.execute(mischief.TABLES)
            await tx.execute(operator.TABLES)
        faults, site_keys = Mischief(db), SiteKeys(keys)
        application = create_operator(
            BASE,
            clock=clock,
            db=db,
            client_keys=site_keys.published(),
            redirect_uris=(REDIRECT,),
            mischief=faults,
            keys=keys,
        )
        wire = Wire({"/operator": application})
        between = Between(httpx2.ASGITransport(wire, client=("198.51.100.7", 40_000)))
        mobile = cls(
            clock=clock,
            wire=wire,
            lines=SandboxLines(db),
            mischief=faults,
            keys=site_keys,
            between=between,
            adapter=adapter_through(between, site_keys),
        )
        await mobile.put(Plan.MONTHLY)
        await mobile.lines.attach(PHONE, mobile=NUMBER, network=Network.MOBILE)
        return mobile

    async def put(
        self, plan: Plan, *, owner: str = OWNER, mobile: str = NUMBER, in_service: bool = True
    ) -> None:
        await self.lines.put(
            Line(
                mobile=mobile,
                owner_id_number=owner,
                owner_birth_date=BORN,
                plan=plan,
                in_service=in_service,
            )
        )

    async def go(
        self,
        departed: Departure,
        *,
        address: str = PHONE,
        headers: dict[str, str] | None = None,
    ) -> Return:
        url = await self.adapter.authorisation_url(departed)
        async with caller(self.wire, address=address) as browser:
            browser.headers.update(headers or {})
            state, returned = await go_through(browser, url)
        assert state == departed.state
        return returned

    async def facts(
        self,
        returned: Return | None = None,
        *,
        departed: Departure | None = None,
        who: Subscriber | None = None,
        at: datetime | None = None,
    ) -> LineFacts:
        departed = departed or departure()
        return await self.adapter.line(
            returned or await self.go(departed),
            departure=departed,
            subscriber=who or subscriber(),
            at=at or await self.clock.now(),
        )

    async def check(self, **asked: Any) -> None:
        """The whole way and the decision: raises the refusal that the person sees."""
        check_line(await self.facts(**asked))


def adapter_through(
    transport: httpx2.AsyncBaseTransport,
    keys: SiteKeys,
    *,
    call_seconds: float = 3,
    total_seconds: float = 8,
) -> CamaraOperator:
    config = OperatorConfig(
        issuer=BASE,
        client_id=CLIENT_ID,
        call_seconds=call_seconds,
        total_seconds=total_seconds,
    )
    return CamaraOperator(config, httpx2.AsyncClient(transport=transport), keys.client)
