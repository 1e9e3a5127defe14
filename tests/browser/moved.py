"""The real application with a clock that a test can move: requests and background work read the seconds from a file."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from clinic import clock, jobs
from clinic.app import create_app, warm_up

AHEAD = "GOLDSEAM_TEST_AHEAD"


def present() -> datetime:
    """Now, and as many seconds later as the file says."""
    file = Path(os.environ[AHEAD])
    return datetime.now(UTC) + timedelta(seconds=float(file.read_text()) if file.exists() else 0)


def moved(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """A request lives in the moved present from its first to its last line."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with clock.moved_to(present()):
            return wsgi(environ, start)

    return answer


def background() -> None:
    """What `clinic worker` does, looking more often and in the moved present."""
    app = create_app()
    dues = jobs.dues_of(app)
    while True:
        with clock.moved_to(present()):
            jobs.look(app, dues)
        time.sleep(0.4)


if __name__ == "__main__":
    background()
elif "granian" in sys.modules or "_granian" in sys.modules:
    app = create_app()
    warm_up(app)
    app.wsgi_app = moved(app.wsgi_app)  # type: ignore[method-assign]
