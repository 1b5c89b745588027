"""The operator's CAMARA APIs: Number Verification 2.1, KYC Match 0.4, KYC Tenure 0.2."""

import re
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final

from emask.rules.people import Residency, residency_of
from emask.sandbox.operator.authorisation import MATCH, TENURE, VERIFY
from emask.sandbox.operator.exchange import Answer, ApiError, Request
from emask.sandbox.operator.grants import Access, Grants
from emask.sandbox.operator.lines import Line, Plan, SandboxLines

_E164: Final = re.compile(r"\+[1-9][0-9]{4,14}")
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_CONTRACT: Final = {
    Plan.MONTHLY: "PAYM",
    Plan.PREPAID: "PAYG",
    Plan.COMPANY: "Business",
    Plan.OTHER: "PAYM",
}


class Apis:
    """Answers about lines, to whom holds a token for it."""

    def __init__(self, lines: SandboxLines, grants: Grants) -> None:
        self._lines = lines
        self._grants = grants

    async def verify(self, request: Request) -> Answer:
        """Whether the SIM that was recognised has a number, given plainly or as its SHA-256."""
        access = await self._access(request, VERIFY)
        if access.mobile is None:
            raise ApiError(403, "PERMISSION_DENIED")
        if "tethering" in request.faults:  # noticed after the phone was recognised
            raise ApiError(403, "NUMBER_VERIFICATION.USER_NOT_AUTHENTICATED_BY_MOBILE_NETWORK")
        own = _e164(access.mobile)
        match request.json():
            case {"phoneNumber": str(number), **rest} if not rest and _E164.fullmatch(number):
                verified = number == own
            case {"hashedPhoneNumber": str(digest), **rest} if not rest and _SHA256.fullmatch(
                digest
            ):
                verified = digest.lower() == sha256(own.encode()).hexdigest()
            case _:
                raise ApiError(400, "INVALID_ARGUMENT")
        return Answer(body={"devicePhoneNumberVerified": verified})

    async def match(self, request: Request) -> Answer:
        """Compare what is asked with the owner's record; nothing else is said of it."""
        access = await self._access(request, MATCH)
        asked = request.json()
        number = _number(asked)
        if not asked:
            raise ApiError(400, "KNOW_YOUR_CUSTOMER.INVALID_PARAM_COMBINATION")
        if access.mobile is not None and number not in (None, _e164(access.mobile)):
            raise ApiError(403, "INVALID_TOKEN_CONTEXT")
        on_record = _record(await self._line(access, number))
        return Answer(
            body={f"{name}Match": _compared(on_record, name, said) for name, said in asked.items()}
        )

    async def check_tenure(self, request: Request) -> Answer:
        """How a line is paid; every line in service is older than any date asked about."""
        access = await self._access(request, TENURE)
        asked = request.json()
        number = _number(asked)
        if access.mobile is not None and number is not None:
            raise ApiError(422, "UNNECESSARY_IDENTIFIER")
        try:
            date.fromisoformat(asked["tenureDate"])
        except (KeyError, TypeError, ValueError):
            raise ApiError(400, "INVALID_ARGUMENT") from None
        line = await self._line(access, number)
        return Answer(body={"tenureDateCheck": True, "contractType": _CONTRACT[line.plan]})

    async def _access(self, request: Request, scope: str) -> Access:
        scheme, _, token = (
            request.headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        )
        if scheme.lower() != "bearer":
            raise ApiError(401, "UNAUTHENTICATED")
        access = await self._grants.use_token(token)
        if access is None or request.at >= access.expires_at:
            raise ApiError(401, "UNAUTHENTICATED")
        if scope not in access.scope.split():
            raise ApiError(403, "PERMISSION_DENIED")
        return access

    async def _line(self, access: Access, number: str | None) -> Line:
        mobile = access.mobile or (number and _mobile(number))
        if mobile is None:
            raise ApiError(422, "MISSING_IDENTIFIER")
        line = await self._lines.line_of(mobile)
        if line is None:
            raise ApiError(404, "IDENTIFIER_NOT_FOUND")
        if not line.in_service:
            raise ApiError(422, "SERVICE_NOT_APPLICABLE")
        return line


def _number(asked: dict[str, Any]) -> str | None:
    """Take the number out of what is asked."""
    number = asked.pop("phoneNumber", None)
    if number is None:
        return None
    if not isinstance(number, str) or not _E164.fullmatch(number):
        raise ApiError(400, "INVALID_ARGUMENT")
    return number


def _record(line: Line) -> Mapping[str, str]:
    """What the operator has on record of the owner; of a stranger, that it is another one."""
    national = residency_of(line.owner_id_number) is Residency.NATIONAL
    record = {
        "idDocument": line.owner_id_number,
        "idDocumentType": "national_id_card" if national else "residence_permit",
        "birthdate": line.owner_birth_date.isoformat(),
        "nationality": "TW" if national else "",
    }
    if line.plan in {Plan.MONTHLY, Plan.PREPAID}:
        return record
    return {**record, "idDocument": "", "birthdate": ""}


def _compared(on_record: Mapping[str, str], name: str, said: object) -> str:
    if name not in on_record:
        return "not_available"
    return "true" if said == on_record[name] else "false"


def _e164(mobile: str) -> str:
    return f"+886{mobile[1:]}"


def _mobile(number: str) -> str:
    return f"0{number.removeprefix('+886')}"
