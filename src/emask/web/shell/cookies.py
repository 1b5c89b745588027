"""The cookies of a visit; none of them can be read by scripts, none holds anything in clear."""

from typing import Final

from litestar.datastructures import Cookie

SESSION: Final = "emask_session"
STAFF: Final = "emask_staff"
DRAFT: Final = "emask_draft"
CSRF: Final = "emask_csrf"


def cookie(name: str, value: str) -> Cookie:
    """A cookie for the visit. The outermost layer marks it Secure where the page came by https."""
    return Cookie(key=name, value=value, path="/", httponly=True, samesite="lax")
