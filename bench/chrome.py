"""One report against Chromium, a warm page used again and again; left out where there is none.

Both print the same page at the same priority: our workers step behind the web server (nice 19), so Chromium and its
driver are put there as well. CPU is that of all processes of either side, since Chromium works in several at once.
"""

import io
import shutil
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pypdf

from bench.pdf import naive_page, one_page, seven_pages
from bench.table import Row
from clinic.progress.summary import ProgressSummary
from reports.pdf import Renderer
from reports.renderer import NICE

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
            before = set(psutil.Process().children(recursive=True))
            page = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS).new_page()
            theirs = Tree(set(psutil.Process().children(recursive=True)) - before)
            for process in psutil.Process().children(recursive=True):
                process.nice(NICE)

            def printed(html: str) -> bytes:
                page.set_content(html)
                return bytes(page.pdf(prefer_css_page_size=True, print_background=True, tagged=True))

            found: list[Row] = []
            for summary, target in ((seven_pages(), "<= 1.3"), (one_page(), "<= 0.42")):
                html = naive_page(summary, fonts)
                found += _rows(renderer, theirs, summary, lambda html=html: printed(html), target)  # type: ignore[misc]
            return found
    finally:
        renderer.close()


@dataclass(frozen=True)
class Tree:
    """Some processes, with what they start later."""

    roots: set[psutil.Process]

    def spent(self) -> float:
        """Seconds of CPU so far, those of ended workers that were seen off among them."""
        every = {one for root in self.roots for one in (root, *root.children(recursive=True))}
        times = [one.cpu_times() for one in every if one.is_running()]
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def _rows(
    renderer: Renderer, theirs: Tree, summary: ProgressSummary, printed: Callable[[], bytes], target: str
) -> list[Row]:
    """Wall clock and CPU, the two in turn; the first rounds warm up."""

    def own() -> bytes:
        return renderer.render("progress", summary, "A4")

    pages = [len(pypdf.PdfReader(io.BytesIO(pdf)).pages) for pdf in (own(), printed())]
    parent = renderer._own
    assert parent is not None
    ours = Tree({psutil.Process(parent.pid)})
    before = ours.spent(), theirs.spent()
    pairs = [(_took(own), _took(printed)) for _ in range(ROUNDS)]
    time.sleep(0.5)  # until the last worker is seen off
    cpu = [(tree.spent() - start) / ROUNDS for tree, start in zip((ours, theirs), before, strict=True)]
    wall, chromium = (statistics.median(one) for one in zip(*pairs, strict=True))
    least, least_chromium = (min(one) for one in zip(*pairs, strict=True))
    work, other = (
        f"{pages[0]}-page report, PDF/UA-1",
        f"Chromium, warm page used again, {pages[1]} pages, tagged",
    )
    clock = (
        f"{wall * 1000:.0f} ms, least {least * 1000:.0f}",
        f"{chromium * 1000:.0f} ms, least {least_chromium * 1000:.0f}",
    )
    return [
        Row(f"{work}, wall clock ({clock[0]})", f"{other} ({clock[1]})", f"{wall / chromium:.2f}", target),
        Row(
            f"{work}, CPU ({cpu[0] * 1000:.0f} ms)",
            f"{other} ({cpu[1] * 1000:.0f} ms)",
            f"{cpu[0] / cpu[1]:.2f}",
            "–",
        ),
    ]


def _took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
