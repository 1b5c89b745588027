"""Where the installation is, from the environment."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from emask.cli.speech import refuse
from emask.identity.site import SyncedPasskeys
from emask.sandbox.system import BASE
from emask.web.shell.address import Networks, read_networks

_OF_ROOT = Path("/var/lib/emask")
_OF_OTHERS = Path(".local/share/emask")
KEYS_NAME = "keys.json"


class ChainsTell(StrEnum):
    """How packs come to the stores of made-up chains.

    On the wire is how an installation with real chains works, so a demo shows it: every parcel is
    created and told of, may be lost or lie at a closed store, and can be looked up by operators.
    By file the centres alone report, and packs are at the stores when pick-up begins.
    """

    WIRE = "wire"
    FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`database_url` is None for the embedded server, whose state lives in `data`.

    `origin` is the address that people see, as their browsers write it; `partners` that of the
    sandbox's partners, `chains` how the chains among them tell; `partners_file` tells of the real
    ones, if there are any, and `proxies` are those whose word on where a request comes from is
    taken.
    """

    origin: str
    synced_passkeys: SyncedPasskeys
    partners: str
    chains: ChainsTell
    partners_file: Path | None
    proxies: Networks
    database_url: str | None
    data: Path
    keys_file: Path


def settings() -> Settings:
    """The settings in the environment's ``EMASK_...``, or what stands in for them.

    Ends the command when one of them cannot be read.
    """
    standard = _OF_ROOT if os.geteuid() == 0 else Path.home() / _OF_OTHERS
    data = Path(os.environ.get("EMASK_DATA") or standard)
    return Settings(
        origin=os.environ.get("EMASK_ORIGIN") or "http://localhost:8000",
        synced_passkeys=_synced_passkeys(os.environ.get("EMASK_SYNCED_PASSKEYS") or "refused"),
        partners=os.environ.get("EMASK_PARTNERS") or BASE,
        chains=_chains(os.environ.get("EMASK_CHAINS") or "wire"),
        partners_file=Path(partners)
        if (partners := os.environ.get("EMASK_PARTNERS_FILE"))
        else None,
        proxies=_proxies(os.environ.get("EMASK_TRUSTED_PROXIES") or ""),
        database_url=os.environ.get("EMASK_DATABASE_URL") or None,
        data=data,
        keys_file=Path(os.environ.get("EMASK_KEYS") or data / KEYS_NAME),
    )


def _synced_passkeys(text: str) -> SyncedPasskeys:
    try:
        return SyncedPasskeys(text)
    except ValueError:
        refuse(
            f"EMASK_SYNCED_PASSKEYS 要是 refused 或 tied：{text}",
            f"EMASK_SYNCED_PASSKEYS is refused or tied: {text}",
        )


def _chains(text: str) -> ChainsTell:
    try:
        return ChainsTell(text)
    except ValueError:
        refuse(f"EMASK_CHAINS 要是 wire 或 files：{text}", f"EMASK_CHAINS is wire or files: {text}")


def _proxies(text: str) -> Networks:
    try:
        return read_networks(text)
    except ValueError:
        refuse(
            f"EMASK_TRUSTED_PROXIES 要是以逗號分隔的位址或網段：{text}",
            f"EMASK_TRUSTED_PROXIES lists addresses or networks, separated by commas: {text}",
        )
