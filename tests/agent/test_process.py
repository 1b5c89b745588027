"""The agent as a program: how it starts, where it listens, what it says and how it ends."""

import asyncio
import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from agent.fake_pinentry import SILENCE, fake_pinentry
from agent.made_up_certificates import make_chain
from agent.page import page
from agent.pcsc import PcscService
from agent.running import AGENT, running_agent
from agent.site import SmallSite
from agent.soft_token import PIN, make_soft_token
from emask.identity.model import NewPerson
from emask.identity.site_tokens import Purpose
from emask.sandbox.cards import card_record
from emask.sandbox.virtual_cards.nhi_card import VirtualNhiCard
from emask_card_agent.settings import PORT, parse

pytestmark = [pytest.mark.cards, pytest.mark.xdist_group("cards")]

SITE = "https://mask.example"
LISTENING = "0A"


def test_the_usual_settings() -> None:
    settings = parse(["--site", SITE, "--site", "http://localhost:8000"])
    assert settings.sites == {SITE, "http://localhost:8000"}
    assert settings.port == PORT == 8721
    assert settings.pinentry == "pinentry"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--site", "http://mask.example"],
        ["--site", "https://mask.example/"],
        ["--site", "https://mask.example/path"],
        ["--site", "https://*.mask.example"],
        ["--site", "HTTPS://mask.example"],
        ["--site", "http://localhost.mask.example"],
        ["--site", "http://127.0.0.1.mask.example"],
        ["--site", "null"],
        ["--site", "*"],
        ["--site", SITE, "--port", "65536"],
        ["--site", SITE, "--port", "-1"],
        ["--site", SITE, "--pkcs11-module", "/nonexistent"],
        ["--site", SITE, "--host", "0.0.0.0"],  # noqa: S104 - there is no such option
    ],
)
def test_settings_that_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)
    assert ended.value.code == 2
    assert "usage: emask-card-agent" in capsys.readouterr().err


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = subprocess.run(
            [AGENT, "--site", SITE, "--port", str(port)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "EMASK_LANG": "en"},
        )
    assert ended.returncode == 2
    assert "may be running already" in ended.stdout


def listening_addresses(process: int, port: int) -> list[str]:
    """In the kernel's own writing, of all sockets of that port."""
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]
    ]
    ending = f":{port:04X}"
    return [line[1] for line in lines if line[3] == LISTENING and line[1].endswith(ending)]


async def test_it_listens_on_this_computer_s_own_address_alone(site: SmallSite) -> None:
    async with running_agent(site_origin=site.origin) as agent:
        port = int(agent.url.rsplit(":", 1)[1])
        listening = listening_addresses(agent.process.pid, port)
    assert listening == [f"0100007F:{port:04X}"]


async def test_other_names_and_other_doors_over_the_wire(site: SmallSite) -> None:
    async with running_agent(site_origin=site.origin) as agent:
        visitor = page(agent.url, site.origin)
        async with visitor.client as client:
            visitor.headers["Host"] = "evil.example:8721"
            assert await visitor.refusal("/card", site.token(Purpose.READ)) == (421, "host_refused")
            answer = await client.get("/", headers={"Origin": site.origin, "x-emask-agent": "1"})
            assert answer.status_code == 404
            assert "server" not in answer.headers
    assert site.asked == 0


async def test_its_output_tells_nothing_of_cards_tokens_or_pins(
    site: SmallSite,
    pcsc: PcscService,
    person: NewPerson,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    record = card_record(person)
    tokens = [site.token(purpose) for purpose in (Purpose.READ, Purpose.READ, Purpose.SIGN)]
    pinentry = fake_pinentry(tmp_path, [PIN])
    async with running_agent(site_origin=site.origin, reader=pcsc, pinentry=pinentry) as agent:
        visitor = page(agent.url, site.origin)
        async with visitor.client:
            with pcsc.card(VirtualNhiCard(record)):
                await visitor.evidence("/card", tokens[0])
            with pcsc.card(VirtualNhiCard(record[:-1])):
                await visitor.ask("/card", tokens[1])
                await visitor.ask("/signature", tokens[2])
        assert agent.process.stdout is not None
        agent.process.terminate()
        said = (await agent.process.stdout.read()).decode() + "".join(capfd.readouterr())
        await agent.process.wait()  # asked to end once more, it could be reaped by who asks
    assert "card_malformed" in said
    for secret in (*tokens, person.id_number, person.nhi_card, person.name, PIN):
        assert secret not in said


async def test_a_page_that_is_left_keeps_neither_window_nor_card(
    site: SmallSite, tmp_path: Path
) -> None:
    chain = make_chain()
    token = make_soft_token(tmp_path, chain.person.key, chain.person.certificate)
    pinentry = fake_pinentry(tmp_path, [SILENCE, PIN])
    async with running_agent(site_origin=site.origin, soft_token=token, pinentry=pinentry) as agent:
        left = page(agent.url, site.origin)
        asking = asyncio.create_task(left.ask("/signature", site.token(Purpose.SIGN)))
        await asyncio.to_thread(wait_for_window, tmp_path)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await left.client.aclose()
        visitor = page(agent.url, site.origin)
        async with visitor.client, asyncio.timeout(20):
            while True:
                answer = await visitor.ask("/signature", site.token(Purpose.SIGN))
                if answer.status_code != 423:  # busy until the window is closed
                    break
                await asyncio.sleep(0.1)
    assert answer.status_code == 200


async def test_ending_the_agent_closes_the_window(
    site: SmallSite, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    chain = make_chain()
    token = make_soft_token(tmp_path, chain.person.key, chain.person.certificate)
    pinentry = fake_pinentry(tmp_path, [SILENCE])
    async with running_agent(site_origin=site.origin, soft_token=token, pinentry=pinentry) as agent:
        visitor = page(agent.url, site.origin)
        async with visitor.client:
            asking = asyncio.create_task(visitor.ask("/signature", site.token(Purpose.SIGN)))
            await asyncio.to_thread(wait_for_window, tmp_path)
            agent.process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(agent.process.wait(), 15) == 0
            await asyncio.gather(asking, return_exceptions=True)
    assert str(pinentry).encode() not in running_programs()
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_a_card_that_never_answers_does_not_keep_the_agent_from_ending(
    site: SmallSite, pcsc: PcscService
) -> None:
    card = Mute(b"")
    with pcsc.card(card):
        async with running_agent(site_origin=site.origin, reader=pcsc) as agent:
            visitor = page(agent.url, site.origin)
            async with visitor.client:
                asking = asyncio.create_task(visitor.ask("/card", site.token(Purpose.READ)))
                assert await asyncio.to_thread(card.asked.wait, 20)
                agent.process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(agent.process.wait(), 15) == 0
                await asyncio.gather(asking, return_exceptions=True)
        card.pulled_out.set()


class Mute(VirtualNhiCard):
    """Takes a command and says nothing until it is pulled out."""

    def __init__(self, record: bytes) -> None:
        super().__init__(record)
        self.asked = threading.Event()
        self.pulled_out = threading.Event()

    def answer(self, command: bytes) -> bytes | None:
        self.asked.set()
        self.pulled_out.wait(30)
        return None


def wait_for_window(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while not (folder / "said").exists() or "GETPIN" not in (folder / "said").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running_programs() -> bytes:
    """The command lines of all that runs on this machine."""
    found = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            found += path.read_bytes()
    return found
