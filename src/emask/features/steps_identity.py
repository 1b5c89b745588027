"""Steps about people and how they prove who they are (A1-A15)."""

from datetime import date

from emask.features.citizen import Citizen, Phone, some_password
from emask.features.outcome import WrongUse, require
from emask.features.registry import Registry
from emask.features.session import session_of
from emask.features.ways_in import (
    SIGN_IN,
    WAYS,
    by_card,
    by_device,
    make_device_code,
    office,
    own_number,
    register,
    sign_in,
    use_device_code,
)
from emask.features.world import World
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.registration import reset_password
from emask.identity.registry import stop_card
from emask.rules.calendar import Channel
from emask.rules.people import Document, Residency, residency_of

STEPS = Registry()
_WRONG_NUMBER = "000000000000"


@STEPS.act("{name} 是 {date} 出生的{kind:本國人|外籍人士}")
async def introduce(world: World, *, name: str, date: date, kind: str) -> None:
    """A person with a valid, made-up ID number and a phone of the own, monthly plan, on 4G."""
    if name in world.people:
        raise WrongUse(zh=f"「{name}」已經說明過了", en=f'"{name}" is there already')
    residency = Residency.NATIONAL if kind == "本國人" else Residency.FOREIGN
    person = world.birth.of(name, born=date, residency=residency, digit=None)
    world.people[name] = Citizen(person=person, phone=Phone(handset=f"phone of {name}"))


@STEPS.act("{name} 的身分證末碼為 {digit}")
async def last_digit_is(world: World, *, name: str, digit: int) -> None:
    """Another ID number, ending so; before the person's first act."""
    citizen = world.citizen(name)
    if citizen.person_id is not None:
        raise WrongUse(
            zh="末碼要在這個人做任何事之前說明", en="the digit comes before the person's first act"
        )
    citizen.person = world.birth.of(
        name,
        born=citizen.person.birth_date,
        residency=residency_of(citizen.person.id_number),
        digit=digit,
    )


@STEPS.act("{name} 的手機門號是{line:本人月租型|預付卡|公司|他人}門號")
async def line_is(world: World, *, name: str, line: str) -> None:
    """Whose line is in the phone, and how it is paid."""
    world.citizen(name).phone.line = line


@STEPS.act("{name} 的手機使用{network:4G|Wi-Fi}")
async def network_is(world: World, *, name: str, network: str) -> None:
    """How the phone reaches us."""
    world.citizen(name).phone.network = network


@STEPS.act("{name} 的門號已{change:掛失|退租}")
async def line_ended(world: World, *, name: str, change: str) -> None:  # noqa: ARG001 - alike
    """The operator no longer knows the line (A4)."""
    world.citizen(name).phone.in_service = False


@STEPS.act("{name} 借用 {owner:name} 的手機")
async def borrow(world: World, *, name: str, owner: str) -> None:
    """The own line, in somebody else's handset (A13)."""
    world.citizen(name).phone.handset = world.citizen(owner).phone.handset


@STEPS.act("{name} 的健保卡已掛失")
async def card_lost(world: World, *, name: str) -> None:
    """The registry no longer takes the card."""
    person_id = await world.enter(world.citizen(name))
    async with world.system.db.transaction() as tx:
        await stop_card(tx, person_id=person_id)


@STEPS.act("{name} 已完成健保卡網路服務註冊")
async def registered(world: World, *, name: str) -> None:
    """Registered on the web with the card (A1.1-2, A9)."""
    citizen = world.citizen(name)
    await register(world, citizen, printed_number=citizen.person.nhi_card)


@STEPS.act("{name} 輸入{which:正確|錯誤}的健保卡卡號註冊")
async def register_by_number(world: World, *, name: str, which: str) -> None:
    """Register with the number as it was typed from the card's front (A9)."""
    citizen = world.citizen(name)
    printed = citizen.person.nhi_card if which == "正確" else _WRONG_NUMBER
    await world.attempt(SIGN_IN, register(world, citizen, printed_number=printed))


@STEPS.act("{name} 以{way:健保卡|自然人憑證|手機門號|裝置碼|臨櫃}完成認證")
async def prove(world: World, *, name: str, way: str) -> None:
    """Sign in that way; whether it succeeds is for a later step to say."""
    citizen = world.citizen(name)
    go, channel = WAYS[way]
    await sign_in(world, citizen, go(world, citizen), channel)


@STEPS.act("{name} 以手機門號認證但未解鎖螢幕")
async def without_unlock(world: World, *, name: str) -> None:
    """The phone was touched, not unlocked (A12)."""
    citizen = world.citizen(name)
    touch = world.sandbox.unlock.touch(handset=citizen.phone.handset, at=await world.now())
    way = own_number(world, citizen, unlock=touch)
    await sign_in(world, citizen, way, Channel.MOBILE)


@STEPS.act("{name} 以已綁定的手機登入")
async def by_bound_phone(world: World, *, name: str) -> None:
    """Unlocking a phone that was bound before is enough."""
    citizen = world.citizen(name)
    await sign_in(world, citizen, by_device(world, citizen), Channel.MOBILE)


@STEPS.act("{name} 在電腦產生裝置碼")
async def device_code_made(world: World, *, name: str) -> None:
    """Card on the computer, and a device code from it (A14)."""
    citizen = world.citizen(name)
    await world.attempt(SIGN_IN, make_device_code(world, citizen))


@STEPS.act("{name} 在手機輸入裝置碼")
async def device_code_used(world: World, *, name: str) -> None:
    """The code from the computer, entered on the phone."""
    citizen = world.citizen(name)
    await sign_in(world, citizen, use_device_code(world, citizen), Channel.MOBILE)


@STEPS.act("{name} 輸入錯誤的裝置碼")
async def device_code_wrong(world: World, *, name: str) -> None:
    """A code that nobody made."""
    citizen = world.citizen(name)
    await make_device_code(world, citizen)
    citizen.device_digits = f"{(int(citizen.device_digits or 0) + 1) % 10**8:08}"
    await sign_in(world, citizen, use_device_code(world, citizen), Channel.MOBILE)


@STEPS.act("{name} 只帶{papers:健保卡和身分證|健保卡}臨櫃註冊")
async def with_some_papers(world: World, *, name: str, papers: str) -> None:
    """At an office without the household certificate, or without the ID card too (A7)."""
    citizen = world.citizen(name)
    waived = papers == "健保卡和身分證"
    brought = {Document.NHI_CARD, Document.NATIONAL_ID} if waived else {Document.NHI_CARD}
    way = office(
        world,
        citizen,
        documents=frozenset(brought),
        waived_reason=f"{HOUSEHOLD_CERTIFICATE} not at hand" if waived else None,
    )
    await sign_in(world, citizen, way, Channel.COUNTER)


@STEPS.act("{name} 忘記密碼")
async def password_forgotten(world: World, *, name: str) -> None:
    """From now on the person types another one (A3)."""
    world.citizen(name).password = some_password()


@STEPS.act("{name} 設定新密碼")
async def password_set(world: World, *, name: str) -> None:
    """A new password, in the session of the last sign-in (A2, A3)."""
    citizen = world.citizen(name)
    session = await session_of(world, citizen)
    chosen = some_password()
    await reset_password(world.system.identity, session=session, password=chosen)
    citizen.password = chosen


@STEPS.act("{name} 連續 {n} 次以健保卡認證")
async def many_tries(world: World, *, name: str, n: int) -> None:
    """So many tries in a row."""
    citizen = world.citizen(name)
    for _ in range(n):
        await sign_in(world, citizen, by_card(world, citizen), Channel.COMPUTER)


@STEPS.check("認證失敗的說明含「{text}」")
async def failure_says(world: World, *, text: str) -> None:
    """What the person is told to do next holds the text (A4, A6)."""
    refusal = world.outcome(SIGN_IN).refusal
    told = refusal.next_step("zh") if refusal else ""
    require(text in told, zh=f"說明為：{told}", en="the explanation does not hold the text")
