"""A made-up population: plausible, valid, and the same for the same seed."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from emask.identity.model import NewPerson
from emask.rules.people import make_national_id, make_residence_id

# Common surnames, the most common ones several times over.
_SURNAMES: Final = (
    "陳陳陳陳陳陳林林林林林黃黃黃張張張李李李王王王吳吳劉劉蔡蔡楊楊許許鄭謝洪郭邱曾廖賴徐周葉蘇"
    "莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁卓馬阮董唐藍"
)
_SURNAMES_OF_TWO: Final = ("歐陽", "司徒", "張簡", "上官")
_FIRST: Final = "志俊建文冠家宗宏明承柏彥信哲育淑雅怡美惠佩欣麗秀玉雅詩婉靜佳宜品子宇承睿思采"
_SECOND: Final = "明豪宏傑偉廷翰霖瑋安恩軒宇翔勳賢華強芬玲珍娟芳君婷如雯萱涵潔慧琪穎妤蓉樺瑜庭妍彤"
_FOREIGN_NAMES: Final = ("NGUYEN", "TRAN", "SITI", "DEWI", "MARIA", "JOHN", "SOMCHAI", "YUKI")
_FOREIGN_SURNAMES: Final = ("THI", "VAN", "RAHAYU", "LESTARI", "SANTOS", "SMITH", "SATO", "CHAN")

_OLDEST: Final = date(1930, 1, 1)
_FIRST_CHILD: Final = date(2007, 1, 1)
_AFTER_YOUNGEST: Final = date(2020, 1, 1)
_PERMILLE: Final = 1000


def made_up_people(
    count: int,
    *,
    seed: int = 0,
    foreigners_per_thousand: int = 35,
    children_per_thousand: int = 115,
) -> Iterator[NewPerson]:
    """People who do not exist, each with a valid number that no other one of them has.

    Args:
        count: how many.
        seed: the same seed gives the same people; different seeds share numbers.
        foreigners_per_thousand: how many hold a residence permit.
        children_per_thousand: how many are born from 2007 on, up to 2019; all others from 1930.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret is made up here
    for serial in range(count):
        foreign = chance.randrange(_PERMILLE) < foreigners_per_thousand
        child = chance.randrange(_PERMILLE) < children_per_thousand
        yield NewPerson(
            id_number=make_residence_id(serial) if foreign else make_national_id(serial),
            name=_foreign_name(chance) if foreign else _name(chance),
            birth_date=_birth_date(chance, child=child),
            mobile=f"09{chance.randrange(10**8):08}",
            nhi_card=f"{chance.randrange(10**12):012}",
            household_number=f"{chance.choice('ABCDEFHJKMNQT')}{chance.randrange(10**7):07}",
            language="en" if foreign else "zh",
        )


def _name(chance: random.Random) -> str:
    if chance.randrange(_PERMILLE) < len(_SURNAMES_OF_TWO):
        surname = chance.choice(_SURNAMES_OF_TWO)
    else:
        surname = chance.choice(_SURNAMES)
    return surname + chance.choice(_FIRST) + chance.choice(_SECOND)


def _foreign_name(chance: random.Random) -> str:
    return f"{chance.choice(_FOREIGN_NAMES)} {chance.choice(_FOREIGN_SURNAMES)}"


def _birth_date(chance: random.Random, *, child: bool) -> date:
    first, after = (_FIRST_CHILD, _AFTER_YOUNGEST) if child else (_OLDEST, _FIRST_CHILD)
    return first + timedelta(days=chance.randrange((after - first).days))
