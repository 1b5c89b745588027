"""How much processor time a process and everything it started have used."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class _Process(NamedTuple):
    pid: int
    parent: int
    ticks: int


def cpu_seconds(root: int) -> float:
    """User and system time of a process and its living descendants, in seconds."""
    processes = list(_processes())
    tree = _tree(root, processes)
    return sum(each.ticks for each in processes if each.pid in tree) / _TICKS_PER_SECOND


def process_tree(root: int) -> frozenset[int]:
    """A process and its living descendants, by their numbers."""
    return frozenset(_tree(root, list(_processes())))


def _tree(root: int, processes: Sequence[_Process]) -> set[int]:
    tree = {root}
    while more := {each.pid for each in processes if each.parent in tree} - tree:
        tree |= more
    return tree


def _processes() -> Iterator[_Process]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            # The name may hold anything, blanks and brackets too; the figures follow it.
            figures = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        yield _Process(int(folder.name), int(figures[1]), int(figures[11]) + int(figures[12]))
