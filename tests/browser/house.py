"""A practice that is really served: its folder, its processes on this machine's loopback, and who signs in there."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.browser.moved import AHEAD

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSPHRASE = "seven quiet lanterns at noon"
DEMO_PASSPHRASE = "linden-gold-seam-tea"


@dataclass(frozen=True)
class House:
    """Where it is reached, and its clock."""

    url: str
    folder: Path

    def later(self, minutes: float) -> None:
        """Move the clock of web and background on from the true time."""
        (self.folder / "ahead").write_text(str(minutes * 60))


@contextmanager
def served(folder: Path, *, demo: bool = True) -> Iterator[House]:
    """Serve the practice in `folder` on a free port: the web in two processes, and the background work.

    As in a demo staff are asked for no second step, so that tests of other things sign in at once.
    """
    port = _free_port()
    house = House(f"http://localhost:{port}", folder)  # a passkey needs a name, not an address
    given = {
        "CLINIC_DATA_DIR": folder,
        "CLINIC_BASE_URL": house.url,
        "CLINIC_DEMO": int(demo),
        AHEAD: folder / "ahead",
    }
    environment = {**os.environ, **{name: str(value) for name, value in given.items()}}
    web = [
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
    web += [
        "--port",
        str(port),
        "--workers",
        "2",
        "--blocking-threads",
        "1",
        "--log-level",
        "error",
        "tests.browser.moved:app",
    ]
    started = [
        _started(web, environment),
        _started([sys.executable, "-m", "tests.browser.moved"], environment),
    ]
    try:
        _await(port)
        yield house
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)


def _started(words: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, cwd=ROOT, env=environment, start_new_session=True)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("The server did not come up.")


def new_practice(folder: Path) -> None:
    """What `clinic init` makes: a practice with its owner, who is also its counselor."""
    words = ["--practice", "Linden Practice", "--zone", "America/New_York", "--paper", "Letter"]
    words += ["--owner", "Ruth Okafor", "--sign-in", "ruth", "--password", PASSPHRASE]
    said = _command(folder, "init", *words)
    paper = " ".join(line for line in said.splitlines() if line.startswith("    "))
    _command(folder, "recovery-key", "--confirm", typed=f"{paper}\n")


def demo(folder: Path) -> dict[str, Any]:
    """The demo practice in `folder`, and what `clinic demo --json` tells about it."""
    made = _command(folder, "demo", "--json", "--build-only", "--data-dir", str(folder))
    return json.loads(made)  # type: ignore[no-any-return]


def _command(folder: Path, *words: str, typed: str = "") -> str:
    environment = {**os.environ, "CLINIC_DATA_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "clinic.cli", *words],
        cwd=ROOT,
        env=environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"clinic {words[0]}: {done.stderr[-2000:]}")
    return done.stdout


def sign_in(page: Page, house: House, name: str, passphrase: str = PASSPHRASE) -> None:
    """Through the page, as everybody does."""
    page.goto(f"{house.url}/accounts/sign-in")
    page.get_by_label("Your sign-in name").fill(name)
    page.get_by_role("textbox", name="Your passphrase").fill(passphrase)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/accounts/sign-in" not in url)


def routes(house: House) -> list[str]:
    """The rules that answer GET, as `clinic routes --json` tells them; files and documents are no pages."""
    rows = json.loads(_command(house.folder, "routes", "--json"))
    return [
        row["rule"]
        for row in rows
        if "GET" in row["methods"] and not row["rule"].startswith(("/static", "/fonts"))
    ]
