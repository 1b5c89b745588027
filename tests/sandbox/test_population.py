from collections import Counter
from datetime import date

import pytest

from emask.identity.model import NewPerson
from emask.rules.people import (
    Residency,
    normalise_household_number,
    normalise_id,
    normalise_mobile,
    normalise_nhi_card,
    residency_of,
)
from emask.sandbox.population import made_up_people

COUNT = 5_000
FIRST_CHILD = date(2007, 1, 1)


@pytest.fixture(scope="module")
def people() -> list[NewPerson]:
    return list(made_up_people(COUNT))


def test_the_same_seed_gives_the_same_people(people: list[NewPerson]) -> None:
    assert list(made_up_people(100)) == people[:100]
    assert list(made_up_people(100, seed=1)) != people[:100]


def test_nobody_shares_a_number(people: list[NewPerson]) -> None:
    assert len({person.id_number for person in people}) == COUNT


def test_everything_about_them_is_valid(people: list[NewPerson]) -> None:
    for person in people:
        assert normalise_id(person.id_number) == person.id_number
        assert person.mobile is not None
        assert normalise_mobile(person.mobile) == person.mobile
        assert normalise_nhi_card(person.nhi_card) == person.nhi_card
        assert normalise_household_number(person.household_number) == person.household_number
        assert date(1930, 1, 1) <= person.birth_date < date(2020, 1, 1)


def test_their_names_are_plausible_and_varied(people: list[NewPerson]) -> None:
    for person in people:
        if residency_of(person.id_number) is Residency.NATIONAL:
            assert 3 <= len(person.name) <= 4
            assert person.language == "zh"
        else:
            assert person.name.isascii()
            assert person.language == "en"
    assert len({person.name for person in people}) > COUNT / 2
    surnames = Counter(person.name[0] for person in people)
    assert surnames.most_common(1)[0][0] == "陳"


def test_residents_and_children_come_in_the_shares_asked_for() -> None:
    people = list(made_up_people(COUNT, foreigners_per_thousand=200, children_per_thousand=300))
    residents = sum(residency_of(person.id_number) is Residency.FOREIGN for person in people)
    children = sum(person.birth_date >= FIRST_CHILD for person in people)
    assert residents / COUNT == pytest.approx(0.2, abs=0.03)
    assert children / COUNT == pytest.approx(0.3, abs=0.03)


def test_a_population_may_be_of_one_kind() -> None:
    people = list(made_up_people(500, foreigners_per_thousand=0, children_per_thousand=0))
    assert all(residency_of(person.id_number) is Residency.NATIONAL for person in people)
    assert all(person.birth_date < FIRST_CHILD for person in people)
