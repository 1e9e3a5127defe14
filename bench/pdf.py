"""PDF figures: the renderer against WeasyPrint called the plain way, on the same pages in the same run."""

import base64
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil
import pypdf
from weasyprint import HTML

from bench.table import Row
from clinic import fonts as house
from clinic.practice.summary import Letterhead
from clinic.progress.points import Trend, gap, series
from clinic.progress.summary import (
    Attendance,
    Completeness,
    Excerpt,
    NextStep,
    Partner,
    Period,
    PracticeRow,
    ProgressSummary,
    Win,
    Words,
)
from reports import progress
from reports.document import Document, Paper
from reports.pdf import DOCUMENTS, Limits, Renderer
from reports.press import STYLES

ROUNDS = 7
BATCH = 24
MANY = 115  # times seven pages
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Book:
    """A report printed so many times in one document."""

    report: ProgressSummary
    times: int


def rows() -> list[Row]:
    """Measure everything; takes some minutes."""
    with tempfile.TemporaryDirectory() as folder:
        fonts = Path(folder)
        house.build(fonts)
        renderer = Renderer(
            fonts,
            documents=(*DOCUMENTS, "bench.pdf"),
            limits=Limits(memory=8192 * MEGABYTE, cpu=900, wall=1800),
        )
        try:
            return [*_single(renderer, fonts), _batch(renderer, fonts), *_book(renderer)]
        finally:
            renderer.close()


def _single(renderer: Renderer, fonts: Path) -> list[Row]:
    """CPU of one document, fork and all, the two ways in turn; the least of the rounds is the least disturbed."""
    found = []
    for pages, summary, target in ((7, seven_pages(), "<= 0.60"), (1, one_page(), "<= 0.22")):
        plain, ours = [], []
        naive = naive_page(summary, fonts)
        for _ in range(ROUNDS):
            plain.append(_cpu(lambda page=naive: HTML(string=page).write_pdf()))  # type: ignore[misc]
            ours.append(_worker_cpu(renderer, summary))
        work = f"{pages}-page report, PDF/UA-1, CPU ({min(ours) * 1000:.0f} ms; median {_median(ours)} ms)"
        against = f"HTML(string).write_pdf() ({min(plain) * 1000:.0f} ms; median {_median(plain)} ms)"
        found.append(Row(work, against, f"{min(ours) / min(plain):.2f}", target))
    return found


def _batch(renderer: Renderer, fonts: Path) -> Row:
    summary, naive = seven_pages(), naive_page(seven_pages(), fonts)
    plain = _wall(lambda: [HTML(string=naive).write_pdf() for _ in range(BATCH // 3)]) / (BATCH // 3)
    with ThreadPoolExecutor(4) as pool:  # the parent lets two at a time work on two cores
        ours = (
            _wall(lambda: list(pool.map(lambda _: renderer.render("progress", summary, "A4"), range(BATCH))))
            / BATCH
        )
    work = f"batch of {BATCH} 7-page reports, two at a time ({1 / ours:.1f} documents per second)"
    return Row(work, f"naive, one after another ({1 / plain:.1f} per second)", f"{plain / ours:.2f}", ">= 4")


def _book(renderer: Renderer) -> list[Row]:
    few, pages = _cost_per_page(renderer, 1)
    few = min(few, *(_cost_per_page(renderer, 1)[0] for _ in range(2)))
    with _Watch(renderer) as watch:
        many, all_pages = _cost_per_page(renderer, MANY)
    memory = f"{watch.peak / MEGABYTE:.0f} MB"
    return [
        Row(f"CPU per page at {all_pages} pages", f"at {pages} pages", f"{many / few:.2f}", "<= 1.1"),
        Row(
            f"peak memory of the worker at {all_pages} pages", "a document is stopped at 1536 MB", memory, "–"
        ),
    ]


def _cost_per_page(renderer: Renderer, times: int) -> tuple[float, int]:
    before = _spent(renderer)
    pdf = renderer.render("book", Book(seven_pages(), times), "A4")
    spent = _settled(renderer, before) - before
    with tempfile.TemporaryFile() as file:
        file.write(pdf)
        pages = len(pypdf.PdfReader(file).pages)
    return spent / pages, pages


def naive_page(summary: ProgressSummary, fonts: Path) -> str:
    """Give the same page as a plain caller has it: one string, styles and woff2 fonts inside."""
    style = "".join((STYLES / name).read_text() for name in ("a4.css", "paper.css", "progress.css"))
    for path in fonts.glob("*.woff2"):
        inside = f"data:font/woff2;base64,{base64.b64encode(path.read_bytes()).decode()}"
        style = style.replace(f"asset:{path.stem}.ttf", inside)
    return progress.page(summary, "A4").replace("</head>", f"<style>{style}</style></head>")


def seven_pages() -> ProgressSummary:
    """Four charts, some 180 cells of tables and texts of the kind that a report has, on seven pages."""
    start = date(2026, 1, 4)
    days = [start + timedelta(weeks=week) for week in range(16)]
    first = series((on, 3 + (n * 7 % 11) / 4) for n, on in enumerate(days))
    second = series((on, 5 + (n * 5 % 11) / 4) for n, on in enumerate(days))
    trend = Trend(
        title="How much trust, week by week",
        hint=SENTENCE,
        first=first,
        second=second,
        gap=gap(first, second),
    )
    answers = tuple(Words(by=by, text=SENTENCE * 2) for by in (1, 2))
    return replace(
        one_page(),
        narrative=(SENTENCE * 4,) * 4,
        trends=(trend, *(replace(trend, title=title) for title in ("Safe enough to speak", "How it went"))),
        wins=tuple(Win(text=SENTENCE, on=on, by=1) for on in days[:8]),
        wins_written=8,
        excerpts=tuple(Excerpt(prompt=f"Prompt {n}", words=answers) for n in range(EXCERPTS)),
        next_steps=tuple(NextStep(title=f"Step {n}", text=SENTENCE) for n in range(3)),
        honest_notes=(SENTENCE * 2,) * 2,
    )


EXCERPTS = 13
SENTENCE = "We stopped at the signal, and after twenty minutes both of us came back to the table. "


def one_page() -> ProgressSummary:
    """A report of the first week."""
    return ProgressSummary(
        audience="couple",
        letterhead=Letterhead(
            practice="Linden Street Counseling", address=("4 Linden Street",), phone="555 0142"
        ),
        alias="",
        partners=(Partner(position=1, name="Mara"), Partner(position=2, name="Jonas")),
        period=Period(starts_on=date(2026, 1, 4), ends_on=date(2026, 4, 19)),
        made_at=datetime(2026, 4, 20, tzinfo=UTC),
        attendance=Attendance(held=7, planned=8),
        practices=tuple(
            PracticeRow(name=f"Practice {n}", assigned=8, done=7, headline="Kept") for n in range(6)
        ),
        completeness=Completeness(answers=84, missing=3),
    )


def _page(book: Book, paper: Paper) -> str:
    whole = progress.page(book.report, paper)
    start, end = whole.index("<article"), whole.index("</article>") + len("</article>")
    body = whole[start:end].replace("<article", '<article style="break-before: page"')
    return whole[:start] + body * book.times + whole[end:]


DOCUMENT = Document("book", Book, _page, ("progress.css",), lambda: Book(progress.sample(), 1))


class _Watch:
    """Follows the memory of the one worker at work."""

    def __init__(self, renderer: Renderer) -> None:
        self.peak = 0
        self._parent = _parent(renderer)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.wait(0.1):
            for worker in self._parent.children():
                try:
                    self.peak = max(self.peak, worker.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


def _parent(renderer: Renderer) -> psutil.Process:
    own = renderer._own
    assert own is not None
    return psutil.Process(own.pid)


def _spent(renderer: Renderer) -> float:
    """Seconds of CPU of the render parent and of all workers that it has seen off."""
    if renderer._own is None:
        renderer.render("progress", progress.sample(), "A4")
    times = _parent(renderer).cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def _settled(renderer: Renderer, before: float) -> float:
    """Wait until the worker that has answered is seen off, which is when its time is counted."""
    while (spent := _spent(renderer)) == before or _parent(renderer).children():
        time.sleep(0.01)
    return spent


def _worker_cpu(renderer: Renderer, summary: ProgressSummary) -> float:
    """CPU of three documents, since the system counts in hundredths of a second."""
    before = _spent(renderer)
    for _ in range(3):
        renderer.render("progress", summary, "A4")
    return (_settled(renderer, before) - before) / 3


def _cpu(work: Callable[[], object]) -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - usage.ru_utime - usage.ru_stime


def _wall(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median(times: list[float]) -> str:
    return f"{statistics.median(times) * 1000:.0f}"
