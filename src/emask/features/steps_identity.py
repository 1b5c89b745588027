"""Steps about people and how they prove who they are (A1-A15)."""

from uuid import UUID

from emask.features.outcome import require
from emask.features.registry import Registry
from emask.features.session import SIGN_IN, session_of, sign_in
from emask.features.world import World
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.device import CODE_DIGITS
from emask.identity.registration import reset_password
from emask.rules.calendar import Channel
from emask.rules.people import Document
from emask.sandbox.visitor import (
    WAYS,
    Doors,
    Visitor,
    by_card,
    by_device,
    make_device_code,
    office,
    own_number,
    register,
    some_password,
    touched,
    use_device_code,
)

STEPS = Registry()
_WRONG_NUMBER = "000000000000"


@STEPS.act("{name} 已完成健保卡網路服務註冊")
async def registered(world: World, *, name: str) -> None:
    """Registered on the web with the card (A1.1-2, A9)."""
    citizen = world.citizen(name)
    await world.enter(citizen)
    await register(world.doors, citizen.visitor, printed_number=citizen.person.nhi_card)


@STEPS.act("{name} 輸入{which:正確|錯誤}的健保卡卡號註冊")
async def register_by_number(world: World, *, name: str, which: str) -> None:
    """Register with the number as it was typed from the card's front (A9)."""
    citizen = world.citizen(name)
    printed = citizen.person.nhi_card if which == "正確" else _WRONG_NUMBER
    await world.enter(citizen)
    await world.attempt(SIGN_IN, register(world.doors, citizen.visitor, printed_number=printed))


@STEPS.act("{name} 以{way:健保卡|自然人憑證|手機門號|裝置碼|臨櫃}完成認證")
async def prove(world: World, *, name: str, way: str) -> None:
    """Sign in that way; whether it succeeds is for a later step to say."""
    citizen = world.citizen(name)
    go, channel = WAYS[way]
    await sign_in(world, citizen, go, channel)


@STEPS.act("{name} 以手機門號認證但未解鎖螢幕")
async def without_unlock(world: World, *, name: str) -> None:
    """The phone was touched, not unlocked (A12)."""

    async def touching(doors: Doors, visitor: Visitor) -> UUID:
        return await own_number(doors, visitor, make=touched)

    await sign_in(world, world.citizen(name), touching, Channel.MOBILE)


@STEPS.act("{name} 以已綁定的手機登入")
async def by_bound_phone(world: World, *, name: str) -> None:
    """Unlocking a phone that was bound before is enough."""
    await sign_in(world, world.citizen(name), by_device, Channel.MOBILE)


@STEPS.act("{name} 在電腦產生裝置碼")
async def device_code_made(world: World, *, name: str) -> None:
    """Card on the computer, and a device code from it (A14)."""
    citizen = world.citizen(name)
    await world.attempt(SIGN_IN, make_device_code(world.doors, citizen.visitor))


@STEPS.act("{name} 在手機輸入裝置碼")
async def device_code_used(world: World, *, name: str) -> None:
    """The code from the computer, entered on the phone."""
    await sign_in(world, world.citizen(name), use_device_code, Channel.MOBILE)


@STEPS.act("{name} 輸入錯誤的裝置碼")
async def device_code_wrong(world: World, *, name: str) -> None:
    """A code that nobody made."""
    citizen = world.citizen(name)
    await make_device_code(world.doors, citizen.visitor)
    digits = int(citizen.visitor.device_digits or 0)
    citizen.visitor.device_digits = f"{(digits + 1) % 10**CODE_DIGITS:0{CODE_DIGITS}}"
    await sign_in(world, citizen, use_device_code, Channel.MOBILE)


@STEPS.act("{name} 只帶{papers:健保卡和身分證|健保卡}臨櫃註冊")
async def with_some_papers(world: World, *, name: str, papers: str) -> None:
    """At an office without the household certificate, or without the ID card too (A7)."""
    waived = papers == "健保卡和身分證"
    brought = {Document.NHI_CARD, Document.NATIONAL_ID} if waived else {Document.NHI_CARD}

    async def with_these(doors: Doors, visitor: Visitor) -> UUID:
        return await office(
            doors,
            visitor,
            documents=frozenset(brought),
            waived_reason=f"{HOUSEHOLD_CERTIFICATE} not at hand" if waived else None,
        )

    await sign_in(world, world.citizen(name), with_these, Channel.COUNTER)


@STEPS.act("{name} 忘記密碼")
async def password_forgotten(world: World, *, name: str) -> None:
    """From now on the person types another one (A3)."""
    world.citizen(name).visitor.password = some_password()


@STEPS.act("{name} 設定新密碼")
async def password_set(world: World, *, name: str) -> None:
    """A new password, in the session of the last sign-in (A2, A3)."""
    citizen = world.citizen(name)
    session = await session_of(world, citizen)
    chosen = some_password()
    await reset_password(world.system.identity, session=session, password=chosen)
    citizen.visitor.password = chosen


@STEPS.act("{name} 連續 {n} 次以健保卡認證")
async def many_tries(world: World, *, name: str, n: int) -> None:
    """So many tries in a row."""
    citizen = world.citizen(name)
    for _ in range(n):
        await sign_in(world, citizen, by_card, Channel.COMPUTER)


@STEPS.check("認證失敗的說明含「{text}」")
async def failure_says(world: World, *, text: str) -> None:
    """What the person is told to do next holds the text (A4, A6)."""
    refusal = world.outcome(SIGN_IN).refusal
    told = refusal.next_step("zh") if refusal else ""
    require(text in told, zh=f"說明為：{told}", en="the explanation does not hold the text")
