"""A PC/SC service of a test's own, with a virtual reader that cards are put into."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from emask.sandbox.virtual_cards.link import Inserted, VirtualCard

BOX: Final = Path(__file__).with_name("pcscd_box.py")
UNSHARE: Final = ("/usr/bin/unshare", "--net", "--mount")
SLOT_STATE: Final = Path(__file__).with_name("slot_state.py")
START: Final = 20.0  # seconds
STEP: Final = 0.02


class PcscService:
    """pcscd in namespaces of its own: neither other tests nor the machine's own pcscd see it.

    Args:
        folder: where its sockets are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to use this service and no other."""
        return {"PCSCLITE_CSOCK_NAME": str(self.folder / "pcscd.comm")}

    @contextmanager
    def card(self, card: VirtualCard, *, slot: int = 0) -> Iterator[Inserted]:
        """The card in the reader, seen by the service, until the block ends."""
        self._wait_for(slot, "empty")
        with Inserted(card, self.contacts(slot)) as inserted:
            self._wait_for(slot, "present")
            yield inserted

    def contacts(self, slot: int) -> socket.socket:
        """A socket to the reader's slot."""
        contacts = socket.socket(socket.AF_UNIX)
        contacts.connect(str(self.folder / f"slot{slot}"))
        return contacts

    def _wait_for(self, slot: int, state: str) -> None:
        looking = [sys.executable, str(SLOT_STATE), str(slot), state]
        subprocess.run(looking, check=True, timeout=START, env={**os.environ, **self.environment})


@contextmanager
def pcsc_service(*, readers: str | None = None) -> Iterator[PcscService]:
    """A running service.

    Args:
        readers: pcscd's reader configuration in place of the virtual reader's; "" for no reader.
    """
    with tempfile.TemporaryDirectory(prefix="emask-pcsc-") as name:
        folder = Path(name)
        options: list[str] = []
        if readers is not None:
            (folder / "readers.conf").write_text(readers)
            options.append(str(folder / "readers.conf"))
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        said = folder / "said"
        with (
            said.open("w") as complaints,
            # Leaving closes its standard input, which ends it, and waits for that.
            subprocess.Popen(
                [*UNSHARE, *as_root, sys.executable, BOX, name, *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=complaints,
            ) as box,
        ):
            deadline = time.monotonic() + START
            while not (folder / "pcscd.comm").exists():
                assert box.poll() is None, f"pcscd did not start: {said.read_text()}"
                assert time.monotonic() < deadline, f"pcscd did not come up: {said.read_text()}"
                time.sleep(STEP)
            yield PcscService(folder)
