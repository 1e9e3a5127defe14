"""`make shots`: a picture of every named screen of the demo, narrow and wide, light and dark, and a report's pages."""

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.house import ARGUMENTS, DEMO_PASSPHRASE, ROOT, House, demo, served, sign_in

ALL = ROOT / "var" / "shots"
CHOSEN = ROOT / "docs" / "shots"
WIDTHS = {320: 640, 1280: 860}
THEMES = ("light", "dark")
IN_THE_README = (
    "today-1280-light",
    "review-1280-light",
    "opened-1280-light",
    "home-320-light",
    "writing-320-dark",
    "report-1",
)
LARGEST = 150_000

Go = Callable[[Page, House], None]


def follow(*links: str) -> Go:
    """Walk there from the start page, by selectors: screens are found as a person finds them."""

    def go(page: Page, house: House) -> None:
        page.goto(house.url)
        for selector in links:
            page.locator(selector).first.click()
            page.wait_for_load_state()

    return go


def at(path: str) -> Go:
    """A page with an address of its own."""

    def go(page: Page, house: House) -> None:
        page.goto(f"{house.url}{path}")

    return go


COUPLE = ("nav a[href='/couples/']", ".ledger__name:has-text('Mara')")
SCREENS: dict[str, dict[str, Go]] = {
    "": {"sign-in": at("/accounts/sign-in")},
    "ruth": {
        "today": at("/progress/today"),
        "caseload": at("/couples/"),
        "couple": follow(*COUPLE),
        "people": follow(*COUPLE, "a:has-text('Look after this couple')"),
        "clearance": follow(*COUPLE, "a:has-text('Safety')"),
        "review": follow(*COUPLE, "section[aria-labelledby=came] a:has-text('Weekly trust check-in') >> nth=1"),
        "library": at("/exercises/"),
        "exercise": at("/exercises/impact-statement"),
        "assign": follow(
            *COUPLE, "a:has-text('Give them something')", "main a:has-text('Perspective round')", "a:has-text('Give')"
        ),
        "appointments": at("/appointments/"),
        "report-form": follow(*COUPLE, "a:has-text('Make a report')"),
        "documents": at("/documents/"),
        "practice": at("/practice/"),
        "staff": at("/accounts/staff"),
    },
    "mara": {
        "home": at("/progress/now"),
        "opened": at("/progress/ours"),
        "mine": at("/progress/mine"),
        "devices": at("/accounts/devices"),
    },
    "linh": {"writing": follow(".now-card a.button")},
    "tunde": {"perspective": follow(".now-card a.button")},
    "yusuf": {"right-to-left": follow(".now-card a.button")},
    "hine": {"paused": at("/progress/now")},
    "ines": {"welcome": at("/accounts/welcome")},
}  # fmt: skip


def main() -> None:
    """Take them all, and put the chosen ones where the README shows them."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.shots")
    parser.add_argument(
        "names", nargs="*", help="screens to take; all without, and only then the README's are renewed"
    )
    names = set(parser.parse_args().names)
    ALL.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="goldseam-shots-") as folder, sync_playwright() as playwright:
        demo(Path(folder) / "demo")
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        with served(Path(folder) / "demo") as house:
            for person, screens in SCREENS.items():
                wanted = {name: go for name, go in screens.items() if not names or name in names}
                if wanted:
                    _take(browser, house, person, wanted)
            if not names or "report" in names:
                _report(browser, house)
        browser.close()
    if not names:
        _choose()


def _take(browser: Browser, house: House, person: str, screens: dict[str, Go]) -> None:
    with _signed_in(browser, house, person) as page:
        for name, go in screens.items():
            go(page, house)
            address = page.url
            for (width, height), theme in product(WIDTHS.items(), THEMES):
                page.set_viewport_size({"width": width, "height": height})
                page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                page.goto(address)
                page.evaluate("document.fonts.ready")
                _keep(page.screenshot(full_page=False), ALL / f"{name}-{width}-{theme}.png")
            sys.stdout.write(f"{person or 'nobody'}: {name}\n")


@contextmanager
def _signed_in(browser: Browser, house: House, person: str) -> Iterator[Page]:
    context = browser.new_context(device_scale_factor=1.5)
    page = context.new_page()
    if person:
        sign_in(page, house, person, DEMO_PASSPHRASE)
    yield page
    context.close()


def _report(browser: Browser, house: House) -> None:
    """A report for both, asked for on its page and printed by the background; each page a picture."""
    with _signed_in(browser, house, "ruth") as page:
        SCREENS["ruth"]["report-form"](page, house)
        page.get_by_label("In your words").fill(
            "You began with one check-in a week and very little to say to each other. By the summer both of you wrote "
            "before you were asked.\n\nThe talk in June was hard, and you came back to it on your own."
        )
        page.locator(".quotes").evaluate(
            "(all) => all.querySelectorAll('details').forEach((one) => one.open = true)"
        )
        for box in page.locator("input[name=excerpts]").all()[:4]:
            box.check(force=True)
        page.get_by_role("button", name="Make it").click()
        link = page.locator("a[href*='/pages']").first
        expect(link).to_be_visible(timeout=90_000)
        pdf = page.request.get(f"{house.url}{link.get_attribute('href')}").body()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "report.pdf").write_bytes(pdf)
        words = ["pdftoppm", "-r", "110", "-png", f"{folder}/report.pdf", f"{folder}/page"]
        subprocess.run(words, check=True)
        for number, file in enumerate(sorted(Path(folder).glob("page-*.png")), start=1):
            _keep(file.read_bytes(), ALL / f"report-{number}.png")
    (ALL / "report.pdf").write_bytes(pdf)
    sys.stdout.write("ruth: report\n")


def _keep(png: bytes, file: Path) -> None:
    """A picture with as many colors as fit into the size that a repository likes."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colors in (256, 96, 32):
        small = io.BytesIO()
        picture.quantize(colors, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
        if small.tell() < LARGEST:
            break
    file.write_bytes(small.getvalue())


def _choose() -> None:
    CHOSEN.mkdir(parents=True, exist_ok=True)
    for name in IN_THE_README:
        shutil.copy2(ALL / f"{name}.png", CHOSEN / f"{name}.png")


if __name__ == "__main__":
    main()
