"""The public draw: a pure function of the frozen list and a beacon value, and the list's tree.

Order of arrival does not count (B12): a ticket's rank is a hash of beacon value, list and ticket.
The tree is that of RFC 9162: leaves are hashed after a zero byte, nodes after a one.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice

ALGORITHM = "emask-draw/v1"
DOMAIN = ALGORITHM.encode() + b"\0"


def rank_key(seed: bytes, root: bytes, ticket: bytes) -> bytes:
    """32 bytes; the smallest is drawn first. `seed` is the beacon's value, `root` the list's."""
    return sha256(DOMAIN + seed + root + ticket).digest()


def order_of_draw(tickets: Iterable[bytes], seed: bytes, root: bytes) -> list[bytes]:
    """All tickets in the order in which they are drawn, whatever order they come in."""
    return sorted(tickets, key=lambda ticket: rank_key(seed, root, ticket))


def select(
    tickets: Iterable[bytes], *, quota: int, seed: bytes, root: bytes
) -> tuple[list[bytes], list[bytes]]:
    """The selected, at most `quota`, and the waiting, both in the order of the draw."""
    drawn = order_of_draw(tickets, seed, root)
    return drawn[:quota], drawn[quota:]


def leaf_hash(leaf: bytes) -> bytes:
    """32 bytes."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """32 bytes."""
    return sha256(b"\1" + left + right).digest()


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """The root over any number of leaves, read once and in blocks; sha256 of nothing for none."""
    stream = iter(leaves)
    full: list[tuple[int, bytes]] = []  # finished subtrees, ever smaller: blocks in it, its root
    last: bytes | None = None
    while block := [leaf_hash(leaf) for leaf in islice(stream, _BLOCK)]:
        root = _levels(block)[-1][0]
        if len(block) < _BLOCK:
            last = root
            break
        blocks = 1
        while full and full[-1][0] == blocks:
            root = node_hash(full.pop()[1], root)
            blocks *= 2
        full.append((blocks, root))
    for _, left in reversed(full):
        last = left if last is None else node_hash(left, last)
    return sha256(b"").digest() if last is None else last


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The neighbours on the way from leaf `index` (counted from 0) to the root.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} among {len(leaves)}")
    proof: list[bytes] = []
    for level in _levels([leaf_hash(leaf) for leaf in leaves]):
        neighbour = index ^ 1
        if neighbour < len(level):
            proof.append(level[neighbour])
        index //= 2
    return proof


def verify_inclusion(
    root: bytes, size: int, index: int, leaf: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether `leaf` is number `index` of the `size` leaves under `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    neighbours = iter(proof)
    reached = leaf_hash(leaf)
    last = size - 1
    while last > 0:
        if index % 2 == 1 or index < last:  # else the node stands alone and goes up as it is
            neighbour = next(neighbours, None)
            if neighbour is None:
                return False
            pair = (neighbour, reached) if index % 2 == 1 else (reached, neighbour)
            reached = node_hash(*pair)
        index //= 2
        last //= 2
    return reached == root and next(neighbours, None) is None


def _levels(level: list[bytes]) -> list[list[bytes]]:
    """The tree from its leaf hashes up to the root; a node without neighbour goes up as it is."""
    levels = [level]
    while len(level) > 1:
        pairs = range(0, len(level) - 1, 2)
        above = [sha256(b"\1" + level[i] + level[i + 1]).digest() for i in pairs]
        if len(level) % 2 == 1:
            above.append(level[-1])
        level = above
        levels.append(level)
    return levels


_BLOCK = 4096  # leaves; a power of two, so that a full block is a complete subtree
