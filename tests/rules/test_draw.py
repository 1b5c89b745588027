from hashlib import sha256
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.rules.draw import (
    ALGORITHM,
    DOMAIN,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    node_hash,
    order_of_draw,
    rank_key,
    select,
    verify_inclusion,
)

# The test set of Certificate Transparency.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
# The randomness of round 42 of drand's quicknet.
SEED = bytes.fromhex("8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3")
ROOT = bytes.fromhex(ROOTS[8])
TICKETS = [f"T{n:03}".encode() for n in range(8)]

small_leaves = st.lists(st.binary(max_size=4), max_size=70)


def plain_root(leaves: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = plain_root(leaves[:split]), plain_root(leaves[split:])
    return sha256(b"\1" + left + right).digest()


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_roots_of_the_known_set(size: int, root: str) -> None:
    assert merkle_root(LEAVES[:size]).hex() == root
    assert merkle_root(iter(LEAVES[:size])).hex() == root


@given(small_leaves)
def test_the_root_is_the_definitions(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == plain_root(leaves)


@pytest.mark.parametrize("size", [4095, 4096, 4097, 8192, 12288, 12289, 20480, 28673])
def test_the_root_of_several_blocks(size: int) -> None:
    leaves = [n.to_bytes(3, "big") for n in range(size)]
    assert merkle_root(iter(leaves)) == plain_root(leaves)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70, unique=True), st.data())
def test_a_proof_holds_for_its_leaf_alone(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, size, leaf = merkle_root(leaves), len(leaves), leaves[index]
    proof = inclusion_proof(leaves, index)
    assert verify_inclusion(root, size, index, leaf, proof)
    assert not verify_inclusion(root, size, index, leaf + b"x", proof)
    assert not verify_inclusion(leaf_hash(root), size, index, leaf, proof)
    assert not verify_inclusion(root, size, index, leaf, [*proof, root])
    assert not verify_inclusion(root, size, size, leaf, proof)
    assert not verify_inclusion(root, size, -1, leaf, proof)
    if proof:
        assert not verify_inclusion(root, size, index, leaf, proof[:-1])
        assert not verify_inclusion(root, size, index ^ 1, leaf, proof)


def test_a_node_does_not_pass_for_a_leaf() -> None:
    node = node_hash(leaf_hash(b"a"), leaf_hash(b"b"))
    assert merkle_root([b"a", b"b"]) == node
    assert merkle_root([leaf_hash(b"a") + leaf_hash(b"b")]) != node
    assert not verify_inclusion(node, 1, 0, leaf_hash(b"a") + leaf_hash(b"b"), [])


@pytest.mark.parametrize("index", [-1, 8])
def test_there_is_no_proof_of_what_is_not_there(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(LEAVES, index)


def test_the_worked_example() -> None:
    assert ALGORITHM == "emask-draw/v1"
    assert DOMAIN == b"emask-draw/v1\0"
    assert rank_key(SEED, ROOT, b"T000").hex() == (
        "05829b5d7e4cee71534c4a3ec4d0379b5add61fe8d4defffeeb954eb8b2ac9ef"
    )
    order = [ticket.decode() for ticket in order_of_draw(TICKETS, SEED, ROOT)]
    assert order == ["T004", "T000", "T005", "T003", "T002", "T007", "T001", "T006"]


def test_b12_the_order_of_arrival_does_not_count() -> None:
    expected = order_of_draw(TICKETS[:5], SEED, ROOT)
    for arrived in permutations(TICKETS[:5]):
        assert order_of_draw(arrived, SEED, ROOT) == expected


def test_the_quota_is_drawn_and_the_rest_waits() -> None:
    selected, waiting = select(TICKETS, quota=3, seed=SEED, root=ROOT)
    assert selected == [b"T004", b"T000", b"T005"]
    assert waiting == [b"T003", b"T002", b"T007", b"T001", b"T006"]


@pytest.mark.parametrize("quota", [8, 9, 2_333_333])
def test_all_are_selected_when_there_are_packs_for_all(quota: int) -> None:
    selected, waiting = select(TICKETS, quota=quota, seed=SEED, root=ROOT)
    assert selected == order_of_draw(TICKETS, SEED, ROOT)
    assert waiting == []


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_another_seed_or_list_gives_other_ranks(seed: bytes, root: bytes) -> None:
    keys = [rank_key(seed, root, ticket) for ticket in order_of_draw(TICKETS, seed, root)]
    assert all(first < second for first, second in pairwise(keys))
    if (seed, root) != (SEED, ROOT):
        assert rank_key(seed, root, b"T000") != rank_key(SEED, ROOT, b"T000")


def test_early_tickets_win_no_oftener() -> None:
    """Over many draws each ticket wins a quarter of the time, wherever it stands."""
    draws = 2000
    wins = dict.fromkeys(TICKETS, 0)
    for n in range(draws):
        selected, _ = select(TICKETS, quota=2, seed=n.to_bytes(32, "big"), root=ROOT)
        for ticket in selected:
            wins[ticket] += 1
    assert all(abs(count - draws / 4) < draws * 0.04 for count in wins.values())
