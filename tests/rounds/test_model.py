import pytest

from emask.rounds.model import COUNTIES, Chain


def test_the_four_chains_are_known_by_their_names() -> None:
    assert [chain.label for chain in Chain] == ["7-11", "全家", "萊爾富", "OK"]
    assert [chain.label_en for chain in Chain] == ["7-ELEVEN", "FamilyMart", "Hi-Life", "OK Mart"]


@pytest.mark.parametrize("chain", Chain)
def test_a_name_in_either_language_leads_back_to_the_chain(chain: Chain) -> None:
    assert Chain.from_label(chain.label) is chain
    assert Chain.from_label(chain.label_en) is chain


def test_a_name_of_no_chain_is_an_error() -> None:
    with pytest.raises(LookupError, match="全聯"):
        Chain.from_label("全聯")


def test_there_are_22_cities_and_counties() -> None:
    assert len(set(COUNTIES)) == len(COUNTIES) == 22
    assert not [county for county in COUNTIES if "台" in county]
