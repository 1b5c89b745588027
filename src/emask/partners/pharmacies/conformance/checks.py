"""What a counter API has to do, check by check."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import uuid4

from joserfc.jwk import ECKey, OKPKey

from emask.partners.pharmacies.conformance.bench import (
    Bench,
    Failed,
    Finding,
    Key,
    NotTried,
    Outcome,
    Subject,
    is_problem,
    need,
)

Check = Callable[[Bench], Awaitable[None]]
_SOMEBODY: Final = {"id_number": "A123456789", "product": "adult_mask"}
_FORGED: Final = "A123456780"  # the check digit is another one


async def gives_a_token(bench: Bench) -> None:
    """A client that signs with its own key gets a Bearer token for at most an hour."""
    answer = need(await bench.ask_token(), 200)
    told = answer.json()
    if told.get("token_type") != "Bearer" or not told.get("access_token"):
        raise Failed("token_type is not Bearer, or there is no access_token")
    if not 0 < told.get("expires_in", 0) <= 3600:  # noqa: PLR2004 - an hour
        raise Failed("expires_in is no number of seconds up to an hour")
    if answer.headers.get("cache-control") != "no-store":
        raise Failed("a token is answered without Cache-Control: no-store")
    bench.token = told["access_token"]


async def takes_a_proof_once(bench: Bench) -> None:
    """The same assertion again is refused: its jti was used."""
    assertion = bench.subject.assertion()
    need(await bench.ask_token(client_assertion=assertion), 200)
    await _unproven(bench, assertion, "an assertion that was used")


async def believes_no_bad_proof(bench: Bench) -> None:
    """Another's key, another's address, and what is over prove nothing."""
    subject = bench.subject
    unsigned = subject.assertion().rpartition(".")[0] + "."
    for what, assertion in (
        ("another key", subject.assertion(_another(subject.key))),
        ("no signature", unsigned),
        ("another aud", subject.assertion(aud="https://invalid.invalid/token")),
        ("another sub", subject.assertion(sub="somebody-else")),
        ("an exp that is over", subject.assertion(exp=1)),
        ("an exp in many years", subject.assertion(exp=32_503_680_000)),
        ("no jti", subject.assertion(jti=None)),
    ):
        await _unproven(bench, assertion, what)


async def grants_nothing_else(bench: Bench) -> None:
    """Other grants and other scopes are refused as RFC 6749 has it."""
    for name, value, error in (
        ("grant_type", "password", "unsupported_grant_type"),
        ("scope", "everything", "invalid_scope"),
        ("client_assertion_type", "urn:invalid", "invalid_request"),
    ):
        answer = need(await bench.ask_token(**{name: value}), 400)
        if answer.json().get("error") != error:
            raise Failed(f"{name}={value} is not refused with {error}")


async def asks_who_calls(bench: Bench) -> None:
    """Without a good token every address of the counter answers 401."""
    for headers in ({}, {"authorization": "Bearer made-up"}, {"authorization": "Basic eDp5"}):
        for method, path in (("GET", "/stock"), ("GET", "/sales"), ("POST", "/sales")):
            answer = await bench.bare(method, path, headers)
            is_problem(answer, 401, "token_ended")
            if not answer.headers.get("www-authenticate", "").startswith("Bearer"):
                raise Failed("401 comes without WWW-Authenticate: Bearer")


async def tells_problems_in_two_languages(bench: Bench) -> None:
    """Accept-Language chooses zh-Hant or English; the code stays the same."""
    titles = set()
    for language in ("zh-Hant", "en"):
        asked = {"id_number": _FORGED, "product": "adult_mask"}
        answer = await bench.call("POST", "/eligibility", asked, language=language)
        titles.add(is_problem(answer, 422, "invalid_entry")["title"])
        if not answer.headers.get("content-language", "").startswith(language):
            raise Failed(f"Content-Language does not say {language}")
    if len(titles) == 1:
        raise Failed("both languages have one title")


async def tells_what_is_left(bench: Bench) -> None:
    """Each answer tells the quota and what is left of it."""
    for answer in (
        need(await bench.call("GET", "/stock"), 200),
        await bench.call("POST", "/sales", _SOMEBODY),
    ):
        for name, parts in (("ratelimit-policy", (";q=", ";w=")), ("ratelimit", (";r=", ";t="))):
            told = answer.headers.get(name, "")
            if not told.startswith('"') or not all(part in told for part in parts):
                raise Failed(f"{name} is missing, or not as the draft has it")


async def reads_strictly(bench: Bench) -> None:
    """Unknown products, unknown fields and missing ones are refused with 400."""
    unreadable: tuple[object, ...] = (
        _SOMEBODY | {"product": "gloves"},
        _SOMEBODY | {"more": "1"},
        {"product": "adult_mask"},
        [],
    )
    for asked in unreadable:
        is_problem(await bench.call("POST", "/eligibility", asked), 400, "invalid_request")


async def needs_a_key(bench: Bench) -> None:
    """What changes something is refused without an Idempotency-Key."""
    for path, asked in (
        ("/sales", _SOMEBODY),
        ("/stock", {"product": "adult_mask", "pieces": 1}),
        ("/stock/counts", {"product": "adult_mask", "counted": 1}),
    ):
        is_problem(await bench.call("POST", path, asked), 400, "idempotency_key_needed")


async def says_who_may_buy(bench: Bench) -> None:
    """The buyer may: pieces, a masked name and a year, and no number anywhere."""
    asked = bench.asked()
    answer = need(await bench.call("POST", "/eligibility", asked), 200)
    told = answer.json()
    if told.get("allowed") is not True or told.get("refusal") is not None:
        raise Failed("the buyer may not buy: choose another --buyer")
    if told.get("pieces", 0) < 1 or not isinstance(told.get("birth_year"), int):
        raise Failed("pieces or birth_year are missing")
    if asked["id_number"] in answer.text:
        raise Failed("the answer tells the ID number")


async def sells_once_for_a_key(bench: Bench) -> None:
    """Sent again with its key, in quotes or not, a sale is the same and stock goes once."""
    asked, key, before = bench.asked(), str(uuid4()), await bench.pieces()
    sold = need(await bench.call("POST", "/sales", asked, key=key), 201)
    bench.sale = sold.json()
    if asked["id_number"] in sold.text:
        raise Failed("the answer tells the ID number")
    for again in (key, f'"{key}"'):
        answer = need(await bench.call("POST", "/sales", asked, key=again), 201)
        if answer.content != sold.content:
            raise Failed("sent again, a sale is answered in other words")
    if await bench.pieces() != before - bench.sale["pieces"]:
        raise Failed("the stock is not less by what was sold, once")
    other = await bench.call("POST", "/sales", bench.asked("child_mask"), key=key)
    is_problem(other, 422, "idempotency_key_used")


async def refuses_by_the_rules(bench: Bench) -> None:
    """The buyer has bought: the rule, its facts, and what to do, told again for its key."""
    bench.sold()
    key = str(uuid4())
    refused = await bench.call("POST", "/sales", bench.asked(), key=key)
    document = is_problem(refused, 409, "interval_not_over")
    if not document["data"] or not document["detail"] or not document["next"]:
        raise Failed("a refusal has no fact, no text or nothing to do next")
    again = await bench.call("POST", "/sales", bench.asked(), key=key)
    if again.content != refused.content:
        raise Failed("sent again, a refusal is answered in other words")
    may_not = need(await bench.call("POST", "/eligibility", bench.asked()), 200).json()
    if may_not["allowed"] or may_not["refusal"]["code"] != document["code"]:
        raise Failed("eligibility gives another answer than the sale")


async def lists_todays_sales(bench: Bench) -> None:
    """The sale is among them."""
    sale = bench.sold()
    if sale not in need(await bench.call("GET", "/sales"), 200).json():
        raise Failed("the sale is not among today's")


async def undoes_a_sale(bench: Bench) -> None:
    """With a reason, within five minutes; again it changes nothing; the buyer may buy anew."""
    sale, before = bench.sold(), await bench.pieces()
    path = f"/sales/{sale['sale_id']}/undo"
    is_problem(await bench.call("POST", path, {"reason": " "}), 400, "invalid_request")
    undone = need(await bench.call("POST", path, {"reason": "conformance"}), 200)
    if undone.json() == sale or undone.json()["undone_at"] is None:
        raise Failed("undone_at does not say when")
    again = need(await bench.call("POST", path, {"reason": "conformance"}), 200)
    if again.json() != undone.json() or await bench.pieces() != before + sale["pieces"]:
        raise Failed("undone again, something has changed")
    if not need(await bench.call("POST", "/eligibility", bench.asked()), 200).json()["allowed"]:
        raise Failed("the buyer's days do not come back")


async def undoes_its_own_alone(bench: Bench) -> None:
    """A sale that the site never made is not known."""
    path = f"/sales/{uuid4()}/undo"
    is_problem(await bench.call("POST", path, {"reason": "conformance"}), 404, "unknown_sale")


async def tells_stock_that_changed(bench: Bench) -> None:
    """Stock has an ETag, and 304 is answered to who has it already."""
    first = need(await bench.call("GET", "/stock"), 200)
    etag = first.headers.get("etag", "")
    if not etag.startswith('"'):
        raise Failed("stock has no strong ETag")
    again = need(await bench.call("GET", "/stock", more={"if-none-match": etag}), 304)
    if again.content:
        raise Failed("304 comes with a body")


async def enters_stock_once_for_a_key(bench: Bench) -> None:
    """A piece that came in is entered once; a count puts all back as it was."""
    before, key = await bench.pieces(), str(uuid4())
    for _ in range(2):
        one = {"product": "adult_mask", "pieces": 1}
        need(await bench.call("POST", "/stock", one, key=key), 201)
    after = await bench.pieces()
    counted = {"product": "adult_mask", "counted": before}
    need(await bench.call("POST", "/stock/counts", counted, key=str(uuid4())), 201)
    if after != before + 1:
        raise Failed("one piece was entered twice, or not at all")
    if await bench.pieces() != before:
        raise Failed("the stock is not what was counted")


CHECKS: Final[Sequence[Check]] = (
    gives_a_token,
    takes_a_proof_once,
    believes_no_bad_proof,
    grants_nothing_else,
    asks_who_calls,
    tells_problems_in_two_languages,
    tells_what_is_left,
    reads_strictly,
    needs_a_key,
    says_who_may_buy,
    sells_once_for_a_key,
    refuses_by_the_rules,
    lists_todays_sales,
    undoes_a_sale,
    undoes_its_own_alone,
    tells_stock_that_changed,
    enters_stock_once_for_a_key,
)


async def check_counter(subject: Subject) -> list[Finding]:
    """What each check finds, in their order: later ones go on with what earlier ones got."""
    bench = Bench(subject)
    return [await _find(bench, check) for check in CHECKS]


async def _find(bench: Bench, check: Check) -> Finding:
    name = check.__name__.replace("_", " ")
    try:
        await check(bench)
    except NotTried as reason:
        return Finding(check=name, outcome=Outcome.NOT_TRIED, reason=str(reason))
    except Failed as reason:
        return Finding(check=name, outcome=Outcome.FAILED, reason=str(reason))
    except (ValueError, LookupError, TypeError, AttributeError):  # a body that is no such JSON
        return Finding(check=name, outcome=Outcome.FAILED, reason="an answer cannot be read")
    return Finding(check=name, outcome=Outcome.PASSED, reason="")


async def _unproven(bench: Bench, assertion: str, what: str) -> None:
    answer = await bench.ask_token(client_assertion=assertion)
    if answer.status_code not in (400, 401) or answer.json().get("error") != "invalid_client":
        raise Failed(f"{what} is answered {answer.status_code}, not refused with invalid_client")


def _another(key: Key) -> Key:
    """A key of the same kind that the client never had."""
    if isinstance(key, ECKey):
        return ECKey.generate_key("P-256")
    return OKPKey.generate_key("Ed25519")
