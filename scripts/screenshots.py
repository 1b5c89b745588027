"""Take pictures of the demo's pages, in both languages, on a phone's and a computer's screen.

    .venv/bin/python scripts/screenshots.py [FOLDER]

A demo of its own is served for it and is gone afterwards. The folder is `var/screenshots` unless
another is named.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
WIDTHS = {"phone": 390, "computer": 1280}
PATIENCE = 60  # seconds

PUBLIC = (
    *("/", "/check", "/child-masks", "/ways-to-buy", "/accessibility", "/identify"),
    *("/identify/card", "/identify/certificate", "/identify/mobile", "/identify/device-code"),
    *("/identify/device", "/register", "/forgotten-password", "/card-agent", "/rounds/2020-1/draw"),
    *("/staff/sign-in", "/demo", "/sandbox/partners"),
)
CITIZEN = ("/store", "/progress", "/device-codes", "/certificates", "/password", "/sessions")
STAFF = ("pharmacist", "clerk", "centre", "officer", "operator")


def main() -> None:
    """Take them all."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "var/screenshots")
    with demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for language in ("zh", "en"):
            for screen, width in WIDTHS.items():
                context = browser.new_context(viewport={"width": width, "height": 900})
                visit(context.new_page(), f"{base}/{language}", folder / language / screen)
                context.close()
        browser.close()


def visit(page: Page, home: str, folder: Path) -> None:
    """Everybody's pages, a citizen's, and each member of staff's first one."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in PUBLIC:
        page.goto(home + path)
        page.screenshot(path=folder / f"{name_of(path)}.png", full_page=True)
    press(page, home, "/demo/sign-in", "person", "ming")
    for path in CITIZEN:
        page.goto(home + path)
        page.screenshot(path=folder / f"citizen-{name_of(path)}.png", full_page=True)
    for username in STAFF:
        page.request.post(f"{home}/sign-out")
        press(page, home, "/demo/staff", "username", username)
        page.screenshot(path=folder / f"staff-{username}.png", full_page=True)


def press(page: Page, home: str, action: str, field: str, value: str) -> None:
    """Be somebody, with the button that the tour has for it."""
    page.goto(f"{home}/demo")
    form = page.locator(f"form[action$='{action}']:has(input[name={field}])").first
    form.locator(f"input[name={field}]").evaluate("(field, value) => field.value = value", value)
    with page.expect_navigation():
        form.locator("button").click()


def name_of(path: str) -> str:
    """A file's name for a page."""
    return path.strip("/").replace("/", "-") or "start"


@contextmanager
def demo() -> Iterator[str]:
    """A demo of its own; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="emask-pictures-") as data:
        Path(data).chmod(0o711)
        command = [str(Path(sys.executable).with_name("emask")), "up", "--port", str(port)]
        environment = {**os.environ, "EMASK_DATA": data}
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                wait_for(port)
                yield f"http://localhost:{port}"
            finally:
                process.terminate()
                process.wait(PATIENCE)


def wait_for(port: int) -> None:
    """Wait until something answers. Raises TimeoutError."""
    for _ in range(PATIENCE * 5):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise TimeoutError("the demo does not answer")


if __name__ == "__main__":
    main()
