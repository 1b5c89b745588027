"""The agent's doors: ``POST /card``, ``POST /signature``, ``POST /watch``. There is no other."""

import asyncio
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emask_card_agent.beside import beside
from emask_card_agent.guards import HEADER, HostGuard, OriginGuard, refusal
from emask_card_agent.problems import Code, Problem
from emask_card_agent.signer import SigningCertificate
from emask_card_agent.tokens import Purpose

_LONGEST_BODY: Final = 8192  # bytes; a token has some three hundred
_LOG: Final = logging.getLogger("emask_card_agent")


class Judge(Protocol):
    """Judges tokens."""

    async def accept(self, token: str, purpose: Purpose, *, origin: str) -> None:
        """Return if the site asks for it."""
        ...


class CertificateCard(Protocol):
    """The card that signs."""

    def find(self) -> SigningCertificate:
        """The certificate on it."""
        ...

    def sign(self, found: SigningCertificate, pin: str | None, content: bytes) -> bytes:
        """A signature by it."""
        ...


class PinWindow(Protocol):
    """Where the person types the PIN."""

    async def ask(self, site: str, *, last_try: bool) -> str:
        """What was typed."""
        ...


class CardAgent:
    """Answers requests, one at a time: there is one card and one person before it.

    Args:
        judge: judges the requests' tokens.
        read_record: reads the NHI card; blocks.
        wait_for_card: whether a card is there, once that is not what is known; blocks.
        signer: the certificate card; blocks.
        window: asks for the PIN.
    """

    def __init__(
        self,
        *,
        judge: Judge,
        read_record: Callable[[], bytes],
        wait_for_card: Callable[[bool], bool],
        signer: CertificateCard,
        window: PinWindow,
    ) -> None:
        self._judge = judge
        self._read_record = read_record
        self._wait_for_card = wait_for_card
        self._signer = signer
        self._window = window
        self._busy = asyncio.Lock()

    async def card(self, request: Request) -> Response:
        """Evidence of the NHI card in the reader."""
        return await self._answer(request, Purpose.READ, self._reading)

    async def signature(self, request: Request) -> Response:
        """Evidence of the certificate card: its signature over the token."""
        return await self._answer(request, Purpose.SIGN, self._signature)

    async def watch(self, request: Request) -> Response:
        """Whether a card is in a reader, as soon as that is not what the page knows."""
        return await self._answer(request, Purpose.WATCH, self._watching)

    async def _answer(
        self,
        request: Request,
        purpose: Purpose,
        make: Callable[[Request, dict[str, Any]], Awaitable[dict[str, Any]]],
    ) -> Response:
        try:
            asked = await _asked(request)
            await self._judge.accept(asked["token"], purpose, origin=request.headers["origin"])
            told = await make(request, asked)
        except Problem as problem:
            return _refused(problem)
        except asyncio.CancelledError:  # the agent ends: nobody else cancels requests
            return _refused(Problem(Code.UNREADABLE), "ended")
        except Exception as error:  # noqa: BLE001 - what it holds is not for the output
            return _refused(Problem(Code.UNREADABLE), type(error).__name__)
        return JSONResponse(told, headers={"Cache-Control": "no-store"})

    async def _reading(self, _request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        async with self._turn():
            record = await beside(self._read_record)
        read = {"token": asked["token"], "record": b64encode(record).decode()}
        return {"evidence": json.dumps(read)}

    async def _signature(self, request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        challenge = asked["token"].encode("ascii")
        async with self._turn():
            found = await beside(self._signer.find)
            pin = None if found.pin_pad else await self._pin(request, last_try=found.last_try)
            signed = await beside(lambda: self._signer.sign(found, pin, challenge))
        return {"evidence": b64encode(signed).decode()}

    async def _watching(self, _request: Request, asked: dict[str, Any]) -> dict[str, Any]:
        known = asked.get("card") is True
        return {"card": await beside(lambda: self._wait_for_card(known))}

    async def _pin(self, request: Request, *, last_try: bool) -> str:
        """What was typed; the window closes when the page that asked is left."""
        typing = asyncio.create_task(self._window.ask(request.headers["origin"], last_try=last_try))
        leaving = asyncio.create_task(_left(request))
        try:
            await asyncio.wait((typing, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not typing.done():
                raise Problem(Code.PIN_CANCELLED)
            return typing.result()
        finally:
            typing.cancel()
            leaving.cancel()
            await asyncio.gather(typing, leaving, return_exceptions=True)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Alone with card and person; who comes meanwhile is told so, and does not wait."""
        if self._busy.locked():
            raise Problem(Code.CARD_BUSY)
        async with self._busy:
            yield


def guards(origins: frozenset[str], port: int) -> list[Middleware]:
    """What stands before the doors, outermost first."""
    return [
        Middleware(HostGuard, hosts=frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})),
        Middleware(OriginGuard, origins=origins),
        Middleware(
            CORSMiddleware,
            allow_origins=tuple(origins),
            allow_methods=("POST",),
            allow_headers=("Content-Type", HEADER),
            # Browsers before Local Network Access ask for this; those after it do not.
            allow_private_network=True,
        ),
    ]


def create_app(agent: CardAgent, before: Sequence[Middleware]) -> Starlette:
    """The agent's application behind its guards."""
    routes = [
        Route("/card", agent.card, methods=["POST"]),
        Route("/signature", agent.signature, methods=["POST"]),
        Route("/watch", agent.watch, methods=["POST"]),
    ]
    app = Starlette(routes=routes, middleware=list(before))
    app.router.redirect_slashes = False
    return app


async def _asked(request: Request) -> dict[str, Any]:
    """The request's JSON, with its token.

    Raises:
        Problem: TOKEN_REFUSED: there is none.
    """
    if request.headers.get("content-type") != "application/json":
        raise Problem(Code.TOKEN_REFUSED)
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_BODY:
            raise Problem(Code.TOKEN_REFUSED)
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(Code.TOKEN_REFUSED) from None
    token = given.get("token") if isinstance(given, dict) else None
    if not isinstance(token, str) or not token.isascii():
        raise Problem(Code.TOKEN_REFUSED)
    return dict(given)


async def _left(request: Request) -> None:
    """Return when the page goes away; its request has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refused(problem: Problem, cause: str = "") -> Response:
    """Say in the agent's own output what failed: kinds of things alone, never what they held."""
    if problem.__cause__ is not None:
        told = problem.code is Code.UNREADABLE  # in the words of PC/SC, the module, or pinentry
        cause = f"{type(problem.__cause__).__name__} {problem.__cause__ if told else ''}"
    _LOG.info("%s %s", problem.code.value, cause)
    return refusal(problem.code, tries_left=problem.tries_left)
