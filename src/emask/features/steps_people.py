"""Steps that say who somebody is and what they carry (A2-A5, A13)."""

from datetime import date

from emask.features.citizen import Citizen
from emask.features.outcome import WrongUse
from emask.features.registry import Registry
from emask.features.world import World
from emask.identity.registry import stop_card
from emask.rules.people import Residency, last_digit
from emask.sandbox.operator import Network, Plan
from emask.sandbox.visitor import Phone, Visitor

STEPS = Registry()
_PLANS = {
    "本人月租型": Plan.MONTHLY,
    "預付卡": Plan.PREPAID,
    "公司": Plan.COMPANY,
    "他人": Plan.OTHER,
}


@STEPS.act("{name} 是 {date} 出生的{kind:本國人|外籍人士}")
async def introduce(world: World, *, name: str, date: date, kind: str) -> None:
    """A person with a valid, made-up ID number and a phone of the own, monthly plan, on 4G."""
    if name in world.people:
        raise WrongUse(zh=f"「{name}」已經說明過了", en=f'"{name}" is there already')
    residency = Residency.NATIONAL if kind == "本國人" else Residency.FOREIGN
    person = world.birth.of(name, born=date, residency=residency, digit=world.digits.get(name))
    phone = Phone(handset=f"phone of {name}")
    world.people[name] = Citizen(visitor=Visitor(person=person, phone=phone))


@STEPS.act("{name} 的身分證末碼為 {digit}")
async def last_digit_is(world: World, *, name: str, digit: int) -> None:
    """The ID number ends so, from the beginning on: nobody gets another one on the way."""
    if last_digit(world.citizen(name).person.id_number) != digit:
        raise WrongUse(
            zh=f"{name} 的末碼已經說明為另一個", en="another last digit was given before"
        )


@STEPS.act("{name} 的手機門號是{line:本人月租型|預付卡|公司|他人}門號")
async def line_is(world: World, *, name: str, line: str) -> None:
    """Whose line is in the phone, and how it is paid."""
    world.citizen(name).visitor.phone.plan = _PLANS[line]


@STEPS.act("{name} 的手機使用{network:4G|Wi-Fi}")
async def network_is(world: World, *, name: str, network: str) -> None:
    """How the phone reaches us."""
    world.citizen(name).visitor.phone.network = Network(network)


@STEPS.act("{name} 的門號已{change:掛失|退租}")
async def line_ended(world: World, *, name: str, change: str) -> None:  # noqa: ARG001 - alike
    """The operator no longer knows the line (A4)."""
    world.citizen(name).visitor.phone.in_service = False


@STEPS.act("{name} 借用 {owner:name} 的手機")
async def borrow(world: World, *, name: str, owner: str) -> None:
    """The own line, in somebody else's handset (A13)."""
    lent = world.citizen(owner).visitor.phone.handset
    world.citizen(name).visitor.phone.handset = lent


@STEPS.act("{name} 的健保卡已掛失")
async def card_lost(world: World, *, name: str) -> None:
    """The registry no longer takes the card."""
    person_id = await world.enter(world.citizen(name))
    async with world.system.db.transaction() as tx:
        await stop_card(tx, person_id=person_id)
