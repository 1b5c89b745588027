"""A password that is replaced while an old one is being compared opens nothing any more."""

import asyncio
import threading
from dataclasses import replace
from typing import Literal

from argon2 import PasswordHasher

from emask.identity.registration import reset_password
from emask.identity.sign_in import sign_in_with_card
from identity.world import CHEAP, MING, PASSWORD, World, refused


class Slow(PasswordHasher):
    """Compares, and holds the answer back until it is let go."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.compared = threading.Event()
        self.let_go = threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - the library's name
        matches = CHEAP.verify(hash, password)
        self.compared.set()
        self.let_go.wait(timeout=10)
        return matches


async def test_the_old_password_is_refused_though_it_fitted(world: World) -> None:
    await world.register(MING)
    slow = Slow()
    attempt = asyncio.create_task(
        sign_in_with_card(
            replace(world.identity, passwords=slow),
            evidence=await world.card(MING),
            password=PASSWORD,
        )
    )
    await asyncio.to_thread(slow.compared.wait, 10)
    await reset_password(world.identity, session=await world.session(MING), password="another one")
    slow.let_go.set()
    async with refused("wrong_password"):
        await attempt


async def test_it_is_the_replacing_that_refuses_it(world: World) -> None:
    await world.register(MING)
    slow = Slow()
    slow.let_go.set()
    await sign_in_with_card(
        replace(world.identity, passwords=slow), evidence=await world.card(MING), password=PASSWORD
    )
