"""The scenes by their names: what a worker is told to play."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType

from emask.rehearsal.buying import buy
from emask.rehearsal.collecting import collect, come_after_the_end
from emask.rehearsal.company import Company, Tally
from emask.rehearsal.paying import (
    PAYING_HOURS,
    money_after_the_deadline,
    money_after_the_release,
    pay,
)
from emask.rehearsal.registering import (
    change_minds,
    come_too_late,
    register_at_once,
    register_later,
    sign_in,
)
from emask.rules.calendar import Round

Play = Callable[[Company, Round], Awaitable[Tally]]

SCENES: Mapping[str, Play] = MappingProxyType(
    {
        "buy": buy,
        "sign_in": sign_in,
        "register_at_once": register_at_once,
        "change_minds": change_minds,
        "register_later": register_later,
        "come_too_late": come_too_late,
        **{f"pay_{hour}": partial(pay, hour=hour) for hour in range(PAYING_HOURS)},
        "money_after_the_deadline": money_after_the_deadline,
        "money_after_the_release": money_after_the_release,
        "collect": collect,
        "come_after_the_end": come_after_the_end,
    }
)
