"""A document that is made to go wrong, so that what a renderer survives is seen and not believed."""

import os
from collections.abc import Callable

from reports.document import Document, Paper

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def _uses() -> str:
    layers = (f'<g id="u{n}">' + f'<use xlink:href="#u{n - 1}"/>' * 10 + "</g>" for n in range(1, 9))
    return f'<svg {SVG}><defs><rect id="u0" width="1" height="1"/>{"".join(layers)}</defs><use xlink:href="#u8"/></svg>'


def _forever() -> str:
    while True:
        pass


def _hog() -> str:
    hoard = [bytearray(64 * 1024 * 1024) for _ in range(200)]
    return str(len(hoard))


def _asking(markup: str) -> Callable[[], str]:
    return lambda: markup


KINDS: dict[str, Callable[[], str]] = {
    "none": lambda: "<p>Nothing wrong here.</p>",
    "colspan": lambda: '<table><tr><td colspan="1000000">wide</td></tr></table>',
    "nested": lambda: "<div>" * 3000 + "deep" + "</div>" * 3000,
    "uses": _uses,
    "size": lambda: '<p style="font-size: 1e30px">large</p>',
    "forever": _forever,
    "hog": _hog,
    "abort": os.abort,
    "malformed": lambda: "<p>one <b>two</p>",
    "file": _asking('<img src="file:///etc/hostname" alt="x"/>'),
    "web": _asking('<img src="http://127.0.0.1:9/x.png" alt="x"/>'),
    "import": _asking('<style>@import "http://127.0.0.1:9/x.css"; p {{ color: red }}</style><p>x</p>'),
    "background": _asking('<p style="background: url(http://127.0.0.1:9/x.png)">x</p>'),
    "attachment": _asking('<a rel="attachment" href="file:///etc/hostname">x</a>'),
    "asset": _asking('<img src="asset:text-regular.ttf" alt="x"/>'),
    "inside": _asking(
        f'<svg {SVG}><title>x</title><image xlink:href="file:///etc/hostname" width="9" height="9"/></svg>'
    ),
    "picture": _asking(
        '<img alt="x" src="data:image/svg+xml,%3Csvg xmlns=\'http://www.w3.org/2000/svg\'/%3E"/>'
    ),
}


def _page(kind: str, _: Paper) -> str:
    head = "<head><title>Bomb</title></head>"
    return f'<html lang="en-US">{head}<body><article>{KINDS[kind]()}</article></body></html>'


DOCUMENT = Document("bomb", str, _page, (), lambda: "none")
