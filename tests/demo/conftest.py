"""The demo as the command makes it: once for all workers of a run, and shared with the tests on a real browser."""

import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from clinic import vault
from clinic.access import SYSTEM
from clinic.app import create_app
from clinic.config import Settings
from clinic.extensions import db

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Demo:
    """A copy of the demo: its app, what the command told about it, and when it was made."""

    app: Flask
    told: dict[str, Any]
    made_at: datetime

    def couple(self, key: str) -> dict[str, Any]:
        """What was told of one couple."""
        return next(one for one in self.told["couples"] if one["key"] == key)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, dict[str, Any]]:
    """The folder of the demo, never to be changed, and what `clinic demo --json` told."""
    shared = tmp_path_factory.getbasetemp()
    folder = (shared if worker_id == "master" else shared.parent) / "demo"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = folder.with_suffix(".json")
        if not file.exists():
            words = [sys.executable, "-m", "clinic.cli", "demo", "--json", "--data-dir", str(folder)]
            done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            file.write_text(done.stdout, encoding="utf-8")
    return folder, json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def _opened(made: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo") / "data"
    shutil.copytree(made[0], folder)
    return opened(folder, made[1])


def opened(folder: Path, told: dict[str, Any]) -> Demo:
    """The app on a copy of the demo."""
    mark = json.loads((folder / "demo.json").read_text(encoding="utf-8"))
    settings = Settings.from_environment(data_dir=folder, demo=True, testing=True)
    return Demo(create_app(settings), told, datetime.fromisoformat(mark["made_at"]))


@pytest.fixture
def demo(_opened: Demo) -> Iterator[Demo]:
    """The demo with its database open; tests read it and change nothing."""
    vault.open_with(_opened.app.config["SETTINGS"].key_file)
    with _opened.app.app_context(), vault.reading(SYSTEM, "tests"):
        yield _opened
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()
