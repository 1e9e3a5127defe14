"""A parent that is warm: it loads the app once and forks a server for each life, so that many can be killed quickly.

Run as `python -m tests.crashing <data folder>`; each line on standard input asks for one more life, and its process id
and port are printed. The end of the input ends the last of them.
"""

import os
import signal
import socket
import sys
from pathlib import Path

from werkzeug.serving import make_server

from clinic.app import create_app, warm_up
from clinic.config import Settings
from clinic.extensions import db


def main(folder: Path) -> None:
    """Live until nobody asks any more."""
    app = create_app(Settings.from_environment(data_dir=folder, testing=True))
    warm_up(app)
    with app.app_context():
        db.engine.dispose()  # a connection must not be shared by parent and child
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    listener.set_inheritable(True)
    child = 0
    for _ in sys.stdin:
        _bury(child)
        child = os.fork()
        if child == 0:
            _serve(app, listener)
        _say(f"{child} {listener.getsockname()[1]}")
    _bury(child)


def _bury(child: int) -> None:
    """Make sure that a child is dead before the next one lives; print how it died."""
    if child:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        _say(f"died {os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _serve(app: object, listener: socket.socket) -> None:
    devnull = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(devnull, handle)
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())  # type: ignore[arg-type]
    server.serve_forever()
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
