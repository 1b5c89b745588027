"""The authorities' directory as an ASGI application: revocation lists and OCSP.

It keeps nothing to itself: what is revoked and what goes wrong stand in the database, the time is
the sandbox's. On demand it is `slow` {"seconds"}, is down (`ocsp_down`, `crl_down`), gives out
what is no longer in date (`stale_crl`, `stale_ocsp`) or what a stranger has signed (`wrong_key`),
or revokes a certificate between two questions (`revoked_mid_session` {"serial"}, in hex).
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509 import ocsp

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.sandbox.certificates import queries
from emask.sandbox.certificates.answers import (
    Validity,
    ocsp_answer,
    ocsp_refusal,
    revocation_list,
)
from emask.sandbox.certificates.authority import LIST, OCSP, ROOT_LIST, Authority
from emask.sandbox.certificates.condition import Condition
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.wire import Application, Message, Receive, Send, read_body, send_answer

PARTNER: Final = "ca"
"""The directory's name in `Mischief`."""

_LONGEST: Final = 4096
_LIST_TYPE: Final = "application/pkix-crl"
_OCSP_TYPE: Final = "application/ocsp-response"
_MID_SESSION: Final = "revoked_mid_session"


def create_directory(
    authority: Authority, db: Database, clock: Clock, mischief: Mischief
) -> Application:
    """The directory of the sandbox's authorities, mounted where their certificates say."""
    directory = _Directory(authority, db, clock, mischief)

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        path = str(scope["path"]).removeprefix(scope.get("root_path", "")).lstrip("/")
        body = await read_body(receive, longest=_LONGEST) if scope["method"] == "POST" else b""
        status, content_type, content = await directory.answer(path, body)
        headers = [(b"content-type", content_type.encode())]
        await send_answer(send, content, status=status, headers=headers)

    return application


_Answer = tuple[int, str, bytes]
_NOT_FOUND: Final[_Answer] = (HTTPStatus.NOT_FOUND, "text/plain", b"")
_DOWN: Final[_Answer] = (HTTPStatus.SERVICE_UNAVAILABLE, "text/plain", b"")


class _Directory:
    def __init__(
        self, authority: Authority, db: Database, clock: Clock, mischief: Mischief
    ) -> None:
        self._authority = authority
        self._db = db
        self._clock = clock
        self._mischief = mischief

    async def answer(self, path: str, body: bytes) -> _Answer:
        """What stands at a path, or the answer to the OCSP question in body or path."""
        faults = await self._mischief.kinds(PARTNER)
        await stall(faults)
        if path in (ROOT_LIST, LIST):
            return await self._list(path, faults)
        if path == OCSP or path.startswith(f"{OCSP}/"):
            return await self._ocsp(body or _in_path(path), faults)
        return _NOT_FOUND

    async def _list(self, path: str, faults: Mapping[str, Any]) -> _Answer:
        if "crl_down" in faults:
            return _DOWN
        issuer = self._authority.root if path == ROOT_LIST else self._authority.issuer
        signer = self._authority.stranger if "wrong_key" in faults else issuer
        async with self._db.transaction() as tx:
            serials = await queries.revoked(tx) if path == LIST else []
        content = revocation_list(
            issuer,
            [int(serial, 16) for serial in serials],
            validity=await self._validity(stale="stale_crl" in faults),
            key=signer.key,
        )
        return HTTPStatus.OK, _LIST_TYPE, content

    async def _ocsp(self, question: bytes, faults: Mapping[str, Any]) -> _Answer:
        if "ocsp_down" in faults:
            return _DOWN
        try:
            request = ocsp.load_der_ocsp_request(question)
            ours = self._is_ours(request)
        except (ValueError, UnsupportedAlgorithm):
            refusal = ocsp_refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
            return HTTPStatus.OK, _OCSP_TYPE, refusal
        if not ours:
            refusal = ocsp_refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
            return HTTPStatus.OK, _OCSP_TYPE, refusal
        wrong = "wrong_key" in faults
        content = ocsp_answer(
            request,
            revoked=await self._is_revoked(f"{request.serial_number:x}", faults),
            validity=await self._validity(stale="stale_ocsp" in faults),
            responder=self._authority.imposter if wrong else self._authority.responder,
        )
        return HTTPStatus.OK, _OCSP_TYPE, content

    async def _validity(self, *, stale: bool) -> Validity:
        now = await self._clock.now()
        return Validity.stale(now) if stale else Validity.fresh(now)

    def _is_ours(self, request: ocsp.OCSPRequest) -> bool:
        """Whether it is about a certificate of the issuer, as any that it has issued shows."""
        ours = (
            ocsp.OCSPRequestBuilder()
            .add_certificate(
                self._authority.responder.certificate,
                self._authority.issuer.certificate,
                request.hash_algorithm,
            )
            .build()
        )
        return (ours.issuer_name_hash, ours.issuer_key_hash) == (
            request.issuer_name_hash,
            request.issuer_key_hash,
        )

    async def _is_revoked(self, serial_number: str, faults: Mapping[str, Any]) -> bool:
        between: Mapping[str, Any] = faults.get(_MID_SESSION, {})
        if between.get("serial") == serial_number:
            # Good at the first question; the next one finds that it was asked before.
            await self._mischief.begin(PARTNER, _MID_SESSION, {**between, "asked": True})
            return bool(between.get("asked"))
        async with self._db.transaction() as tx:
            return await queries.condition(tx, serial_number) == Condition.REVOKED


def _in_path(path: str) -> bytes:
    """The question that a GET carries (RFC 6960, A.1); nothing if it carries none."""
    try:
        return b64decode(path.removeprefix(f"{OCSP}/"), validate=True)
    except binascii.Error:
        return b""
