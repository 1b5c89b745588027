"""What a phone's camera reads off a screen."""

from base64 import b64decode, b64encode
from typing import Final

import zxingcpp
from playwright.async_api import Page

_GREY: Final = """async (png) => {
    const picture = await createImageBitmap(await (await fetch(png)).blob());
    const { width, height } = picture;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(picture, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data;
    let green = "";
    for (let at = 1; at < pixels.length; at += 4) green += String.fromCharCode(pixels[at]);
    return { width, height, green: btoa(green) };
}"""


async def scan(page: Page, selector: str) -> str:
    """The text of the one QR code in a part of the page, from a picture of the screen."""
    png = await page.locator(selector).screenshot()
    blank = await page.context.new_page()
    grey = await blank.evaluate(_GREY, f"data:image/png;base64,{b64encode(png).decode()}")
    await blank.close()
    pixels = memoryview(b64decode(grey["green"]))
    (code,) = zxingcpp.read_barcodes(pixels.cast("B", [grey["height"], grey["width"]]))
    return str(code.text)
