"""PDF for the rest of the program: a frozen summary goes to the render parent, a process of its own; bytes return."""

import hashlib
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from reports.document import Paper

DOCUMENTS = (
    "reports.progress",
    "reports.invitation",
    "reports.own_record",
    "reports.certificate",
    "reports.given_record",
)
ROOT = Path(__file__).parent.parent
DONE, FAILED = b"+", b"-"
HEAD = 1 + 8 + 32  # mark, length, SHA-256: a reply cut off by a killed worker is never taken for a document


class RenderFailed(Exception):
    """A document could not be made; the message is for a counselor and holds no text of a client."""


@dataclass(frozen=True)
class Limits:
    """What one document may cost: bytes of memory beyond the warm process, seconds of CPU, seconds on the clock."""

    memory: int = 1536 * 1024 * 1024
    cpu: int = 60
    wall: int = 180


class Renderer:
    """Renders documents through a render parent; safe to share among the threads of one process.

    With `at` it uses the parent that `clinic serve` keeps at that socket. Without, it starts one of its own at the
    first document and ends it with `close()`, or when this process ends.
    """

    def __init__(
        self,
        fonts: Path,
        at: Path | None = None,
        *,
        documents: tuple[str, ...] = DOCUMENTS,
        limits: Limits | None = None,
        is_strict: bool = False,
    ) -> None:
        self._fonts, self._at = fonts, at
        self._documents, self._limits, self._is_strict = documents, limits or Limits(), is_strict
        self._lock = threading.Lock()
        self._path = Path()
        self._own: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def render(self, document: str, summary: object, paper: Paper) -> bytes:
        """Make one document as PDF/UA-1; raises RenderFailed, which leaves the next document untouched."""
        try:
            order = msgspec.msgpack.encode((document, paper, msgspec.msgpack.encode(summary)))
        except (TypeError, UnicodeError) as error:
            raise RenderFailed("The summary holds something that cannot be written down.") from error
        try:
            with self._connection() as connection:
                send(connection, order)
                return _reply(connection)
        except OSError as error:
            raise RenderFailed("The renderer did not answer. Please try again in a moment.") from error

    def close(self) -> None:
        """End the render parent, if this renderer started it."""
        with self._lock:
            self._forget()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _forget(self) -> None:
        own, self._own = self._own, None
        if own is not None and own.stdin is not None:
            own.stdin.close()  # the parent lives as long as this pipe
            own.wait(timeout=10)

    def _connection(self) -> socket.socket:
        with self._lock:
            path = self._at or self._started()
        return _connected(path, self._limits.wall + 30, self._own)

    def _started(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="goldseam-", ignore_cleanup_errors=True)
        if self._own is None or self._own.poll() is not None:
            self._forget()
            self._path = Path(self._folder.name) / f"{secrets.token_hex(4)}.sock"
            words = command(
                self._fonts,
                self._path,
                self._documents,
                self._limits,
                is_strict=self._is_strict,
                is_child=True,
            )
            self._own = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                words, cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
            )
        return self._path


def command(
    fonts: Path,
    at: Path,
    documents: tuple[str, ...] = DOCUMENTS,
    limits: Limits | None = None,
    *,
    is_strict: bool = False,
    is_child: bool = False,
) -> list[str]:
    """Give the command line of a render parent, to be run in the project's folder; `clinic serve` keeps one running."""
    limits = limits or Limits()
    words = [sys.executable, "-m", "reports.renderer", "--fonts", str(fonts.resolve()), "--at", str(at)]
    words += ["--memory", str(limits.memory), "--cpu", str(limits.cpu), "--wall", str(limits.wall)]
    words += [word for document in documents for word in ("--document", document)]
    return words + ["--strict"] * is_strict + ["--child"] * is_child


def environment() -> dict[str, str]:
    """Give a render parent this environment without the settings of the practice: it needs no database and no key."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CLINIC_")}


def send(connection: socket.socket, body: bytes) -> None:
    """Write one message: its length, then itself."""
    connection.sendall(len(body).to_bytes(8, "big") + body)


def receive(connection: socket.socket, size: int) -> bytes:
    """Read so many bytes; raises ConnectionError when the other side stops before."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(min(size - len(parts), 1 << 20))
        if not part:
            raise ConnectionError("The other side stopped in the middle of a message.")
        parts += part
    return bytes(parts)


def reply(mark: bytes, body: bytes) -> bytes:
    """Frame an answer of the render parent or of one of its workers."""
    return mark + len(body).to_bytes(8, "big") + hashlib.sha256(body).digest() + body


def _reply(connection: socket.socket) -> bytes:
    head = receive(connection, HEAD)
    body = receive(connection, int.from_bytes(head[1:9], "big"))
    if hashlib.sha256(body).digest() != head[9:]:
        raise RenderFailed("The document broke off while it was handed over.")
    if head[:1] != DONE:
        raise RenderFailed(body.decode())
    return body


def _connected(path: Path, timeout: float, own: subprocess.Popen[bytes] | None) -> socket.socket:
    """Connect, with patience for a parent that is still loading its fonts or being started again by `clinic serve`."""
    patience = time.monotonic() + 30
    while True:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(timeout)
        try:
            connection.connect(os.fspath(path))
        except OSError as error:
            connection.close()
            is_to_come = isinstance(error, FileNotFoundError | ConnectionRefusedError | BlockingIOError)
            if not is_to_come or time.monotonic() > patience or (own is not None and own.poll() is not None):
                raise
            time.sleep(0.02)
        else:
            return connection
