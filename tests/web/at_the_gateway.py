"""What a payer does in a browser window on the way to the gateway, on its pages, and back."""

from web.browser import Window


async def choose(window: Window, method: str) -> None:
    """Choose how to pay; the next page says where that leads."""
    await window.go("/orders/2020-1/pay")
    await window.choose(method=method)
    await press(window, "main form button[type=submit]")


async def leave(window: Window) -> None:
    """Press the one button that leads to the gateway."""
    await press(window, "main form button[type=submit]")


async def decide(window: Window, decision: str) -> None:
    """Pay on the gateway's page, or be declined, and go back to the site."""
    await press(window, f"button[value={decision}]")
    await press(window, "main form button")


async def press(window: Window, selector: str) -> None:
    """Press the last button of this kind and wait for the next page."""
    async with window.page.expect_navigation():
        await window.page.locator(selector).last.click()


async def pay(window: Window, method: str) -> None:
    """From the choice to the page after the gateway."""
    await choose(window, method)
    await leave(window)
    await decide(window, "pay")
