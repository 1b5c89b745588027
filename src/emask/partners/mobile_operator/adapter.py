"""The operator's authorisation over mobile data, then what it says about the line (A2, A4, A10).

GSMA Open Gateway: the phone goes through an authorisation code flow over its own data path; with
the code we have the number verified (Number Verification 2.1), then ask how the line is paid (KYC
Tenure 0.2) and whose it is (KYC Match 0.4). No code is sent to anybody (A12). Of the grants that
CAMARA knows only `authorization_code` and `client_credentials` are used, never those that work
without the phone's own data path (CIBA, JWT bearer with a TS.43 token).
"""

import asyncio
import logging
from base64 import urlsafe_b64encode
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import httpx2
from joserfc.jwk import ECKey

from emask.identity.ports import Contract, Departure, LineFacts, Match, Return, Subscriber
from emask.partners.mobile_operator.answers import (
    MatchAnswer,
    TenureAnswer,
    TokenAnswer,
    VerifyAnswer,
)
from emask.partners.mobile_operator.calls import Calls, Refused
from emask.partners.mobile_operator.provider import (
    Provider,
    by_network,
    check_claims,
    client_assertion,
)
from emask.rules.calendar import day_in_taipei
from emask.rules.refusals import EvidenceAltered, EvidenceReplayed, OperatorUnreachable

_LOG: Final = logging.getLogger(__name__)

PURPOSE: Final = "dpv:FraudPreventionAndDetection"
"""Why we ask, in W3C's vocabulary: nobody may draw another person's share (A11)."""
THREE_LEGGED: Final = f"openid {PURPOSE} number-verification:verify"
TWO_LEGGED: Final = f"{PURPOSE} kyc-tenure:check-tenure kyc-match:match"

_VERIFY: Final = "/number-verification/v2/verify"
_TENURE: Final = "/kyc-tenure/v0.2/check-tenure"
_MATCH: Final = "/kyc-match/v0.4/match"

_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NOT_RECOGNISED: Final = frozenset(
    {"access_denied", "login_required", "interaction_required", "consent_required"}
)
"""Errors of an authorisation that the network could not give by itself."""
_NOT_BY_NETWORK: Final = "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK"
_NO_LINE: Final = frozenset({(404, "IDENTIFIER_NOT_FOUND"), (422, "SERVICE_NOT_APPLICABLE")})


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorConfig:
    """Which operator, and who we are to it.

    Args:
        issuer: the operator's OpenID issuer, without a slash at its end.
        client_id: as it registered us.
        api_root: what its APIs' paths begin with; the issuer if it is the same.
        authorisation_origin: where phones are sent; the issuer's origin if it is the same.
        call_seconds: how long one call may take.
        total_seconds: likewise, all that are made for one phone.
    """

    issuer: str
    client_id: str
    api_root: str = ""
    authorisation_origin: str = ""
    call_seconds: float = 3
    total_seconds: float = 8


class CamaraOperator:
    """As `ports.MobileOperator` says, over CAMARA's APIs.

    Args:
        config: which operator.
        client: what it is called with.
        key: our P-256 key, whose public half the operator knows.
    """

    def __init__(self, config: OperatorConfig, client: httpx2.AsyncClient, key: ECKey) -> None:
        self._config = config
        self._client = client
        self._key = key
        self._provider = Provider(config.issuer)

    @property
    def origin(self) -> str:
        """Where phones are sent: what the page that sends them has to allow."""
        return self._config.authorisation_origin or _origin(self._config.issuer)

    async def authorisation_url(self, departure: Departure) -> str:
        """As the port says; the address holds nothing about the person."""
        try:
            addresses = await self._provider.addresses(self._calls())
        except Refused as refused:
            raise _unreachable(refused) from None
        if _origin(addresses.authorization_endpoint) != self.origin:  # no page could send a phone
            _LOG.warning("operator of no use: its authorisation is not at %s", self.origin)
            raise OperatorUnreachable
        challenge = urlsafe_b64encode(sha256(departure.code_verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": departure.redirect_uri,
            "scope": THREE_LEGGED,
            "prompt": "none",
            "state": departure.state,
            "nonce": departure.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return str(httpx2.URL(addresses.authorization_endpoint).copy_merge_params(asked))

    async def line(
        self, returned: Return, *, departure: Departure, subscriber: Subscriber, at: datetime
    ) -> LineFacts:
        """As the port says; what would not change a refusal any more is not asked."""
        nothing = _nothing_of(returned.code)
        if returned.error in _NOT_RECOGNISED:
            return nothing
        if returned.error:  # the operator's trouble, or ours with it: not the phone's network
            raise OperatorUnreachable
        if not returned.code:
            raise EvidenceAltered
        try:
            async with asyncio.timeout(self._config.total_seconds):
                return await self._asked(
                    nothing, returned, departure=departure, subscriber=subscriber, at=at
                )
        except (Refused, TimeoutError) as error:
            raise _unreachable(error) from None

    async def _asked(
        self,
        nothing: LineFacts,
        returned: Return,
        *,
        departure: Departure,
        subscriber: Subscriber,
        at: datetime,
    ) -> LineFacts:
        calls = self._calls()
        token = await self._redeemed(calls, returned.code, departure=departure, at=at)
        if token is None:
            return nothing
        matches = await self._verified(calls, token, subscriber)
        if matches is None:
            return nothing
        facts = replace(nothing, on_mobile_network=True, known=True, number_matches=matches)
        if not matches:  # the number is somebody else's, so nothing is asked about it
            return facts
        try:
            return await self._owned(calls, facts, subscriber=subscriber, at=at)
        except Refused as refused:
            if (refused.status, refused.code) not in _NO_LINE:
                raise
            return replace(facts, known=False)

    async def _redeemed(
        self, calls: Calls, code: str, *, departure: Departure, at: datetime
    ) -> str | None:
        """The token for a code; None if it was not the network that recognised the phone."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": departure.redirect_uri,
            "code_verifier": departure.code_verifier,
        }
        try:
            answer = await self._token(calls, form, at=at)
        except Refused as refused:
            if refused.code == "invalid_grant":
                raise EvidenceReplayed from None
            raise
        if not answer.id_token:
            raise OperatorUnreachable
        claims = await self._provider.claims(answer.id_token, calls)
        check_claims(
            claims,
            issuer=self._config.issuer,
            client_id=self._config.client_id,
            nonce=departure.nonce,
            at=at,
        )
        return answer.access_token if by_network(claims) else None

    async def _verified(self, calls: Calls, token: str, subscriber: Subscriber) -> bool | None:
        """Whether the SIM has the number; None if the network does not see the phone."""
        asked = {"phoneNumber": _e164(subscriber.mobile)}
        try:
            answer = await calls.post_json(
                self._api(_VERIFY), asked, token=token, form=VerifyAnswer
            )
        except Refused as refused:
            if (refused.status, refused.code) == (403, _NOT_BY_NETWORK):
                return None
            raise
        return answer.device_phone_number_verified

    async def _owned(
        self, calls: Calls, facts: LineFacts, *, subscriber: Subscriber, at: datetime
    ) -> LineFacts:
        """How the line is paid, and whose it is where that still matters."""
        form = {"grant_type": "client_credentials", "scope": TWO_LEGGED}
        token = (await self._token(calls, form, at=at)).access_token
        number = {"phoneNumber": _e164(subscriber.mobile)}
        tenure = await calls.post_json(
            self._api(_TENURE),
            {**number, "tenureDate": day_in_taipei(at).isoformat()},
            token=token,
            form=TenureAnswer,
        )
        if not tenure.tenure_date_check:  # no line of today
            return replace(facts, known=False)
        facts = replace(facts, contract=tenure.contract)
        if tenure.contract is not Contract.MONTHLY:
            return facts
        answer = await calls.post_json(
            self._api(_MATCH), {**number, **_identity_of(subscriber)}, token=token, form=MatchAnswer
        )
        return replace(facts, owner=answer.owner(with_birth_date=subscriber.birth_date is not None))

    async def _token(self, calls: Calls, form: dict[str, str], *, at: datetime) -> TokenAnswer:
        endpoint = (await self._provider.addresses(calls)).token_endpoint
        client_id = self._config.client_id
        proof = {
            "client_id": client_id,
            "client_assertion_type": _ASSERTION,
            "client_assertion": client_assertion(
                self._key, client_id=client_id, endpoint=endpoint, at=at
            ),
        }
        answer = await calls.post_form(endpoint, {**form, **proof}, TokenAnswer)
        if answer.token_type.lower() != "bearer":
            raise OperatorUnreachable
        return answer

    def _calls(self) -> Calls:
        return Calls(self._client, seconds=self._config.call_seconds)

    def _api(self, path: str) -> str:
        return f"{self._config.api_root or self._config.issuer}{path}"


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _unreachable(error: Exception) -> OperatorUnreachable:
    """What nobody expects of an operator is told to whoever runs the service."""
    _LOG.warning("operator of no use: %s %s", type(error).__name__, error)
    return OperatorUnreachable()


def _nothing_of(code: str) -> LineFacts:
    """What is known of a phone that the network did not recognise; the code names the use."""
    return LineFacts(
        on_mobile_network=False,
        known=False,
        contract=Contract.UNKNOWN,
        number_matches=False,
        owner=Match.UNKNOWN,
        evidence_id=sha256(code.encode()).hexdigest(),
    )


def _identity_of(subscriber: Subscriber) -> dict[str, str]:
    """Who the owner should be: a national, as nobody else is asked about (A5)."""
    identity = {
        "idDocument": subscriber.id_number,
        "idDocumentType": "national_id_card",
        "nationality": "TW",
    }
    if subscriber.birth_date is not None:
        identity["birthdate"] = subscriber.birth_date.isoformat()
    return identity


def _e164(mobile: str) -> str:
    return f"+886{mobile[1:]}"
