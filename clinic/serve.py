"""Supervision of `clinic serve`: web server, background work and press, each started, watched and stopped."""

import ctypes
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from clinic.config import PREFIX, Settings
from reports import pdf

log = logging.getLogger("goldseam.serve")

ROOT = Path(__file__).parent.parent
WATCHES = 0.25
"""Seconds between two looks at the children."""

PATIENCE = 15.0
"""Seconds that a child has to finish when it is told to stop."""

STARTS_AT_MOST = 20
"""A child that dies so often, with less than a minute of life each time, will not live; all are stopped then."""

LIVES = 60.0

TELL_AT_PARENTS_DEATH = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


@dataclass
class Child:
    """One process to keep running: how it is started, and how often it died young."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    waits_until: float = 0.0
    young_deaths: int = 0


def run(settings: Settings) -> int:
    """Serve until interrupted; 0 after an orderly end, 1 when a part cannot be kept running."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = _stopped_by_signals()
    with tempfile.TemporaryDirectory(prefix="goldseam-") as folder:
        press = (
            Path(folder) / f"{secrets.token_hex(4)}.sock"
        )  # short: the path of a socket has 107 bytes at most
        return supervise(children_of(settings, press), stop)


def is_free(host: str, port: int) -> bool:
    """True when nobody listens there yet."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def children_of(settings: Settings, press: Path) -> list[Child]:
    """The three parts, in the order in which they are started."""
    inherited = environment_of(settings)
    return [
        Child("press", lambda: _start(pdf.command(settings.fonts_dir, press), pdf.environment())),
        Child("background", lambda: _start(_background(press), inherited)),
        Child("web", lambda: _start(_web(settings), inherited)),
    ]


def environment_of(settings: Settings) -> dict[str, str]:
    """The settings as a child reads them again from its environment."""
    given = {
        PREFIX + name.upper(): _written(getattr(settings, name)) for name in settings.__dataclass_fields__
    }
    return {**os.environ, **given}


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(int(value)) if isinstance(value, bool) else str(value)


def _web(settings: Settings) -> list[str]:
    """Two workers of one thread each were measured best on SQLite; each request has the worker to itself."""
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1"]
    words += ["--host", settings.host, "--port", str(settings.port), "--respawn-failed-workers"]
    words += [
        "--workers",
        str(settings.web_workers),
        "--blocking-threads",
        "1",
        "--workers-kill-timeout",
        "10",
    ]
    return [*words, "--log-level", "warning", "clinic.wsgi:app"]


def _background(press: Path) -> list[str]:
    return [sys.executable, "-m", "clinic.serve", str(press)]


def _start(words: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C reaches the supervisor alone, which then stops the parts in their order.
    return subprocess.Popen(  # noqa: S603  # our own interpreter and modules
        words,
        cwd=ROOT,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=_ends_with(os.getpid()),  # noqa: PLW1509  # the supervisor has no threads
    )


def _ends_with(supervisor: int) -> Callable[[], None]:
    """A child's first act: to be told to stop when the supervisor is gone, also when nothing could stop the others.

    Parts that outlived a killed supervisor would hold the port, and write with the code of before beside those of the
    next one. The kernel keeps this promise on Linux; elsewhere there is no such call.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def ask() -> None:
        if prctl is not None:
            prctl(TELL_AT_PARENTS_DEATH, signal.SIGTERM)
        if os.getppid() != supervisor:  # it went before it could be asked
            os._exit(1)

    return ask


# Watching


def supervise(children: list[Child], stop: "Stop | threading.Event") -> int:
    """Keep the children running until `stop` is set, then end them, the last one first."""
    try:
        while not stop.is_set():
            for child in children:
                keep_running(child, time.monotonic())
            if tired := [child.name for child in children if child.young_deaths >= STARTS_AT_MOST]:
                log.error("The %s does not stay up; everything is stopped.", tired[0])
                return 1
            stop.wait(WATCHES)
        return 0
    finally:
        for child in reversed(children):
            end(child)


def keep_running(child: Child, seconds: float) -> None:
    """Start a child that is not there; one that died young waits a little longer each time. `seconds` is monotonic."""
    if child.process is not None:
        if child.process.poll() is None:
            return
        log.warning("The %s ended (%s) and is started again.", child.name, child.process.returncode)
        _clear(child.process)
        lived = seconds - child.started_at
        child.young_deaths = child.young_deaths + 1 if lived < LIVES else 0
        child.waits_until = seconds + min(child.young_deaths, 10) * 0.5 if child.young_deaths > 1 else seconds
        child.process = None
    if seconds >= child.waits_until:
        child.process, child.started_at = child.start(), seconds


def end(child: Child) -> None:
    """Ask a child to finish, and stop it when it does not."""
    if child.process is None:
        return
    child.process.terminate()
    try:
        child.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        log.warning("The %s did not finish in time and was stopped.", child.name)
    _clear(child.process)


def _clear(process: subprocess.Popen[bytes]) -> None:
    """Stop what is left of a child's group: workers of a killed web server would keep its port, and old code."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Stop:
    """A mark that a signal may set at any instant; it has no lock for which the interrupted thread could wait."""

    def __init__(self) -> None:
        self._was_set = False

    def set(self) -> None:
        self._was_set = True

    def is_set(self) -> bool:
        return self._was_set

    def wait(self, seconds: float) -> None:
        """Wait so long, whatever happens; the next look is soon."""
        time.sleep(seconds)


def _stopped_by_signals() -> Stop:
    stop = Stop()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    return stop


# The background, as a child


def background(press: str) -> None:
    """Run the background work with the press that the supervisor keeps."""
    from clinic import jobs  # the supervisor itself loads no application
    from clinic.app import create_app

    app = create_app()
    app.config["PRESS_AT"] = press
    jobs.work(app)


if __name__ == "__main__":
    background(sys.argv[1])
