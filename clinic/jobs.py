"""The queue: it only ever says "look now". What is due is pulled from rows by each domain's tasks.

A wake-up carries no id and no text, so that a lost or a doubled one changes nothing: the loop looks by itself every
fifteen seconds, and what it finds it claims in the database.
"""

import logging
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from types import FrameType

from flask import Flask, current_app
from huey import Huey, SqliteHuey

from clinic import clock
from clinic.config import Settings
from clinic.extensions import db, transactions

Due = Callable[[datetime], int]

EVERY = 15.0
"""Seconds between two looks when nobody asks for one."""

LISTENS = 0.5
"""Seconds between two looks at the queue."""

WORD = b"look"

log = logging.getLogger("goldseam.jobs")


def queue_for(settings: Settings) -> Huey:
    """The queue of a practice, in its data folder."""
    return SqliteHuey("goldseam", filename=str(settings.data_dir / "jobs.sqlite"), results=False)


def wake() -> None:
    """Ask the background to look now; call it after the commit. A queue that is not there only costs seconds."""
    try:
        _queue().storage.enqueue(WORD)
    except Exception as error:  # the rows are safe; the next look finds them
        log.warning("The background could not be woken (%s); it looks by itself.", type(error).__name__)


def _queue() -> Huey:
    held: Huey | None = current_app.extensions.get("jobs")
    if held is None:
        held = current_app.extensions["jobs"] = queue_for(current_app.config["SETTINGS"])
    return held


def dues_of(app: Flask) -> Mapping[str, Due]:
    """`due` of each domain of the app that has background work, in the order in which one feeds the next."""
    names = [domain for domain in app.blueprints if find_spec(f"clinic.{domain}.tasks") is not None]
    return {domain: import_module(f"clinic.{domain}.tasks").due for domain in names}


def look(app: Flask, dues: Mapping[str, Due], now: Callable[[], datetime] = clock.now) -> list[str]:
    """Let each domain do what is due; a domain that fails is named and keeps no other from its work."""
    failed = []
    for domain, due in dues.items():
        with app.app_context(), transactions(write=True):
            try:
                due(now())
            except Exception as error:  # a message could quote a text: only its type is told
                db.session.rollback()
                log.error(
                    "Background work of %s failed (%s); it is tried again.", domain, type(error).__name__
                )
                failed.append(domain)
    return failed


def work(app: Flask, stop: threading.Event | None = None) -> None:
    """Look when woken and every fifteen seconds, until told to stop."""
    stop = stop or _stopped_by_signals()
    dues = dues_of(app)
    while not stop.is_set():
        look(app, dues)
        _listen(app, stop)
    close = getattr(app.extensions.get("renderer"), "close", None)
    if close is not None:
        close()


def _listen(app: Flask, stop: threading.Event) -> None:
    """Wait for a word or for the time to pass; words that piled up are one."""
    with app.app_context():
        waited = 0.0
        while waited < EVERY and not stop.wait(LISTENS):
            waited += LISTENS
            if _was_woken():
                return


def _was_woken() -> bool:
    queue = _queue().storage
    woken = False
    while queue.dequeue() is not None:
        woken = True
    return woken


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    return stop
