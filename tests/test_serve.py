"""Supervision: children are kept running, a dead one is started again, all are ended in order."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from clinic import serve
from clinic.cli import prepare
from clinic.config import Settings

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, lambda *_: None); print(flush=True); time.sleep(60)",
]


def child(words: list[str] = SLEEPS, output: int = subprocess.DEVNULL) -> serve.Child:
    return serve.Child("child", lambda: subprocess.Popen(words, start_new_session=True, stdout=output))


def comes(happened: Callable[[], bool], seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happened():
            return True
        time.sleep(0.02)
    return False


def test_dead_child_is_started_again_and_all_end_together() -> None:
    one, two, stop = child(), child(), threading.Event()
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(serve.supervise([one, two], stop)))
    thread.start()
    assert comes(lambda: one.process is not None and two.process is not None)
    first = one.process
    assert first is not None
    first.kill()
    first.wait()
    assert comes(lambda: one.process is not None and one.process is not first)
    stop.set()
    thread.join(10)
    assert codes == [0]
    assert all(each.process is not None and each.process.poll() is not None for each in (one, two))


def test_child_that_keeps_dying_waits_longer_and_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    mayfly, seconds, starts = child([sys.executable, "-c", ""]), 0.0, 0
    while mayfly.young_deaths < serve.STARTS_AT_MOST:
        serve.keep_running(mayfly, seconds)
        if mayfly.process is not None:
            mayfly.process.wait()
            starts += 1
        seconds += 0.25
    assert starts == serve.STARTS_AT_MOST
    assert seconds > 30
    monkeypatch.setattr(serve, "keep_running", lambda *_: None)
    assert serve.supervise([mayfly], threading.Event()) == 1


def test_child_that_does_not_listen_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PATIENCE", 0.3)
    stubborn = child(STUBBORN, subprocess.PIPE)
    serve.keep_running(stubborn, 0)
    assert stubborn.process is not None
    assert stubborn.process.stdout is not None
    stubborn.process.stdout.readline()
    serve.end(stubborn)
    stubborn.process.stdout.close()
    assert not psutil.pid_exists(stubborn.process.pid)


def test_workers_of_a_killed_child_go_with_it() -> None:
    words = [
        sys.executable,
        "-c",
        "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()",
    ]
    killed = serve.Child(
        "web",
        lambda: subprocess.Popen(
            words, start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ),
    )
    serve.keep_running(killed, 0)
    first = killed.process
    assert first is not None
    assert first.stdin is not None
    assert first.stdout is not None
    worker = int(first.stdout.readline())
    first.kill()
    first.wait()
    killed.start = child().start
    serve.keep_running(killed, 1)
    assert comes(
        lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE
    )
    first.stdin.close()
    first.stdout.close()
    serve.end(killed)


SUPERVISOR = """
from clinic import serve
from clinic.config import Settings
serve.run(Settings.from_environment())
"""


def test_a_killed_supervisor_leaves_no_part_alive(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {"DATA_DIR": tmp_path, "DEMO": 1, "PORT": port, "HOST": "127.0.0.1", "WEB_WORKERS": 1}
    environment = {**os.environ, **{f"CLINIC_{name}": str(value) for name, value in given.items()}}
    prepare(Settings.from_environment(data_dir=tmp_path, demo=True))
    supervisor = subprocess.Popen([sys.executable, "-c", SUPERVISOR], cwd=serve.ROOT, env=environment)
    parts: list[psutil.Process] = []
    try:
        assert comes(lambda: is_answering(port), 120)
        parts = psutil.Process(supervisor.pid).children(recursive=True)
        assert len(parts) == 4, "the press, the background, the web server and its worker"
        supervisor.kill()
        supervisor.wait()
        assert comes(lambda: not any(is_alive(one) for one in parts), 60)
    finally:
        for one in (supervisor, *(one for one in parts if is_alive(one))):
            one.kill()
        supervisor.wait()


def is_answering(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def is_alive(process: psutil.Process) -> bool:
    """False for what has ended, whether or not anybody took note of it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_settings_reach_the_children_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = Settings.from_environment(data_dir=tmp_path, demo=True, port=8123)
    for name, value in serve.environment_of(given).items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment() == given


def test_press_is_told_nothing_of_the_practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIC_KEY_FILE", "/secret")
    started: list[dict[str, str]] = []
    monkeypatch.setattr(serve, "_start", lambda _words, environment: started.append(dict(environment)))
    for one in serve.children_of(Settings.from_environment(data_dir=tmp_path), tmp_path / "press.sock"):
        one.start()
    press, *others = started
    assert not any(name.startswith("CLINIC_") for name in press)
    assert all(other["CLINIC_DATA_DIR"] == str(tmp_path) for other in others)


def test_a_signal_in_the_middle_of_the_mark_stops_all_the_same() -> None:
    """An Event holds a lock while it is asked: set by a signal at that instant, it would wait for itself for ever."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, signal\n"
            "from clinic import serve\n"
            "stop = serve._stopped_by_signals()\n"
            "for _ in range(20_000):\n"
            "    os.kill(os.getpid(), signal.SIGTERM)\n"
            "    stop.is_set(), stop.set(), stop.wait(0)\n"
            "print(stop.is_set())",
        ],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "True"
