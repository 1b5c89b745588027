import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from emask.identity.passwords import HASHER, hash_password, password_matches
from identity.world import CHEAP, PASSWORD, WRONG


async def test_a_hash_is_argon2id_with_a_salt_of_its_own() -> None:
    one, two = [await hash_password(CHEAP, PASSWORD) for _ in range(2)]
    assert one.startswith("$argon2id$")
    assert one != two
    assert PASSWORD not in one


async def test_only_the_password_matches_and_nothing_kept_never_does() -> None:
    kept = await hash_password(CHEAP, PASSWORD)
    assert await password_matches(CHEAP, kept=kept, password=PASSWORD)
    assert not await password_matches(CHEAP, kept=kept, password=WRONG)
    assert not await password_matches(CHEAP, kept=None, password=PASSWORD)


async def test_hashing_lets_the_loop_go_on() -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    hashing = asyncio.create_task(hash_password(HASHER, PASSWORD))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 3


async def test_a_production_hash_costs_what_it_should() -> None:
    """About 0.1 s: dear to guess, bearable to type. Wide bounds, for machines differ."""
    before = time.process_time()
    await hash_password(HASHER, PASSWORD)
    assert 0.02 < time.process_time() - before < 1
