"""Parcels over the wire: what leaves the centres is created, told of, and has its effect."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import httpx2
import pytest

from delivery.world import FIRST, OTHER, OURS, Someone, World
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.delivery import packing
from emask.delivery.collection import hand_over
from emask.delivery.consignments import consign
from emask.delivery.figures import figures_of
from emask.delivery.forfeits import change_store, forfeit_uncollected
from emask.programme.parcels import ParcelChores, look_after_parcels
from emask.programme.queries import begin_step
from emask.programme.service import advance_to, run_due
from emask.programme.steps import STEPS
from emask.programme.system import System, open_system
from emask.rounds.model import Chain, Store
from emask.rounds.stores import save_stores
from emask.rules.people import Document
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox
from emask.web.app import create_app

TOLD = "http://localhost/api/deliveries/ecpay"
SECOND_SHOP = (Chain.SE, "100002")


class Chains:
    """The system under test, with its sandboxed chains."""

    def __init__(self, world: World, system: System, sandbox: Sandbox) -> None:
        self.world = world
        self.system = system
        self.sandbox = sandbox

    async def chore(self) -> ParcelChores:
        self.system.parcel_pace.consigned_at = None
        done = await look_after_parcels(self.system)
        assert not done.failed
        return done

    async def send_out(self, *, orders: int = 1) -> list[Someone]:
        """Orders that are packed, shipped, and known to their chain."""
        people = []
        for _ in range(orders):
            people.append(await self.world.person())
            await self.world.order(people[-1])
        await self.world.pack()
        await self.world.clock.set(FIRST.release_at + timedelta(days=1))
        async with self.world.db.transaction() as tx:
            await packing.ship(tx, round=FIRST, at=await self.world.clock.now())
        done = await self.chore()
        assert (done.consigned, done.created) == (orders, orders)
        return people

    async def pass_time(self, *, days: int = 0, hours: int = 0) -> datetime:
        now = await self.world.clock.now() + timedelta(days=days, hours=hours)
        await self.world.clock.set(now)
        while await self.sandbox.chains.tell_due(now):
            pass
        await self.chore()
        return now

    async def trade_of(self, who: Someone) -> str:
        return str(
            await self.world.value(
                "SELECT trade_no FROM consignment WHERE person_id = %s ORDER BY nth DESC",
                who.person_id,
            )
        )

    async def standing(self, who: Someone) -> Sequence[object]:
        """State, returned, ended: of the latest consignment."""
        rows = await self.world.rows(
            "SELECT state, returned_at IS NOT NULL, ended_at IS NOT NULL FROM consignment"
            " WHERE person_id = %s ORDER BY nth DESC LIMIT 1",
            who.person_id,
        )
        return rows[0]


@pytest.fixture
async def chains(db: Database, clock: SetClock, vault: Vault, keys: Keys) -> AsyncIterator[Chains]:
    world = World(db=db, clock=clock, vault=vault)
    await world.build()
    await install(db)
    other = Store(
        chain=Chain.SE,
        code=SECOND_SHOP[1],
        name="另一門市",
        address="臺北市",
        county="臺北市",
        town="大安區",
        zip_code="106",
    )
    async with db.transaction() as tx:
        await save_stores(tx, [other])
    held: dict[str, httpx2.AsyncClient] = {}

    async def tell(request: httpx2.Request) -> httpx2.Response:
        return await held["site"].post(
            str(request.url), content=request.content, headers=request.headers
        )

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(tell)) as pushing:
        sandbox = Sandbox.over(db, clock, keys, pushing=pushing)
        partners = sandbox.partners_with_chains
        async with open_system(db, clock=clock, keys=keys, partners=partners) as system:
            transport = httpx2.ASGITransport(create_app(system))
            async with httpx2.AsyncClient(transport=transport) as site:
                held["site"] = site
                yield Chains(world, system, sandbox)


async def test_a_parcel_is_created_told_of_and_arrives(chains: Chains) -> None:
    (who,) = await chains.send_out()
    await chains.pass_time(hours=3)
    assert await chains.world.state(who) == "paid"
    await chains.pass_time(days=2)
    assert (await chains.standing(who))[0] == "arrived"
    assert await chains.world.state(who) == "arrived"
    notices = await chains.world.rows("SELECT kind FROM outbox WHERE person_id = %s", who.person_id)
    assert ("arrived",) in notices
    statuses = await chains.world.rows("SELECT state FROM consignment_status")
    assert len(statuses) > 3


async def test_the_calendar_puts_nothing_at_stores_that_a_chain_tells_of(chains: Chains) -> None:
    (who,) = await chains.send_out()
    await chains.world.clock.set(FIRST.pickup_opens_at)
    await run_due(chains.system, FIRST.pickup_opens_at)
    assert await chains.world.state(who) == "paid"


async def test_what_is_missing_in_the_centre_is_not_created(chains: Chains) -> None:
    who, world = await chains.world.person(), chains.world
    await world.order(who)
    await world.pack()
    await world.clock.set(FIRST.release_at + timedelta(days=1))
    now = await world.clock.now()
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=now)
        assert await consign(tx, round=FIRST, at=now) == 1
    await miss(chains)
    assert (await chains.chore()).created == 0
    await world.rows("UPDATE parcel SET hold = 'later' RETURNING 1")
    assert (await chains.chore()).created == 1


async def test_what_a_chain_has_at_a_store_is_not_missing(chains: Chains) -> None:
    (who,) = await chains.send_out()
    await miss(chains)
    await chains.pass_time(days=2)
    assert await chains.world.state(who) == "arrived"
    assert await chains.world.value("SELECT hold FROM parcel") is None


async def miss(chains: Chains) -> None:
    """The pack of every parcel is missing in its centre."""
    await chains.world.rows(
        "WITH shortage AS (INSERT INTO shortage (round_id, chain, packs, reported_at, reported_by)"
        " SELECT round_id, chain, 1, now(), 'centre' FROM parcel RETURNING shortage_id)"
        " UPDATE parcel SET hold = 'short', shortage_id = shortage.shortage_id FROM shortage"
        " RETURNING 1"
    )


async def test_packs_are_there_when_a_clock_that_jumps_gets_to_the_first_day(
    chains: Chains,
) -> None:
    who = await ready_to_ship(chains)
    await advance_to(chains.system, FIRST.pickup_opens_at)
    assert await chains.world.state(who) == "arrived"
    assert (await chains.standing(who))[0] == "arrived"
    notices = await chains.world.rows("SELECT kind FROM outbox WHERE person_id = %s", who.person_id)
    assert ("arrived",) in notices


async def test_chains_that_answer_nobody_do_not_hold_up_the_clock(chains: Chains) -> None:
    """The negative control as well: chains tell nothing by themselves here."""
    who = await ready_to_ship(chains)
    await chains.sandbox.mischief.begin("chains", "forbidden")
    await advance_to(chains.system, FIRST.pickup_opens_at)
    assert await chains.world.clock.now() == FIRST.pickup_opens_at
    assert await chains.world.state(who) == "paid"
    await chains.sandbox.mischief.end("chains")
    for days in (1, 2):
        await advance_to(chains.system, FIRST.pickup_opens_at + timedelta(days=days))
    assert await chains.world.state(who) == "arrived"


async def ready_to_ship(chains: Chains) -> Someone:
    """An order that is packed, with the clock at the release."""
    who, world = await chains.world.person(), chains.world
    await world.order(who)
    await world.pack()
    await world.clock.set(FIRST.release_at)
    async with world.db.transaction() as tx:
        for step in STEPS[: [each.name for each in STEPS].index("ship")]:
            await begin_step(tx, round_id=FIRST.id, step=step.name, at=FIRST.release_at)
    return who


async def test_chains_see_what_tills_hand_over_once_it_stands(chains: Chains) -> None:
    who, other = await chains.send_out(orders=2)
    await chains.pass_time(days=1)
    await chains.world.clock.set(FIRST.pickup_opens_at + timedelta(hours=9))
    await hand_over_to(chains, who)
    await chains.pass_time(hours=0)
    assert (await chains.standing(who))[0] == "arrived"  # it may still be taken back
    await chains.pass_time(hours=1)
    assert (await chains.standing(who))[0] == "collected"
    assert (await chains.standing(other))[0] == "arrived"


async def test_what_was_handed_over_does_not_go_back_though_the_clock_jumps(
    chains: Chains,
) -> None:
    who, other = await chains.send_out(orders=2)
    await chains.pass_time(days=1)
    await chains.world.clock.set(FIRST.pickup_opens_at + timedelta(hours=9))
    await hand_over_to(chains, who)
    await chains.pass_time(days=30)
    assert await chains.standing(who) == ("collected", False, False)
    assert (await chains.standing(other))[0] == "returned_to_sender"


async def hand_over_to(chains: Chains, who: Someone) -> None:
    await hand_over(
        chains.world.db,
        chains.world.clock,
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=OURS[0],
        store_code=OURS[1],
        document=Document.NHI_CARD,
        by_proxy=False,
        clerk="clerk",
    )


async def test_the_chains_word_that_it_was_collected_hands_nothing_over(chains: Chains) -> None:
    (who,) = await chains.send_out()
    now = await chains.pass_time(days=2)
    await chains.sandbox.chains.playing.collect([await chains.trade_of(who)], at=now)
    await chains.pass_time(hours=1)
    assert (await chains.standing(who))[0] == "collected"
    assert await chains.world.state(who) == "arrived"


async def test_what_nobody_collected_is_returned_after_the_last_day(chains: Chains) -> None:
    (who,) = await chains.send_out()
    await chains.pass_time(days=2)
    end = FIRST.pickup_ends_at
    await chains.world.clock.set(end)
    async with chains.world.db.transaction() as tx:
        assert await forfeit_uncollected(tx, round=FIRST, at=end) == 1
    await chains.world.rows(
        "UPDATE sandbox.chains_parcel SET due_at = %s RETURNING 1", end + timedelta(hours=1)
    )
    await chains.pass_time(days=5)
    assert await chains.standing(who) == ("returned_to_sender", True, True)
    assert await chains.world.state(who) == "forfeited"
    async with chains.world.db.transaction() as tx:
        told = (await figures_of(tx, round_id=FIRST.id)).total
    assert (told.paid, told.arrived, told.forfeited, told.returned) == (1, 1, 1, 1)


async def test_a_closed_store_lets_its_people_choose_and_the_parcel_follows(
    chains: Chains,
) -> None:
    (who,) = await chains.send_out()
    await chains.pass_time(hours=3)
    await chains.sandbox.chains.playing.close_store(*OURS)
    await chains.pass_time(days=2)
    assert (await chains.standing(who))[0] == "reselect_store"
    notices = await chains.world.rows("SELECT kind FROM outbox WHERE person_id = %s", who.person_id)
    assert ("store_closed",) in notices
    await change_store(
        chains.world.db,
        chains.world.clock,
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=SECOND_SHOP[0],
        store_code=SECOND_SHOP[1],
    )
    assert (await chains.chore()).redirected == 1
    await chains.pass_time(days=3)
    assert await chains.world.state(who) == "arrived"


async def test_another_chain_gets_a_parcel_of_its_own(chains: Chains) -> None:
    (who,) = await chains.send_out()
    first = await chains.trade_of(who)
    await change_store(
        chains.world.db,
        chains.world.clock,
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=OTHER[0],
        store_code=OTHER[1],
    )
    async with chains.world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=await chains.world.clock.now())
    await chains.chore()
    await chains.chore()
    second = await chains.trade_of(who)
    assert first != second
    await chains.pass_time(days=3)
    assert await chains.world.state(who) == "arrived"


async def test_silence_is_asked_about(chains: Chains) -> None:
    (who,) = await chains.send_out()
    now = await chains.world.clock.now() + timedelta(days=3)
    await chains.world.clock.set(now)
    await chains.sandbox.chains.playing.play(now)  # it happens, and is not told
    assert (await chains.chore()).asked_news == 1
    await chains.chore()
    assert await chains.world.state(who) == "arrived"


async def test_what_is_forged_or_not_ours_changes_nothing(chains: Chains) -> None:
    (who,) = await chains.send_out()
    await chains.sandbox.mischief.begin("chains", "wrong_mac")
    await chains.pass_time(days=2)
    assert await chains.standing(who) == (None, False, False)
    answer = await told(chains, b"MerchantID=1")
    assert (answer.status_code, answer.text) == (200, "0|CheckMacValue Error")


async def told(chains: Chains, body: bytes) -> httpx2.Response:
    transport = httpx2.ASGITransport(create_app(chains.system))
    async with httpx2.AsyncClient(transport=transport) as site:
        return await site.post(TOLD, content=body)


async def test_without_a_carrier_there_is_nothing_to_do_or_tell(
    chains: Chains, db: Database, clock: SetClock, keys: Keys
) -> None:
    partners = chains.sandbox.partners
    async with open_system(db, clock=clock, keys=keys, partners=partners) as system:
        assert await look_after_parcels(system) == ParcelChores()
        transport = httpx2.ASGITransport(create_app(system))
        async with httpx2.AsyncClient(transport=transport) as site:
            assert (await site.post(TOLD, content=b"")).status_code == 404
