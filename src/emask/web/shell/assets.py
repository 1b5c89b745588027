"""Style sheet, script and icon: served for a year under addresses that change with them."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from litestar.datastructures import CacheControlHeader
from litestar.router import Router
from litestar.static_files import create_static_files_router

STATIC: Final = Path(__file__).parent.parent / "static"
BUILT: Final = STATIC / "built"
_A_YEAR: Final = 31_536_000


def assets_router() -> Router:
    """Serves ``static/`` and what the front end build made of it."""
    return create_static_files_router(
        path="/static",
        directories=[BUILT, STATIC / "icons"],
        cache_control=CacheControlHeader(max_age=_A_YEAR, public=True, immutable=True),
        include_in_schema=False,
    )


@cache
def asset_url(name: str) -> str:
    """The address of a built file, with its fingerprint; without a build it leads nowhere."""
    for folder in (BUILT, STATIC / "icons"):
        file = folder / name
        if file.exists():
            return f"/static/{name}?{sha256(file.read_bytes()).hexdigest()[:12]}"
    return f"/static/{name}"
