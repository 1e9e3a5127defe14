"""The commands that keep the record safe, as somebody types them, each in a process of its own."""

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from clinic.extensions import db
from clinic.practice.models import Practice

ROOT = Path(__file__).resolve().parents[1]
PASSPHRASE = "seven quiet lanterns"


def clinic(*words: str, folder: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command with a practice in `folder`, and type something where it asks."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("CLINIC_")}
    return subprocess.run(
        [sys.executable, "-m", "clinic.cli", *words],
        cwd=ROOT,
        env={**others, "CLINIC_DATA_DIR": str(folder)},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def paper(said: str) -> str:
    """What stands between the lines around it, as somebody copies it by hand."""
    return " ".join(line.strip() for line in said.split("\n") if line.startswith("    "))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Path]:
    """A practice whose recovery key was confirmed, the words on its paper, and its backup."""
    folder = tmp_path_factory.mktemp("kept") / "data"
    words = ["--practice", "Test Lane", "--zone", "Europe/Vienna", "--paper", "A4", "--owner", "Ana Test"]
    made = clinic("init", *words, "--sign-in", "ana", "--password", PASSPHRASE, folder=folder)
    assert made.returncode == 0, made.stderr
    key = paper(made.stdout)
    confirmed = clinic("recovery-key", "--confirm", folder=folder, typed=f"{key.lower()}\n")
    assert confirmed.returncode == 0, confirmed.stderr
    backed = clinic("backup", folder=folder)
    assert backed.returncode == 0, backed.stderr
    (file,) = (folder / "backups").iterdir()
    return folder, key, file


def test_a_practice_survives_the_loss_of_its_machine(kept: tuple[Path, str, Path], tmp_path: Path) -> None:
    """Paper and one backup are all that is left."""
    folder, key, file = kept
    back = clinic("restore", str(file), folder=tmp_path / "new", typed=f"{key}\n")
    assert back.returncode == 0, back.stderr
    assert (tmp_path / "new" / "master.key").read_text() == (folder / "master.key").read_text()
    looked = clinic("verify", folder=tmp_path / "new")
    assert looked.returncode == 0, looked.stderr
    assert "Test Lane" in looked.stdout
    with closing(sqlite3.connect(tmp_path / "new" / "clinic.sqlite")) as raw, raw:
        raw.execute("DROP TRIGGER audit_event_no_delete")
        raw.execute("DELETE FROM audit_event WHERE seq = 2")
    broken = clinic("verify", folder=tmp_path / "new")
    assert (broken.returncode, "entry 2" in broken.stderr) == (1, True)


def test_a_mistake_on_paper_is_noticed_and_a_practice_that_is_there_is_not_replaced(
    kept: tuple[Path, str, Path],
) -> None:
    folder, key, file = kept
    wrong = key[:-1] + ("Q" if key[-1] != "Q" else "P")
    said = clinic("recovery-key", "--confirm", folder=folder, typed=f"{wrong}\n")
    assert (said.returncode, "no recovery key" in said.stderr) == (1, True)
    said = clinic("restore", str(file), folder=folder)
    assert (said.returncode, "already" in said.stderr) == (1, True)


def test_a_new_master_key_needs_a_new_paper_and_the_old_one_opens_nothing(
    kept: tuple[Path, str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(kept[0], folder)
    changed = clinic("rotate-key", folder=folder)
    assert changed.returncode == 0, changed.stderr
    assert paper(changed.stdout) != kept[1]
    assert clinic("verify", folder=folder).returncode == 0
    assert clinic("recovery-key", "--confirm", folder=folder, typed=f"{kept[1]}\n").returncode == 1
    shutil.copy2(kept[0] / "master.key", folder / "master.key")
    for command in ("serve", "recovery-key"):
        said = clinic(command, folder=folder)
        assert (said.returncode, "Traceback" in said.stderr) == (1, False)
        assert "does not fit" in said.stderr
        assert not paper(said.stdout)


@pytest.mark.parametrize("method", ["get", "post"])
def test_no_couple_is_made_before_the_recovery_key_was_confirmed(client_for, method: str) -> None:  # type: ignore[no-untyped-def]
    ruth: FlaskClient = client_for("counselor")
    with ruth.application.app_context():
        db.session.execute(update(Practice).values(recovery_kept_at=None))
        db.session.commit()
    answer = getattr(ruth, method)("/couples/new")
    assert answer.status_code == 409
    assert "clinic recovery-key --confirm" in answer.text
