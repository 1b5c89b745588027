"""Where a demo and its partners are addressed in tests: by name, or on free ports for browsers."""

import socket
from typing import Final

from emask.identity.site import Site

SITE: Final = Site(origin="http://mask.test")
PARTNERS: Final = "http://partners.test"


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
