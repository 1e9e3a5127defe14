"""The list of shredded keys: what is in it stays in it, once, on the disk, and tells of nobody."""

import os
import uuid
from pathlib import Path

import pytest

from clinic import shredded
from clinic.config import Settings
from tests.cast import BEGAN

ONE, TWO, THREE = (uuid.UUID(int=number, version=4) for number in (1, 2, 3))


def test_a_list_has_a_line_for_each_key_with_its_time_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "list"
    shredded.append([file], [TWO, ONE], BEGAN)
    shredded.append([file], [ONE, THREE], BEGAN.replace(hour=12))
    assert file.read_bytes().decode("ascii").split("\n") == [
        f"2026-03-02T09:00:00+00:00 {ONE}",
        f"2026-03-02T09:00:00+00:00 {TWO}",
        f"2026-03-02T12:00:00+00:00 {THREE}",
        "",
    ]


def test_lists_are_read_together_and_one_that_is_missing_is_empty(tmp_path: Path) -> None:
    here, there, nowhere = (tmp_path / name for name in ("here", "there", "nowhere"))
    shredded.append([here], [ONE], BEGAN)
    shredded.append([there], [TWO], BEGAN)
    assert shredded.read(here, nowhere, there) == {ONE, TWO}
    assert shredded.read() == shredded.read(nowhere) == set()


def test_each_list_gets_what_it_does_not_have(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    shredded.append([here], [ONE], BEGAN)
    shredded.append([here, there], iter([ONE, TWO]), BEGAN)
    assert [file.read_text().count(str(ONE)) for file in (here, there)] == [1, 1]
    assert shredded.read(here) == shredded.read(there) == {ONE, TWO}


def test_where_there_is_nothing_new_nothing_is_written(tmp_path: Path) -> None:
    shredded.append([tmp_path / "list"], [], BEGAN)
    assert not (tmp_path / "list").exists()


def test_a_line_that_a_power_cut_tore_is_none(tmp_path: Path) -> None:
    file = tmp_path / "list"
    shredded.append([file], [ONE], BEGAN)
    whole = file.read_text()
    for torn in (whole[:-1], whole[:40], whole[:5]):
        file.write_text(whole + torn.replace(str(ONE), str(TWO)))
        assert shredded.read(file) == {ONE}


def test_only_its_owner_reads_it_and_its_folders_are_made(tmp_path: Path) -> None:
    file = tmp_path / "some" / "where" / "list"
    before = os.umask(0)
    try:
        shredded.append([file], [ONE], BEGAN)
        shredded.append([file], [TWO], BEGAN)
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_it_is_on_the_disk_when_the_key_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is still in the buffer of a process is not: at the call for the disk, the line is in the file."""
    file, seen = tmp_path / "list", []
    monkeypatch.setattr(os, "fsync", lambda handle: seen.append(os.fstat(handle).st_size))
    shredded.append([file], [ONE], BEGAN)
    assert seen == [file.stat().st_size] != [0]


def test_it_lies_beside_the_database_and_with_the_backups(tmp_path: Path) -> None:
    files = Settings.from_environment(data_dir=tmp_path, testing=True).shredded_files
    assert files[1] == files[1].parent / "goldseam.shredded"
    assert files[0].parent != files[1].parent
