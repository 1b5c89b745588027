"""What the agent is told when it starts."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PORT: Final = 8721
PINENTRY: Final = "pinentry"
MODULES: Final = (
    Path("/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"),
    Path("/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so"),
    Path("/usr/lib64/opensc-pkcs11.so"),
)
"""Where OpenSC's module is, unless another one is named."""

_ORIGIN: Final = re.compile(
    r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(localhost|127\.0\.0\.1)(:[0-9]{1,5})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How this agent runs.

    Args:
        sites: the origins it serves, as browsers write them; all others are refused.
        port: of 127.0.0.1; 0 for any free one.
        pkcs11_module: the driver of the certificate card; without it the agent only reads.
        pinentry: the program that asks for the PIN.
    """

    sites: frozenset[str]
    port: int = PORT
    pkcs11_module: Path | None = None
    pinentry: str = PINENTRY


def origin(text: str) -> str:
    """An origin exactly as browsers write it: https, or http on this computer."""
    if _ORIGIN.fullmatch(text) is None:
        message = f"not an origin such as https://mask.example: {text}"
        raise argparse.ArgumentTypeError(message)
    return text


def _module(text: str) -> Path:
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"no such file: {text}")
    return Path(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:  # noqa: PLR2004 - TCP's last
        raise argparse.ArgumentTypeError(f"not a port: {text}")
    return int(text)


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; ends the program with a usage message where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="emask-card-agent",
        allow_abbrev=False,
        description="讀取健保卡、以自然人憑證簽章，只服務指定的網站。"
        " Reads NHI cards and signs with citizen certificates, for the named sites alone.",
    )
    parser.add_argument(
        "--site",
        dest="sites",
        action="append",
        required=True,
        type=origin,
        metavar="ORIGIN",
        help="網站 the site to serve; may be given several times",
    )
    parser.add_argument("--port", type=_port, default=PORT, help="連接埠 (%(default)s)")
    parser.add_argument(
        "--pkcs11-module",
        type=_module,
        default=next((path for path in MODULES if path.is_file()), None),
        metavar="PATH",
        help="憑證卡的驅動程式 driver of the certificate card (OpenSC)",
    )
    parser.add_argument(
        "--pinentry",
        default=PINENTRY,
        metavar="PROGRAM",
        help="輸入 PIN 碼的程式 program that asks for the PIN (%(default)s)",
    )
    given = parser.parse_args(arguments)
    return Settings(
        sites=frozenset(given.sites),
        port=given.port,
        pkcs11_module=given.pkcs11_module,
        pinentry=given.pinentry,
    )
