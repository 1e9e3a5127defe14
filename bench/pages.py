"""Page figures: the caseload against a bare hello under the same server, at more couples, and while reports render."""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from types import MappingProxyType

import psutil
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from bench.pdf import seven_pages
from bench.people import FEW, FULL, House
from bench.table import Row
from clinic.app import warm_up
from reports.pdf import Renderer

ROOT = Path(__file__).parent.parent
CASELOAD = "/couples/"
SHEET = "/static/site.css"
ROUNDS = 7
EACH = 25
MANY = 900
MEGABYTE = 1024 * 1024

hello = Flask("hello")


@hello.get("/")
def say() -> str:
    """The least that the same framework can do."""
    return "hello"


def rows(small: House, large: House, fonts: Path) -> list[Row]:
    """All figures of pages; `small` and `large` differ in the number of couples only."""
    return [*_in_process(small), *_growth(small, large), *_served(small), *_while_rendering(small, fonts)]


# In this process


def _in_process(house: House) -> list[Row]:
    ours, bare = _client(house, "few"), hello.test_client()
    page, least = in_turn(lambda: _ok(ours.get(CASELOAD)), lambda: _ok(bare.get("/")), time.process_time)
    statements = _statements(lambda: ours.get(CASELOAD))
    work = f"caseload of {FEW} couples with login, CPU in process ({page * 1000:.1f} ms)"
    return [
        Row(work, f"bare hello ({least * 1000:.2f} ms)", f"{page / least:.1f}", "–"),
        Row(f"SQL statements of the caseload of {FEW} couples", "–", str(statements), "<= 10"),
        _unchanged(house, bare),
    ]


def _unchanged(house: House, bare: FlaskClient) -> Row:
    """What a browser asks for with every page and has already: a file that did not change. Pages are never stored."""
    browser = _client(house, "few")
    known = {"If-None-Match": browser.get(SHEET).headers["ETag"]}

    def ask() -> None:
        response = browser.get(SHEET, headers=known)
        response.close()
        assert response.status_code == 304, response.status

    file, least = in_turn(ask, lambda: _ok(bare.get("/")), time.process_time)
    work = f"unchanged style sheet (304), CPU in process ({file * 1000:.2f} ms)"
    return Row(work, f"bare hello ({least * 1000:.2f} ms)", f"{file / least:.1f}", "–")


def _growth(small: House, large: House) -> list[Row]:
    """The same thirty couples in a practice of many more; then two thousand couples of one's own instead of thirty."""
    return [
        *_against(
            f"caseload of {FEW} in a practice of {large.couples:,} couples",
            (large, "few"),
            f"of {small.couples:,}",
            (small, "few"),
        ),
        *_against(f"caseload of {FULL:,} couples of one's own", (small, "full"), f"of {FEW}", (small, "few")),
    ]


def _against(work: str, one: tuple[House, str], against: str, other: tuple[House, str]) -> list[Row]:
    many, few = _client(*one), _client(*other)
    at_many, at_few = in_turn(
        lambda: _ok(many.get(CASELOAD)), lambda: _ok(few.get(CASELOAD)), time.process_time
    )
    statements = [_statements(lambda client=client: client.get(CASELOAD)) for client in (many, few)]
    return [
        Row(
            f"{work} ({at_many * 1000:.1f} ms)",
            f"{against} ({at_few * 1000:.1f} ms)",
            f"{at_many / at_few:.2f}",
            "<= 1.3",
        ),
        Row(
            "SQL statements of that page", f"{statements[1]} there", str(statements[0]), f"= {statements[1]}"
        ),
    ]


Clock = Callable[[], float]


def in_turn(
    one: Callable[[], object], other: Callable[[], object], clock: Clock = time.perf_counter
) -> tuple[float, float]:
    """Seconds of each, the two measured in turn: the median of the least disturbed tenth.

    A page takes longer than the time that a busy machine leaves it alone, a hello does not: in the median of all, the
    page would pay for its neighbors and the hello would not.
    """
    for _ in range(5):
        one(), other()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for work, into in zip((one, other), times, strict=True):
            into.extend(_times(work, clock))
    first, second = (sorted(found)[len(found) // 20] for found in times)
    return first, second


def _times(work: Callable[[], object], clock: Clock) -> list[float]:
    times = []
    for _ in range(EACH):
        start = clock()
        work()
        times.append(clock() - start)
    return times


def _client(house: House, who: str) -> FlaskClient:
    warm_up(house.app)
    client = house.app.test_client()
    name, _, value = house.cookie(who).partition("=")
    client.set_cookie(name, value)
    return client


def _ok(response: TestResponse) -> None:
    assert response.status_code == 200, response.status


def _statements(work: Callable[[], object]) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    work()
    event.listen(Engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(seen)


# Under the server


def _served(house: House) -> list[Row]:
    """As the targets were measured: one connection to the same server. A hello pays for the server there, too."""
    with (
        served("bench.pages:hello", {}) as (port, _),
        served("clinic.wsgi:app", house.environment()) as (own, process),
    ):
        bare, page = Browser(port), Browser(own, house.cookie("few"))
        ours, least = in_turn(lambda: page.get(CASELOAD), lambda: bare.get("/"))
        known = {"If-None-Match": page.get(SHEET)["ETag"]}
        file, least_beside = in_turn(lambda: page.get(SHEET, known, 304), lambda: bare.get("/"))
        peak = sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / MEGABYTE
    work = f"caseload of {FEW} couples with login, granian with one worker ({ours * 1000:.1f} ms)"
    return [
        Row(work, f"bare hello there ({least * 1000:.2f} ms)", f"{ours / least:.1f}", "<= 8"),
        Row(
            f"unchanged style sheet (304), granian with one worker ({file * 1000:.2f} ms)",
            f"bare hello there ({least_beside * 1000:.2f} ms)",
            f"{file / least_beside:.1f}",
            "<= 2",
        ),
        Row("memory of that server after the run, master and worker", "–", f"{peak:.0f} MB", "<= 300 MB"),
    ]


def _while_rendering(house: House, fonts: Path) -> list[Row]:
    """The slowest page in a hundred while two documents are being made all the time, two workers of the server."""
    renderer = Renderer(fonts)
    try:
        renderer.render("progress", seven_pages(), "A4")
        with served("clinic.wsgi:app", house.environment(), workers=2) as (port, _):
            page = Browser(port, house.cookie("few"))
            for _ in range(60):
                page.get(CASELOAD)
            idle = _slowest(page)
            with _rendering(renderer) as made:
                busy = _slowest(page)
    finally:
        renderer.close()
    work = f"p99 of the caseload while two reports render ({busy * 1000:.1f} ms; {len(made)} reports made)"
    return [Row(work, f"p99 idle ({idle * 1000:.1f} ms)", f"{busy / idle:.2f}", "<= 1.5")]


def _slowest(page: "Browser") -> float:
    """The 99th of a hundred, the median of three stretches: one hiccup of the machine is not the page's."""
    return statistics.median(_p99([page.timed(CASELOAD) for _ in range(MANY // 3)]) for _ in range(3))


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


@contextmanager
def _rendering(renderer: Renderer) -> Iterator[list[int]]:
    over, made, summary = threading.Event(), [], seven_pages()

    def render() -> None:
        while not over.is_set():
            made.append(len(renderer.render("progress", summary, "A4")))

    threads = [threading.Thread(target=render) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        yield made
    finally:
        over.set()
        for thread in threads:
            thread.join()


class Browser:
    """One connection to a server of this machine, kept open."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._headers = {"Host": f"localhost:{port}", **({"Cookie": cookie} if cookie else {})}

    def get(self, path: str, headers: Mapping[str, str] = MappingProxyType({}), status: int = 200) -> Message:
        """The headers of a page that was fetched whole; any other status ends the run."""
        self._connection.request("GET", path, headers={**self._headers, **headers})
        response = self._connection.getresponse()
        response.read()
        if response.status != status:
            raise RuntimeError(f"{path}: {response.status}")
        return response.headers

    def timed(self, path: str) -> float:
        """Seconds of one fetch."""
        start = time.perf_counter()
        self.get(path)
        return time.perf_counter() - start


@contextmanager
def served(
    target: str, environment: dict[str, str], workers: int = 1
) -> Iterator[tuple[int, psutil.Process]]:
    """Granian on a free port of this machine, as `clinic serve` runs it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--no-ws",
        "--http",
        "1",
        "--host",
        "127.0.0.1",
    ]
    words += [
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        "1",
        "--log-level",
        "critical",
        target,
    ]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, **environment})
    try:
        _await(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _await(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("The server did not come up.")
