"""Chromium's virtual authenticator: the secure hardware of the phone that a window stands for."""

from typing import Any, Final

from playwright.async_api import CDPSession, Page

_PLATFORM: Final = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "automaticPresenceSimulation": True,
}


class Authenticator:
    """What a window's phone unlocks with, until it is taken away."""

    def __init__(self, cdp: CDPSession, authenticator_id: str) -> None:
        self._cdp = cdp
        self._named = {"authenticatorId": authenticator_id}

    @classmethod
    async def of(cls, page: Page, **options: Any) -> "Authenticator":
        """Give a window's phone its hardware; `options` as of WebAuthn.addVirtualAuthenticator."""
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("WebAuthn.enable", {"enableUI": False})
        made = await cdp.send(
            "WebAuthn.addVirtualAuthenticator",
            {"options": {**_PLATFORM, "isUserVerified": True, **options}},
        )
        return cls(cdp, made["authenticatorId"])

    async def never_unlocks(self) -> None:
        """From now on nobody unlocks it: no finger that it knows, no number."""
        await self._verify(isUserVerified=False)

    async def unlocks(self) -> None:
        """Its owner is back."""
        await self._verify(isUserVerified=True)

    async def credentials(self) -> list[dict[str, Any]]:
        """The passkeys that it holds."""
        answer = await self._cdp.send("WebAuthn.getCredentials", self._named)
        found: list[dict[str, Any]] = answer["credentials"]
        return found

    async def _verify(self, **verified: bool) -> None:
        await self._cdp.send("WebAuthn.setUserVerified", {**self._named, **verified})
