"""The wall clock of one report against Chromium's, a warm page used again and again; left out where there is none."""

import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from bench.pdf import naive_page, one_page, seven_pages
from bench.table import Row
from reports.pdf import Renderer

ROUNDS = 9
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


def rows(fonts: Path) -> list[Row]:
    """One row for the long and one for the short report, or one that says what is missing."""
    try:
        from playwright.sync_api import sync_playwright  # a part of the browser suite
    except ImportError:
        return [Row("report against Chromium, wall clock", "left out: playwright is not installed", "–", "–")]
    chromium = shutil.which("chromium")
    if chromium is None:
        return [Row("report against Chromium, wall clock", "left out: chromium is not installed", "–", "–")]
    renderer = Renderer(fonts)
    try:
        with sync_playwright() as playwright:
            page = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS).new_page()

            def printed(html: str) -> Callable[[], object]:
                return lambda: (
                    page.set_content(html),
                    page.pdf(prefer_css_page_size=True, print_background=True),
                )

            return [
                _row(renderer, fonts, printed, *one)
                for one in ((7, seven_pages(), "<= 1.3"), (1, one_page(), "<= 0.42"))
            ]
    finally:
        renderer.close()


def _row(
    renderer: Renderer,
    fonts: Path,
    printed: Callable[[str], Callable[[], object]],
    pages: int,
    summary: object,
    target: str,
) -> Row:
    theirs = printed(naive_page(summary, fonts))  # type: ignore[arg-type]
    pairs = [
        (_took(lambda: renderer.render("progress", summary, "A4")), _took(theirs)) for _ in range(ROUNDS + 2)
    ]
    own, chromium = (statistics.median(one) for one in zip(*pairs[2:], strict=True))
    work = f"{pages}-page report, PDF/UA-1, wall clock ({own * 1000:.0f} ms)"
    return Row(
        work, f"Chromium, warm page used again ({chromium * 1000:.0f} ms)", f"{own / chromium:.2f}", target
    )


def _took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
