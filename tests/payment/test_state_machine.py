"""Whatever happens in whatever sequence: credited once, and every dollar is found."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from emask.database.vault import Vault
from emask.rounds.catalogue import built_in_round
from emask.rounds.service import save_round
from payment.machine import PaymentMachine
from payment.mortal import MortalDatabase
from payment.stage import Stage

THOROUGH = settings.get_current_profile_name() == "thorough"
SETTINGS = settings(
    max_examples=10_000 if THOROUGH else 60,
    stateful_step_count=25,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def stage(database_url: str, vault: Vault) -> Iterator[Stage]:
    with asyncio.Runner() as runner:
        db = MortalDatabase(database_url, size=4)
        runner.run(_opened(db))
        with psycopg.connect(database_url, autocommit=True) as look:
            round = built_in_round("2020-1")
            yield Stage(runner=runner, db=db, look=look, vault=vault, round=round)
        runner.run(db.__aexit__(None))


async def _opened(db: MortalDatabase) -> None:
    await db.__aenter__()
    async with db.transaction() as tx:
        await save_round(tx, built_in_round("2020-1"))
        await tx.execute(
            "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
            " VALUES ('SE', '100001', '門市', '台北市', '臺北市', '大安區', '106')"
        )


def on(stage: Stage, machine: type[PaymentMachine]) -> type[PaymentMachine]:
    """A machine that Hypothesis can build."""

    class OnStage(machine):  # type: ignore[misc, valid-type]  # a class made for each stage
        def __init__(self) -> None:
            super().__init__(stage)

    return OnStage


@pytest.mark.timeout(0 if THOROUGH else 300)
def test_an_order_is_credited_once_and_every_dollar_is_found(stage: Stage) -> None:
    run_state_machine_as_test(on(stage, PaymentMachine), settings=SETTINGS)


class WithoutFirstTime(PaymentMachine):
    """Every message is taken for a new one."""

    async def receive(self, body: bytes) -> str:
        async with self.db.transaction() as tx:
            await tx.execute(
                "DELETE FROM inbox WHERE message_id = %s", (self.told(body).message_id,)
            )
        return await super().receive(body)


class WithoutSettlesOnce(PaymentMachine):
    """Every order is taken for one that awaits money, and may be paid twice."""

    async def receive(self, body: bytes) -> str:
        async with self.db.transaction() as tx:
            await tx.execute("DROP INDEX IF EXISTS payment_event_settles_once")
            await tx.execute("DELETE FROM claim WHERE round_id IS NOT NULL")
            await tx.execute(
                "UPDATE orders SET state = 'awaiting_payment', paid_at = NULL WHERE state = 'paid'"
            )
        return await super().receive(body)


class WithMoneyOfAnother(PaymentMachine):
    """The first order of all is paid, whosever money it is."""

    async def receive(self, body: bytes) -> str:
        outcome = await super().receive(body)
        if outcome == "settles":
            async with self.db.transaction() as tx:
                await tx.execute(
                    "UPDATE orders SET state = 'paid', paid_at = changed_at WHERE person_id = %s",
                    (self.people[0],),
                )
        return outcome


@pytest.mark.parametrize(
    "machine", [WithoutFirstTime, WithoutSettlesOnce, WithMoneyOfAnother], ids=lambda m: m.__name__
)
def test_the_machine_finds_what_a_missing_guard_lets_through(
    stage: Stage, machine: type[PaymentMachine]
) -> None:
    """The negative controls."""
    quick = settings(
        SETTINGS,
        max_examples=200,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(on(stage, machine), settings=quick)
