"""Every page, for everybody who may see it: axe finds nothing, in two themes and two widths, and none is too wide."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import Enter
from tests.browser.house import DEMO_PASSPHRASE, House
from tests.browser.places import places

PEOPLE = ("nobody", "ruth", "lin", "mara", "maximiliana", "yusuf", "oksana", "hine", "ines")
THEMES = ("light", "dark")
WIDTHS = (320, 1280)
AXE = Axe()
SETTLED = """async () => {
  do {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    await Promise.all(document.getAnimations().map((one) => one.finished));
  } while (document.getAnimations().some((one) => one.playState === "running"));
}"""
"""A page is loaded once and then changes its dress; colors that go over into others have arrived."""

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # of all else it need not describe every element
}


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_of_theirs_keeps_anybody_out(
    demo_house: House, enter: Enter, made: tuple[Path, dict[str, Any]], person: str
) -> None:
    page = enter(demo_house, None if person == "nobody" else person, DEMO_PASSPHRASE)
    found: dict[str, list[str]] = defaultdict(list)
    seen = 0
    for path in places(page, demo_house, made[1]):
        seen += 1
        for said in problems(page, f"{demo_house.url}{path}"):
            found[said].append(path)
    assert seen
    assert not found, "\n".join(f"{said}: {', '.join(sorted(set(paths)))}" for said, paths in found.items())


def problems(page: Page, url: str) -> Iterator[str]:
    """What is wrong with one page, in every theme and width."""
    page.goto(url)
    page.evaluate(AXE.axe_script)
    for width, theme in product(WIDTHS, THEMES):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.evaluate(SETTLED)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            yield f"wider than {width} px"
        for violation in page.evaluate("(rules) => axe.run(document, rules)", RULES)["violations"]:
            where = violation["nodes"][0]
            target = re.sub(r"[0-9a-f-]{36}", "…", str(where["target"][0]))
            yield f"{violation['id']} in {theme} at {width} px, {target}: {where['failureSummary'][:200]!r}"
