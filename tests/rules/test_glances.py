"""The line that a round carries for the caseload: always as its turns stand, also where an old round was given one."""

from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from sqlalchemy import select, text

from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import summary
from clinic.homework.models import Assignment, Round
from tests.rules.site import Site

MIGRATIONS = Path(summary.__file__).parents[1] / "migrations"


def migration(end: str) -> ModuleType:
    """A revision by the end of its name."""
    (file,) = MIGRATIONS.glob(f"*{end}.py")
    spec = spec_from_file_location("revision", file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_round_of_the_world_carries_the_line_of_its_turns(site: Site) -> None:
    with site.app.app_context():
        rounds = db.session.scalars(select(Round)).unique().all()
        assert {row.glance for row in rounds} == {summary.line_of(row) for row in rounds}
        assert all(row.glance == summary.line_of(row) for row in rounds)
        kinds = {part.split()[0] for row in rounds for part in (row.glance or "").split("|")[:2] if part}
    assert kinds >= {"done", "partly", "open", "none"}


def test_rounds_of_an_older_database_get_the_same_line(site: Site) -> None:
    line = migration("the_line_of_a_round").LINE
    with site.app.app_context():
        rows = db.session.execute(text(f"SELECT glance, {line} FROM round")).all()  # noqa: S608  # our own words
    assert len(rows) > 10
    assert [kept for kept, _ in rows] == [made for _, made in rows]


def test_what_was_recalled_shows_nowhere(site: Site) -> None:
    there = site.world.stage  # everybody's
    stage = replace(there, assignments=dict(there.assignments))
    with site.app.app_context(), stage.act("counselor") as viewer:
        unsent = stage.assign("unsent", "trust_definitions", {"partner_a": "mutual", "partner_b": "mutual"})
        homework.recall(viewer, db.session.get_one(Assignment, unsent), stage.now)
        rounds = db.session.scalars(select(Round).where(Round.assignment_id == unsent)).unique().all()
        assert rounds
        assert not any(row.glance for row in rounds)
