from datetime import timedelta

import pytest

from emask.identity import device
from emask.identity.binding import bind_phone, seal_binding
from emask.identity.device import CODE_LIFETIME, enter_device_code, issue_device_code
from emask.identity.device_queries import add_code
from emask.identity.model import NewPerson
from emask.identity.sign_in import sign_in_with_device
from emask.identity.tries import Budget, Tried
from emask.rules.calendar import Channel
from emask.rules.refusals import LockedOut
from identity.world import ANNA, HUA, MING, World, refused


async def code_of(world: World, person: NewPerson) -> str:
    code = await issue_device_code(world.identity, session=await world.session(person))
    return code.digits


async def test_a14_a_code_is_twelve_digits_for_ten_minutes(world: World) -> None:
    code = await issue_device_code(world.identity, session=await world.session(MING))
    assert len(code.digits) == 12
    assert code.digits.isdecimal()
    assert code.expires_at == await world.clock.now() + timedelta(minutes=10)


@pytest.mark.parametrize("person", [MING, ANNA], ids=["national", "resident"])
async def test_a5_a14_a_code_binds_a_phone_whoever_it_is(world: World, person: NewPerson) -> None:
    assert await world.enter_code(await code_of(world, person)) == world.id_of(person)
    await world.wait(timedelta(days=1))
    assert await world.by_device(person) == world.id_of(person)


async def test_a14_a_code_may_be_typed_in_groups_and_full_width(world: World) -> None:
    digits = await code_of(world, MING)
    full_width = digits.translate({ord("0") + n: ord("０") + n for n in range(10)})
    assert await world.enter_code(
        f" {full_width[:4]}-{full_width[4:8]} {full_width[8:]} "
    ) == world.id_of(MING)


async def test_a14_a_code_is_made_on_a_computer_only(world: World) -> None:
    for channel in (Channel.MOBILE, Channel.COUNTER, Channel.KIOSK):
        async with refused("computer_only"):
            await issue_device_code(
                world.identity, session=await world.session(MING, channel=channel)
            )


async def test_a14_a_code_is_good_once(world: World) -> None:
    digits = await code_of(world, MING)
    await world.enter_code(digits)
    async with refused("device_code_wrong"):
        await world.enter_code(digits, handset="phone-2")


async def test_a_code_lasts_until_its_last_second(world: World) -> None:
    digits = await code_of(world, MING)
    await world.wait(timedelta(minutes=9, seconds=59))
    assert await world.enter_code(digits) == world.id_of(MING)


@pytest.mark.parametrize("digits", ["", "0", "abc", "12345678", "123456789012", "1234567890123"])
async def test_anything_else_is_a_wrong_code(world: World, digits: str) -> None:
    async with refused("device_code_wrong"):
        await world.enter_code(digits)


async def test_a_code_that_binds_no_phone_is_still_good(world: World) -> None:
    """Entering it shows that it is right; binding uses it up."""
    digits = await code_of(world, MING)
    await enter_device_code(world.identity, digits=digits, handset="phone-1")
    assert await world.enter_code(digits, handset="phone-2") == world.id_of(MING)


async def test_a_permit_binds_one_phone(world: World) -> None:
    permit = seal_binding(
        world.identity,
        await enter_device_code(
            world.identity, digits=await code_of(world, MING), handset="phone-1"
        ),
    )
    await world.bind(permit)
    async with refused("evidence_replayed"):
        await world.bind(permit, handset="phone-2")


async def test_a_permit_is_good_for_five_minutes(world: World) -> None:
    digits = await code_of(world, MING)
    granted = await enter_device_code(world.identity, digits=digits, handset="phone-1")
    permit = seal_binding(world.identity, granted)
    answer = await world.new_passkey(permit)
    await world.wait(timedelta(minutes=5))
    async with refused("evidence_expired"):
        await bind_phone(world.identity, permit=permit, answer=answer, handset="phone-1")


async def test_a_permit_that_was_altered_binds_nothing(world: World) -> None:
    async with refused("evidence_altered"):
        await bind_phone(world.identity, permit="no permit", answer="{}", handset="phone-1")


async def test_a_passkey_made_for_one_person_is_not_anothers(world: World) -> None:
    """The challenge names the person whom the phone was asked to make a passkey for."""
    permits = [
        seal_binding(
            world.identity,
            await enter_device_code(
                world.identity, digits=await code_of(world, person), handset="phone-1"
            ),
        )
        for person in (MING, HUA)
    ]
    answer = await world.new_passkey(permits[0])
    async with refused("evidence_altered"):
        await bind_phone(world.identity, permit=permits[1], answer=answer, handset="phone-1")


async def test_five_wrong_codes_pause_the_handset(world: World) -> None:
    digits = await code_of(world, MING)
    for _ in range(5):
        async with refused("device_code_wrong"):
            await world.enter_code("0")
    async with refused("locked_out"):
        await world.enter_code(digits)
    assert await world.enter_code(digits, handset="phone-2") == world.id_of(MING)


async def guess_from_a_handset_each(world: World, *, times: int) -> None:
    """What a guesser does who throws the handset's cookie away."""
    for number in range(times):
        async with refused("device_code_wrong"):
            await world.enter_code(f"{number:012}", handset=f"guesser-{number}")


async def test_wrong_codes_from_everywhere_pause_entering_codes(
    world: World, few_guesses: None
) -> None:
    digits = await code_of(world, MING)
    await guess_from_a_handset_each(world, times=20)
    with pytest.raises(LockedOut) as refusal:
        await world.enter_code(digits, handset="fresh")
    assert refusal.value.until
    await world.clock.set(refusal.value.until)
    assert await world.enter_code(await code_of(world, MING), handset="fresh") == world.id_of(MING)


async def test_a_wrong_code_costs_everybody_one_guess_and_nothing_else_does(
    world: World, few_guesses: None
) -> None:
    await guess_from_a_handset_each(world, times=19)
    for number in range(3):
        await world.enter_code(await code_of(world, MING), handset=f"phone-{number}")
        async with refused("device_code_wrong"):
            await world.enter_code("too short", handset=f"phone-{number}")
    stale = await code_of(world, HUA)
    await world.wait(CODE_LIFETIME)
    async with refused("device_code_expired"):
        await world.enter_code(stale, handset="phone-4")
    assert await world.enter_code(await code_of(world, HUA)) == world.id_of(HUA)


@pytest.fixture
def few_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "OF_ALL_SOURCES", Budget(Tried.DEVICE_CODE, 20))


async def test_a_new_code_ends_the_persons_earlier_one(world: World) -> None:
    first, hers, second = [await code_of(world, each) for each in (MING, HUA, MING)]
    async with refused("device_code_wrong"):
        await world.enter_code(first)
    assert await world.enter_code(second) == world.id_of(MING)
    assert await world.enter_code(hers) == world.id_of(HUA)


async def test_codes_of_ones_own_buy_no_guesses(world: World) -> None:
    for _ in range(2):
        async with refused("device_code_wrong"):
            await world.enter_code("0")
        await world.enter_code(await code_of(world, MING))
    async with refused("device_code_wrong"):
        await world.enter_code("0")
    async with refused("locked_out"):
        await world.enter_code("0")


async def test_a_family_phone_signs_in_whose_passkey_answers(world: World) -> None:
    await world.enter_code(await code_of(world, MING))
    await world.enter_code(await code_of(world, HUA))
    assert await world.by_device(HUA) == world.id_of(HUA)
    assert await world.by_device(MING) == world.id_of(MING)


async def test_a_phone_keeps_one_passkey_a_person(world: World) -> None:
    await world.enter_code(await code_of(world, MING))
    before = await world.unlock(MING)
    await world.enter_code(await code_of(world, MING))
    async with refused("device_not_bound"):
        await sign_in_with_device(world.identity, answer=before, handset="phone-1")
    assert await world.by_device(MING) == world.id_of(MING)


async def test_a13_somebody_elses_own_phone_may_be_bound_by_a_code(world: World) -> None:
    """A13 binds a handset to one person by its number; A14 is for other people's phones."""
    await world.own_number(MING)
    assert await world.enter_code(await code_of(world, HUA)) == world.id_of(HUA)
    assert await world.own_number(MING) == world.id_of(MING)


async def test_a_revoked_device_signs_nobody_in(world: World) -> None:
    await world.own_number(MING)
    async with world.identity.db.transaction() as tx:
        await tx.execute("UPDATE device SET revoked_at = bound_at")
    async with refused("device_not_bound"):
        await world.by_device(MING)
    await world.own_number(MING)
    assert await world.by_device(MING) == world.id_of(MING)


async def test_a_live_code_is_never_given_to_a_second_person(world: World) -> None:
    now = await world.clock.now()
    end = now + timedelta(minutes=10)
    ming, hua = world.id_of(MING), world.id_of(HUA)
    async with world.identity.db.transaction() as tx:
        assert await add_code(tx, b"code", ming, at=now, expires_at=end)
        assert not await add_code(tx, b"code", hua, at=now, expires_at=end)
        assert await add_code(tx, b"code", hua, at=end, expires_at=end + timedelta(minutes=10))
