"""The render parent: loads the press once, forks one worker with limits for each document, and outlives them all."""

import argparse
import gc
import os
import resource
import selectors
import signal
import socket
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from reports.document import Paper
from reports.pdf import DONE, FAILED, Limits, RenderFailed, receive, reply
from reports.press import Press

LARGEST_ORDER = 64 * 1024 * 1024
NICE = 19  # pages come first: two renderers at nice 0 were measured to treble the slowest page


@dataclass(frozen=True)
class Job:
    """A worker at work: whom it answers, and when its time is up."""

    connection: socket.socket
    deadline: float


class RenderParent:
    """Accepts orders on a socket of this user alone. It never lays out a page itself once it has been warmed up."""

    def __init__(self, press: Press, limits: Limits, listener: socket.socket) -> None:
        self._press, self._limits, self._listener = press, limits, listener
        self._jobs: dict[int, Job] = {}
        self._selector = selectors.DefaultSelector()
        self._is_ending = False
        self._slots = max(2, os.cpu_count() or 1)

    def run(self, lifeline: int | None) -> None:
        """Serve until told to end, or until the lifeline (the pipe from the process that started this) closes."""
        wake, self._woken = socket.socketpair()
        wake.setblocking(False)
        self._woken.setblocking(False)
        signal.set_wakeup_fd(wake.fileno())
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(self._woken, selectors.EVENT_READ)
        if lifeline is not None:
            self._selector.register(lifeline, selectors.EVENT_READ)
        self._listener.setblocking(False)
        while not self._is_ending:
            self._turn(lifeline)
        self._stop_workers()

    def _turn(self, lifeline: int | None) -> None:
        with self._listening():
            events = self._selector.select(self._patience())
        ready = {key.fileobj for key, _ in events}
        if self._woken in ready:
            self._woken.recv(4096)
        self._reap()
        self._stop_late()
        if lifeline in ready:
            self._is_ending = True
        elif self._listener in ready:
            self._accept()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Look at new orders only while a slot is free; the others wait in the socket's own queue."""
        has_slot = len(self._jobs) < self._slots
        if has_slot:
            self._selector.register(self._listener, selectors.EVENT_READ)
        yield
        if has_slot:
            self._selector.unregister(self._listener)

    def _patience(self) -> float | None:
        deadlines = [job.deadline for job in self._jobs.values()]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            connection, _ = self._listener.accept()
            connection.settimeout(self._limits.wall)
            worker = os.fork()
            if worker == 0:
                self._work(connection)
            self._jobs[worker] = Job(connection, time.monotonic() + self._limits.wall)

    def _reap(self) -> None:
        for worker in tuple(self._jobs):
            ended, status = os.waitpid(worker, os.WNOHANG)
            if ended:
                self._settle(self._jobs.pop(worker), status)

    def _settle(self, job: Job, status: int) -> None:
        """Close the order of a worker that ended; one that was stopped can no longer answer for itself."""
        with job.connection as connection, suppress(OSError):
            if status != 0:
                connection.sendall(reply(FAILED, self._reason(status).encode()))

    def _reason(self, status: int) -> str:
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
            return f"The document needed more than {self._limits.cpu} seconds of computing and was stopped."
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return f"The document took longer than {self._limits.wall} seconds and was stopped."
        return "The document broke its renderer, which was stopped. Nothing else was touched."

    def _stop_late(self) -> None:
        now = time.monotonic()
        for worker, job in self._jobs.items():
            if job.deadline <= now:
                os.kill(worker, signal.SIGKILL)

    def _stop_workers(self) -> None:
        for worker, job in self._jobs.items():
            os.kill(worker, signal.SIGKILL)
            os.waitpid(worker, 0)
            job.connection.close()

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _work(self, connection: socket.socket) -> None:
        """Run in the worker and never return: `_exit` leaves the parent's fonts, sockets and buffers alone."""
        code = 1
        try:
            self._become_worker()
            connection.sendall(self._answer(connection))
            code = 0
        finally:
            os._exit(code)

    def _become_worker(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):  # C libraries may complain with the text at hand
            os.dup2(nothing, standard)
        os.nice(NICE)
        gc.disable()  # the process ends with its document; collecting would only copy the parent's pages
        limit_process(self._limits)
        self._press.begin_anew()

    def _answer(self, connection: socket.socket) -> bytes:
        try:
            return reply(DONE, self._rendered(connection))
        except RenderFailed as error:
            return reply(FAILED, str(error).encode())
        except MemoryError:
            size = self._limits.memory // (1024 * 1024)
            return reply(
                FAILED, f"The document needed more than {size} MB of memory and was stopped.".encode()
            )
        except Exception as error:  # whatever a layout can raise ends this job, and its text stays here
            return reply(FAILED, f"The document could not be laid out ({type(error).__name__}).".encode())

    def _rendered(self, connection: socket.socket) -> bytes:
        size = int.from_bytes(receive(connection, 8), "big")
        if size > LARGEST_ORDER:
            raise RenderFailed("The summary is too large for a document.")
        name, paper, summary = msgspec.msgpack.decode(
            receive(connection, size), type=tuple[str, Paper, bytes]
        )
        return self._press.pdf(name, paper, summary)


def limit_process(limits: Limits) -> None:
    """Bind this process: memory beyond what it has, CPU beyond what it used, no files written, no core dump."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    memory = pages * resource.getpagesize() + limits.memory
    cpu = int(time.process_time()) + limits.cpu
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def listen(at: Path) -> socket.socket:
    """Open the socket for this user alone; one left behind by a parent that was killed is replaced."""
    at.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(os.fspath(at))
    finally:
        os.umask(before)
    listener.listen(64)
    return listener


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="reports.renderer", description=__doc__)
    parser.add_argument("--fonts", type=Path, required=True)
    parser.add_argument("--at", type=Path, required=True, help="path of the socket")
    parser.add_argument("--document", action="append", default=[], help="module of a document")
    parser.add_argument("--memory", type=int, default=Limits.memory)
    parser.add_argument("--cpu", type=int, default=Limits.cpu)
    parser.add_argument("--wall", type=int, default=Limits.wall)
    parser.add_argument("--strict", action="store_true", help="fail a document at any warning of the layout")
    parser.add_argument("--child", action="store_true", help="end when standard input closes")
    return parser.parse_args(words)


def main(words: list[str]) -> None:
    """Warm the press up, freeze what it holds, and serve."""
    # Python warns of a fork beside a thread; the one that Pango keeps is idle, and no worker asks it (begin_anew)
    warnings.filterwarnings("ignore", r"This process .* is multi-threaded", DeprecationWarning)
    given = _arguments(words)
    press = Press(given.fonts, given.document, is_strict=given.strict)
    press.warm_up()
    gc.collect()
    gc.freeze()  # keeps the collector, and so the copying of shared pages, away from all that was loaded
    parent = RenderParent(press, Limits(given.memory, given.cpu, given.wall), listen(given.at))
    try:
        parent.run(0 if given.child else None)
    finally:
        given.at.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1:])
