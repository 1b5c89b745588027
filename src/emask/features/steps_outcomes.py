"""Steps that tell how the last attempt ended: 認證, 預購, 取消, 付款, 購買, 領取."""

from collections.abc import Awaitable, Callable

from emask.features.outcome import require_equal
from emask.features.registry import Registry
from emask.features.world import World

STEPS = Registry()
_REFUSED = {
    "認證": "認證失敗，代碼為 {code}",
    "預購": "預購遭拒，代碼為 {code}",
    "取消": "取消遭拒，代碼為 {code}",
    "付款": "付款遭拒，代碼為 {code}",
    "購買": "購買遭拒，代碼為 {code}",
    "領取": "領取遭拒，代碼為 {code}",
}


def _success(what: str) -> Callable[[World], Awaitable[None]]:
    async def succeeded(world: World) -> None:
        require_equal(str(world.outcome(what)), "success")

    return succeeded


def _refusal(what: str) -> Callable[..., Awaitable[None]]:
    async def refused(world: World, *, code: str) -> None:
        require_equal(str(world.outcome(what)), code)

    return refused


for _what, _phrase in _REFUSED.items():
    STEPS.check(f"{_what}成功")(_success(_what))
    STEPS.check(_phrase)(_refusal(_what))
