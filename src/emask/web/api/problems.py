"""What the API answers when it does not do what it is asked: always a problem document."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec
from litestar.status_codes import HTTP_401_UNAUTHORIZED, HTTP_500_INTERNAL_SERVER_ERROR

from emask.identity.sessions import SessionEnded
from emask.rounds.service import UnknownRound
from emask.rules.people import InvalidEntry
from emask.rules.refusals import Refusal
from emask.web.api.caller import language_of
from emask.web.intake_problems import (
    TOO_LARGE,
    Answerable,
    Kind,
    Problem,
    Texts,
    Unacceptable,
    document,
)
from emask.web.shell.errors import log_fault
from emask.web.shell.page import WebRequest

PROBLEM_JSON: Final = "application/problem+json"

INVALID_REQUEST: Final = Kind(
    400,
    "invalid_request",
    Texts("有一個參數或欄位無從辨識。", "A parameter or a field cannot be understood."),
    Texts("對照 API 文件修正後再送出。", "Correct it by the API's description and send it again."),
)
NOT_FOUND: Final = Kind(
    404,
    "not_found",
    Texts("這個位址沒有資料。", "There is nothing at this address."),
    Texts("/api/openapi.json 列出所有的位址。", "All addresses are in /api/openapi.json."),
)
NOT_FROZEN: Final = Kind(
    404,
    "not_frozen",
    Texts("登記截止後才有抽籤紀錄。", "A draw is on record once registration has closed."),
    Texts("登記截止後再查詢。", "Ask again after closing."),
)
WRONG_METHOD: Final = Kind(
    405,
    "wrong_method",
    Texts("這個位址不接受這個方法。", "This address does not take this method."),
    Texts("改用 Allow 標頭列出的方法。", "Use one of the methods in the Allow header."),
)
FAULT: Final = Kind(
    500,
    "fault",
    Texts("系統發生問題，這個要求沒有完成。", "Something broke here; this was not completed."),
    Texts("稍後再試一次。", "Try again in a while."),
)

_OF_HTTP: Final = {each.status: each for each in (NOT_FOUND, WRONG_METHOD, TOO_LARGE)}


def by_status(*problems: Kind | type[Refusal]) -> dict[int, str]:
    """The codes of problems by their HTTP status, for descriptions."""
    codes = defaultdict(list)
    for problem in problems:
        codes[problem.status].append(f"`{problem.code}`")
    return {status: ", ".join(codes[status]) for status in sorted(codes)}


def told(*problems: Kind | type[Refusal]) -> dict[int, ResponseSpec]:
    """The same as responses of an operation."""
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=codes, media_type=PROBLEM_JSON
        )
        for status, codes in by_status(*problems).items()
    }


def _answer(request: WebRequest, error: Answerable) -> Response[Problem]:
    language = language_of(request)
    problem = document(error, language)
    headers = {"content-language": language.tag, "vary": "accept-language"}
    if problem.status == HTTP_401_UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(problem, status_code=problem.status, media_type=PROBLEM_JSON, headers=headers)


def _invalid(request: WebRequest, error: ValidationException) -> Response[Problem]:
    problems = error.extra if isinstance(error.extra, list) else []
    data = {each["key"]: each["message"] for each in problems}
    return _answer(request, Unacceptable(INVALID_REQUEST, data))


def _http(request: WebRequest, error: HTTPException) -> Response[Problem]:
    if error.status_code >= HTTP_500_INTERNAL_SERVER_ERROR:
        return _fault(request, error)
    kind = _OF_HTTP.get(error.status_code, INVALID_REQUEST)
    answer = _answer(request, Unacceptable(kind))
    answer.headers.update(error.headers or {})
    return answer


def _fault(request: WebRequest, error: Exception) -> Response[Problem]:
    log_fault(request, error)
    return _answer(request, Unacceptable(FAULT))


EXCEPTION_HANDLERS: Mapping[type[Exception] | int, Callable[[Any, Any], Response[Any]]] = {
    Refusal: _answer,
    InvalidEntry: _answer,
    UnknownRound: _answer,
    SessionEnded: _answer,
    Unacceptable: _answer,
    ValidationException: _invalid,
    HTTPException: _http,
    Exception: _fault,
}
