"""Bars that a till's scanner reads, drawn so that the page's own policy lets them through."""

import re
from typing import Final

from markupsafe import Markup
from zxingcpp import BarcodeFormat, create_barcode

_MODULE: Final = 2
"""Pixels of the narrowest bar. A whole number: else bars are rounded apart, and some unreadable."""

_BARS: Final = re.compile(r'<svg width="(\d+)" height="(\d+)".*?<path d="([^"]+)"', re.DOTALL)


def code_128(digits: str) -> Markup:
    """A Code 128 of some digits as SVG, with its quiet zones, as high as the page wants it.

    Raises:
        ValueError: what was drawn is not understood.
    """
    drawn = _BARS.search(create_barcode(digits, BarcodeFormat.Code128).to_svg())
    if drawn is None:
        raise ValueError("the bars are not drawn as one path")
    width, height, path = drawn.groups()
    return Markup(
        '<svg class="bars" width="{}" viewBox="0 0 {} {}" preserveAspectRatio="none"'
        ' shape-rendering="crispEdges" aria-hidden="true" focusable="false">'
        '<path d="{}"/></svg>'
    ).format(_MODULE * int(width), width, height, path)
