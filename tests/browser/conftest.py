"""Real Chromium on a practice that is really served; the demo is made once for all workers of a run."""

import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import house as served_house
from tests.browser.house import ARGUMENTS, House, demo, new_practice, served, sign_in

PHONE = {"viewport": {"width": 375, "height": 740}, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 900}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies here drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, which asks nothing of the network."""
    return {**browser_type_launch_args, "executable_path": shutil.which("chromium"), "args": ARGUMENTS}


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, dict[str, Any]]:
    """The demo practice as it was made, never served itself, and what it tells about its people and ids."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "demo"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = folder.with_suffix(".json")
        if not file.exists():
            file.write_text(json.dumps(demo(folder)))
    return folder, json.loads(file.read_text())


@pytest.fixture(scope="module")
def demo_house(
    made: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The demo, served from a copy of its own for each file of tests."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    shutil.copytree(made[0], folder)
    with served(folder) as house:
        yield house


@pytest.fixture(scope="module")
def new_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A practice on its first day: one counselor and nothing else."""
    folder = tmp_path_factory.mktemp("practice") / "data"
    new_practice(folder)
    with served(folder) as house:
        yield house


Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser) -> Iterator[Enter]:
    """A person at an own device: `enter(house, "mara", **context)` gives the page after signing in."""
    opened: list[BrowserContext] = []

    def come(
        house: House, name: str | None, passphrase: str = served_house.PASSPHRASE, **context: Any
    ) -> Page:
        opened.append(browser.new_context(**{**PHONE, **context}))
        opened[-1].set_default_timeout(15_000)
        page = opened[-1].new_page()
        if name is not None:
            sign_in(page, house, name, passphrase)
        return page

    yield come
    for context in opened:
        context.close()
