"""Backups hold all that was acknowledged before they began, come back whole, and are refused when anything is off."""

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from clinic import audit, backup, masters, vault
from clinic.extensions import db
from clinic.practice import tasks
from tests import cast as people

ROOT = Path(__file__).parent.parent
WRITERS, BACKUPS = 4, 50


def database(app: Flask) -> Path:
    file = app.config["SETTINGS"].database_file
    assert file is not None
    return file


@pytest.fixture(autouse=True)
def _revision(app: Flask) -> None:
    """The tests' database is made without migrations: it says that none is missing."""
    with closing(sqlite3.connect(database(app))) as raw, raw:
        raw.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) PRIMARY KEY)")


def test_a_backup_comes_back_whole(app: Flask, cast: people.Cast, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        heads = audit.heads(db.session.connection())
        db.session.rollback()
        made = backup.make(database(app), tmp_path / "kept", vault.master(), now)
        assert made.file.stat().st_mode & 0o077 == 0
        assert backup.made_at(made.file) == now.replace(microsecond=0)
        restored = tmp_path / "new" / "clinic.sqlite"
        assert sorted(backup.restore(made.file, restored, vault.master()), key=str) == sorted(heads, key=str)
    with closing(sqlite3.connect(restored)) as new, closing(sqlite3.connect(database(app))) as old:
        assert sorted(new.iterdump()) == sorted(old.iterdump())
    assert [one.name for one in restored.parent.iterdir() if not one.name.startswith("clinic.sqlite")] == []


def test_a_backup_tells_nothing_without_the_key(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        made = backup.make(database(app), tmp_path / "kept", vault.master(), now)
    found = made.file.read_bytes()
    assert all(word not in found for word in (b"SQLite", b"audit_event", b"partner_a", b"Linden"))
    assert os.listdir(tmp_path / "kept") == [made.file.name]  # noqa: PTH208  # the folder as it lies there


def test_another_key_and_a_flipped_byte_are_refused_and_touch_nothing(
    app: Flask, now: datetime, tmp_path: Path
) -> None:
    with app.app_context():
        made = backup.make(database(app), tmp_path / "kept", vault.master(), now)
        new = tmp_path / "new" / "clinic.sqlite"
        with pytest.raises(backup.BackupError, match="does not open"):
            backup.restore(made.file, new, masters.new())
        whole = made.file.read_bytes()
        for place in (0, 30, 150, 300, len(whole) // 2, len(whole) - 1):
            made.file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(backup.BackupError):
                backup.restore(made.file, new, vault.master())
        for length in (0, 100, len(whole) // 2, len(whole) - 1):
            made.file.write_bytes(whole[:length])
            with pytest.raises(backup.BackupError):
                backup.restore(made.file, new, vault.master())
        assert list(new.parent.iterdir()) == []


def test_a_practice_that_is_there_is_never_replaced(app: Flask, now: datetime, tmp_path: Path) -> None:
    with app.app_context():
        made = backup.make(database(app), tmp_path, vault.master(), now)
        before = database(app).read_bytes()
        with pytest.raises(backup.BackupError, match="already"):
            backup.restore(made.file, database(app), vault.master())
    assert database(app).read_bytes() == before


def test_a_broken_trail_makes_no_backup_and_leaves_the_earlier_ones(
    app: Flask, now: datetime, tmp_path: Path
) -> None:
    with app.app_context():
        good = backup.make(database(app), tmp_path, vault.master(), now)
        with closing(sqlite3.connect(database(app))) as raw, raw:
            raw.execute("DROP TRIGGER audit_event_no_update")
            raw.execute("UPDATE audit_event SET verb = 'looked away' WHERE seq = 5")
        with pytest.raises(backup.BackupError, match="entry 5 was changed"):
            backup.make(database(app), tmp_path, vault.master(), now + timedelta(days=1))
    assert backup.all_in(tmp_path) == [good.file]
    assert [one for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_disk_that_is_full_leaves_the_last_good_backup(app: Flask, now: datetime, tmp_path: Path) -> None:
    """The folder lies on a file system of one megabyte, in a name space of its own."""
    code = f"""
import sys; from pathlib import Path; from datetime import datetime, timedelta
from clinic import backup, masters, vault
key = masters.read(Path({str(database(app).with_name("master.key"))!r})); vault.hold(key, Path("key"))
folder, now = Path(sys.argv[1]), datetime.fromisoformat({now.isoformat()!r})
for day in range(9):
    try:
        backup.make(Path({str(database(app))!r}), folder, key.current, now + timedelta(days=day))
    except backup.BackupError as error:
        print(day, error); break
print(len(backup.all_in(folder)), [one.name for one in folder.iterdir() if one.name.startswith(".")])
"""
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o size=4m tmpfs "{disk}" && exec "$@"', "sh"]
    done = subprocess.run(
        [*words, sys.executable, "-c", code, str(disk)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said, left = done.stdout.strip().split("\n")
    assert "Earlier ones are as they were" in said, done.stdout
    assert int(said.split()[0]) == int(left.split()[0]) >= 1
    assert left.endswith("[]")


def test_the_newest_are_kept(tmp_path: Path) -> None:
    for day in range(1, 6):
        (tmp_path / f"goldseam-2026030{day}T030000Z.backup").touch()
    (tmp_path / "letter.txt").touch()
    backup.thin(tmp_path, 2)
    assert [one.name[13:17] for one in backup.all_in(tmp_path)] == ["0304", "0305"]
    backup.thin(tmp_path, 0)
    assert len(backup.all_in(tmp_path)) == 1
    assert (tmp_path / "letter.txt").exists()


def test_the_background_backs_up_when_the_newest_is_a_day_old(
    app: Flask, now: datetime, tmp_path: Path
) -> None:
    settings = replace(app.config["SETTINGS"], testing=False, backup_dir=tmp_path / "kept", backup_keep=2)
    with app.app_context():
        done = [tasks._back_up(settings, now + timedelta(hours=hours)) for hours in (0, 1, 23, 24, 50, 75)]
    assert done == [1, 0, 0, 1, 1, 1]
    assert len(backup.all_in(settings.backup_dir)) == 2


def test_fifty_backups_while_people_write_hold_all_that_was_acknowledged(
    app: Flask, now: datetime, tmp_path: Path
) -> None:
    file, over, acknowledged = database(app), threading.Event(), [0] * WRITERS
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("CREATE TABLE said (writer INTEGER, number INTEGER)")

    def write(writer: int) -> None:
        with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as mine:
            while not over.is_set():
                mine.execute("INSERT INTO said VALUES (?, ?)", (writer, acknowledged[writer] + 1))
                acknowledged[writer] += 1
                over.wait(0.002)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        with app.app_context():
            for number in range(BACKUPS):
                before = list(acknowledged)
                made = backup.make(file, tmp_path / "kept", vault.master(), now + timedelta(minutes=number))
                restored = tmp_path / str(number) / "clinic.sqlite"
                backup.restore(made.file, restored, vault.master())
                with closing(sqlite3.connect(restored)) as copy:
                    rows = copy.execute("SELECT writer, max(number), count(*) FROM said GROUP BY writer")
                    there = {writer: (last, count) for writer, last, count in rows}
                assert all(there.get(one, (0, 0))[0] >= before[one] for one in range(WRITERS))
                assert all(last == count for last, count in there.values())
                shutil.rmtree(restored.parent)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert min(acknowledged) > BACKUPS, "nobody wrote meanwhile, so that nothing was shown"
