"""The demo is told truly: nothing in the future, one unbroken trail, the same each time, and written down in docs."""

import fcntl
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, func, select

from clinic import audit, clock, vault
from clinic import demo as demo_package
from clinic.accounts import actions as accounts
from clinic.accounts import queries as sign_ins
from clinic.app import create_app
from clinic.config import Settings
from clinic.couples.models import Couple, CoupleCounselor, Partner
from clinic.demo import player, story
from clinic.exercises import actions as exercises
from clinic.exercises import library
from clinic.extensions import Base, db, ids_from
from clinic.homework.models import RoundEvent, Turn
from clinic.reflections.models import Reflection
from tests.demo.conftest import ROOT, Demo

PAGE = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")


def test_there_are_fourteen_couples_three_counselors_and_those_around_them(demo: Demo) -> None:
    roles = [one["role"] for one in demo.told["accounts"] if one["role"] != "client"]
    counselors = [one for one in demo.told["accounts"] if one["who"].endswith("counselor")]
    assert (len(demo.told["couples"]), len(counselors), sorted(roles)) == (
        14,
        3,
        ["counselor", "counselor", "left", "owner", "supervisor"],
    )


def test_a_second_command_waits_until_the_first_has_made_its_demo(
    made: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    shutil.copytree(made[0], folder)
    mark = folder / demo_package.MARK
    half = json.dumps(json.loads(mark.read_text(encoding="utf-8")) | {"made_at": "2020-01-01T00:00:00+00:00"})
    whole = mark.read_text(encoding="utf-8")
    mark.write_text(half, encoding="utf-8")
    first = os.open(folder, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    words = [sys.executable, "-m", "clinic.cli", "demo", "--json", "--data-dir", str(folder)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as second:
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=4)
        mark.write_text(whole, encoding="utf-8")
        os.close(first)
        told = json.loads(second.communicate(timeout=60)[0])
    assert told["couples"] == made[1]["couples"]


def test_everybody_who_is_listed_can_sign_in_and_who_left_has_no_couples(demo: Demo) -> None:
    for one in demo.told["accounts"][:7]:
        account = sign_ins.account_named(one["sign_in"])
        assert account is not None
        assert accounts.fits(account.password_hash, one["password"])
    left = next(UUID(one["id"]) for one in demo.told["accounts"] if one["role"] == "left")
    still = select(func.count()).where(CoupleCounselor.staff_id == left, CoupleCounselor.until_at.is_(None))
    assert db.session.scalar(still) == 0


def test_nothing_that_was_done_lies_in_the_future(demo: Demo) -> None:
    for column in (RoundEvent.at, Reflection.sent_at, audit.AuditEvent.at, Couple.attention_at, Turn.sent_at):
        last = db.session.scalar(select(func.max(column)))
        assert last is not None
        assert last <= datetime.now(UTC)


def test_the_trail_is_one_unbroken_chain_and_time_never_runs_back(demo: Demo) -> None:
    entries = db.session.scalars(select(audit.AuditEvent).order_by(audit.AuditEvent.seq)).all()
    assert audit.first_broken(db.session.connection(), entries[0].practice_id) is None
    assert len({entry.practice_id for entry in entries}) == 1
    times = [entry.at for entry in entries]
    assert times == sorted(times)


def test_the_page_of_the_demo_says_what_each_couple_shows(demo: Demo) -> None:
    assert "invented" in PAGE
    for one in demo.told["couples"]:
        assert one["shows"] in PAGE, f"docs/demo.md does not tell of {one['key']}"


def test_every_word_of_the_story_is_unique_to_its_couple() -> None:
    names = [half.name for couple in story.read().couples for half in couple.partners]
    assert len(set(names)) == 28


# Made again


def made_small(folder: Path, now: datetime) -> dict[str, list[tuple[object, ...]]]:
    """A small part of the story played in `folder`, and every readable column of what it left."""
    app = prepared(folder)
    source = random.Random(7)
    told = story.read()
    small = replace(told, couples=[one for one in told.couples if one.key in {"grace-tunde", "ines-paul"}])
    with app.app_context(), ids_from(lambda: UUID(int=source.getrandbits(128), version=4)):
        db.create_all()
        with clock.moved_to(now):
            exercises.import_documents(library.shipped().values(), now)
            db.session.commit()
        player.play(small, now, seed=3)
        rows = {table.name: readable(table.name) for table in Base.metadata.sorted_tables}
        db.session.remove()
        db.engine.dispose()
    return rows


def prepared(folder: Path) -> Flask:
    folder.mkdir()
    vault.new_master_key(folder / "master.key")
    return create_app(Settings.from_environment(data_dir=folder, demo=True, testing=True))


SECRET = {"hash", "previous", "token_hash", "secret_hash", "sign_in_hash", "password_hash", "detail"}
"""Made with keys and salts, new each time; `detail` of the trail holds what hashes name."""


def readable(name: str) -> list[tuple[object, ...]]:
    table = Base.metadata.tables[name]
    secret = SECRET | {"flag": {"field"}, "audit_reading": {"id"}}.get(name, set())
    columns = [
        one for one in table.columns if not isinstance(one.type, LargeBinary) and one.name not in secret
    ]
    if name == "data_key":
        columns = [table.c.owner_kind, table.c.owner_id]
    return sorted((tuple(row) for row in db.session.execute(select(*columns))), key=str)


def test_the_same_seed_on_the_same_day_makes_the_same_practice(tmp_path: Path) -> None:
    now = datetime(2026, 5, 21, 19, 30, tzinfo=UTC)
    first, second = made_small(tmp_path / "one", now), made_small(tmp_path / "two", now)
    assert first == second


@pytest.mark.parametrize("hour", [0, 3, 11, 23])
def test_the_story_can_be_told_at_any_hour(tmp_path: Path, hour: int) -> None:
    """Also just after midnight, and on the day after the clocks were changed."""
    rows = made_small(tmp_path / "one", datetime(2026, 3, 8, hour, 5, tzinfo=UTC))
    assert len(rows["couple"]) == 2


def test_steps_are_in_the_past_at_any_hour_for_all_couples() -> None:
    told = story.read()
    for hour in range(24):
        present = story.Present(datetime(2026, 3, 9, hour, 0, tzinfo=UTC))
        scenes = [player.Scene(couple, present, {}, "") for couple in told.couples]
        moments = player.moments(scenes, present, seed=1)
        in_order(moments)


def in_order(moments: list[player.Moment]) -> None:
    """Among the told steps of one couple, yesterday evening comes before the last hours."""
    for moment in moments:
        if moment.step.at.startswith("ago"):
            later = [m for m in moments if m.scene is moment.scene and m.at > moment.at]
            assert all(m.step.at.startswith("ago") for m in later), moment.step


# The folder


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"years of work")
    with pytest.raises(demo_package.NotADemo, match="--data-dir"):
        demo_package.build(Settings.from_environment(data_dir=tmp_path, demo=True))
    assert (tmp_path / "records.sqlite").read_bytes() == b"years of work"


def test_a_demo_of_today_is_used_again_as_it_is(tmp_path: Path) -> None:
    told = {"practice": "x", "accounts": [], "couples": []}
    mark = {"made_at": clock.now().isoformat(), "made_of": demo_package._source(), **told}
    (tmp_path / "demo.json").write_text(json.dumps(mark), encoding="utf-8")
    settings = Settings.from_environment(data_dir=tmp_path, demo=True)
    assert demo_package.build(settings) == told
    with clock.moved_to(clock.now() + timedelta(days=1)):
        assert demo_package._made_today(settings, clock.now()) is None
    (tmp_path / "demo.json").write_text(json.dumps({**mark, "made_of": "older tables"}), encoding="utf-8")
    assert demo_package._made_today(settings, clock.now()) is None


def test_partners_of_the_story_are_in_the_database(demo: Demo) -> None:
    ids = {UUID(id_) for one in demo.told["couples"] for id_ in one["partners"]}
    assert ids == set(db.session.scalars(select(Partner.id)))
