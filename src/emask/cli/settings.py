"""Where the installation is, from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path

_OF_ROOT = Path("/var/lib/emask")
_OF_OTHERS = Path(".local/share/emask")
KEYS_NAME = "keys.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`database_url` is None for the embedded server, whose state lives in `data`."""

    database_url: str | None
    data: Path
    keys_file: Path


def settings() -> Settings:
    """``EMASK_DATABASE_URL``, ``EMASK_DATA`` and ``EMASK_KEYS``, or what stands in for them."""
    standard = _OF_ROOT if os.geteuid() == 0 else Path.home() / _OF_OTHERS
    data = Path(os.environ.get("EMASK_DATA") or standard)
    return Settings(
        database_url=os.environ.get("EMASK_DATABASE_URL") or None,
        data=data,
        keys_file=Path(os.environ.get("EMASK_KEYS") or data / KEYS_NAME),
    )
