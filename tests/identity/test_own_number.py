"""One's own number: out to the operator and back, whatever is wrong on the way."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from emask.identity.own_number import SetOut, return_with_own_number, set_out_with_own_number
from emask.identity.ports import Return
from emask.rules.people import InvalidEntry
from emask.sandbox.operator import Line, Network, Plan, go_through
from emask.sandbox.wire import caller
from identity.world import ANNA, HUA, MING, STRANGER, World, refused

ADDRESS = "fd00::cafe"


async def set_out(world: World) -> SetOut:
    return await set_out_with_own_number(
        world.identity, id_number=MING.id_number, mobile=MING.mobile or ""
    )


async def come_through(world: World, out: SetOut) -> tuple[str, Return]:
    """Ming's own line in the phone, on its mobile network."""
    await world.sandbox.lines.put(
        Line(
            mobile=MING.mobile or "",
            owner_id_number=MING.id_number,
            owner_birth_date=MING.birth_date,
            plan=Plan.MONTHLY,
            in_service=True,
        )
    )
    await world.sandbox.lines.attach(ADDRESS, mobile=MING.mobile or "", network=Network.MOBILE)
    async with caller(world.sandbox.wire, address=ADDRESS) as browser:
        return await go_through(browser, out.url)


async def come_back(
    world: World, out: SetOut, state: str, returned: Return, *, handset: str = "phone-1"
) -> None:
    await return_with_own_number(
        world.identity, permit=out.permit, state=state, returned=returned, handset=handset
    )


async def test_a5_residents_are_told_before_the_operator_is_asked(world: World) -> None:
    """Whatever is wrong with the line, and even without one."""
    async with refused("nationals_only"):
        await set_out_with_own_number(world.identity, id_number=ANNA.id_number, mobile="0912345678")


@pytest.mark.parametrize(
    ("id_number", "mobile", "field"),
    [("A123456780", "0912345678", "id_number"), (MING.id_number, "0212345678", "mobile")],
)
async def test_a_number_that_cannot_be_one_is_told_first(
    world: World, id_number: str, mobile: str, field: str
) -> None:
    with pytest.raises(InvalidEntry) as entry:
        await set_out_with_own_number(world.identity, id_number=id_number, mobile=mobile)
    assert entry.value.field == field


async def test_neither_number_is_in_the_address_that_the_phone_goes_to(world: World) -> None:
    out = await set_out(world)
    for number in (MING.id_number, MING.mobile or "", (MING.mobile or "")[1:]):
        assert number not in out.url
        assert number not in out.permit


async def test_the_phone_goes_with_a_challenge_of_its_own_and_no_prompt(world: World) -> None:
    outs = [await set_out(world) for _ in range(2)]
    first, second = (parse_qs(urlsplit(out.url).query) for out in outs)
    assert first["prompt"] == ["none"]
    assert first["code_challenge_method"] == ["S256"]
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]


async def test_an_authorisation_is_good_once(world: World) -> None:
    out = await set_out(world)
    state, returned = await come_through(world, out)
    await come_back(world, out, state, returned)
    async with refused("evidence_replayed"):
        await come_back(world, out, state, returned)


async def test_another_state_is_altered(world: World) -> None:
    out = await set_out(world)
    _, returned = await come_through(world, out)
    async with refused("evidence_altered"):
        await come_back(world, out, "another state", returned)


async def test_an_authorisation_of_another_journey_is_altered(world: World) -> None:
    """The operator's token names the nonce that the phone set out with."""
    mine, theirs = await set_out(world), await set_out(world)
    _, returned = await come_through(world, theirs)
    state = parse_qs(urlsplit(mine.url).query)["state"][0]
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - one of the refusals of evidence
        await come_back(world, mine, state, returned)
    assert str(refusal.value) in ("evidence_altered", "evidence_replayed")


async def test_a_journey_takes_five_minutes_at_most(world: World) -> None:
    out = await set_out(world)
    state, returned = await come_through(world, out)
    await world.wait(timedelta(minutes=5))
    async with refused("evidence_expired"):
        await come_back(world, out, state, returned)


async def test_a10_a_phone_that_the_network_did_not_recognise(world: World) -> None:
    async with refused("not_on_mobile_network"):
        await world.own_number(MING, network=Network.WIFI)


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (Plan.PREPAID, "prepaid_line"),
        (Plan.COMPANY, "company_line"),
        (Plan.OTHER, "not_own_number"),
    ],
)
async def test_a4_a_line_that_is_not_ones_own_monthly_one(
    world: World, plan: Plan, code: str
) -> None:
    async with refused(code):
        await world.own_number(MING, plan=plan)


async def test_a4_a_line_that_was_lost(world: World) -> None:
    async with refused("line_unknown"):
        await world.own_number(MING, lost=True)


@pytest.mark.parametrize("field", ["idDocumentMatch", "birthdateMatch"])
async def test_what_the_operator_leaves_open_proves_nothing(world: World, field: str) -> None:
    await world.sandbox.mischief.begin("operator", "not_available", {"fields": [field]})
    async with refused("line_unproven"):
        await world.own_number(MING)


async def test_an_operator_that_does_not_answer_is_told(world: World) -> None:
    out = await set_out(world)
    state, returned = await come_through(world, out)
    await world.sandbox.mischief.begin("operator", "down")
    async with refused("operator_unreachable"):
        await come_back(world, out, state, returned)


async def test_only_the_owner_of_a_line_learns_that_the_registry_lacks_them(world: World) -> None:
    async with refused("not_registered"):
        await world.own_number(STRANGER)


async def test_a13_somebody_elses_handset_is_refused_before_it_is_unlocked(world: World) -> None:
    await world.own_number(HUA, handset="phone-1")
    out = await set_out(world)
    state, returned = await come_through(world, out)
    async with refused("not_own_number"):
        await come_back(world, out, state, returned, handset="phone-1")
