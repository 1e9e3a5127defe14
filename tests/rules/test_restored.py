"""A practice that comes back from a backup opens nothing of what its people closed after it was made."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from clinic import clock, restored
from clinic.accounts.models import UserSession
from clinic.couples import actions as couples
from clinic.extensions import db
from clinic.reflections import actions as reflections
from clinic.reflections.models import Opening
from tests import cast as people
from tests.rules.histories import PAIR, A, B
from tests.rules.stage import Stage
from tests.rules.theater import Theater


def test_after_a_restore_nothing_opens_by_itself_and_nobody_is_signed_in(
    theater: Theater, tmp_path: Path
) -> None:
    """The backup falls into the minutes of a release; then it was called back, and taken back by its author."""
    with theater.stage() as stage:
        stage.assign("impact", "impact_statement", PAIR)
        stage.assign("checkin", "weekly_checkin", PAIR, opening="both_answered")
        stage.send(B, "checkin", "pulse", "of B")
        stage.send(B, "impact", "first_sitting", "the letter", consent="yes")
        with clock.moved_to(stage.now):
            people.token_for(stage.cast, A, stage.now)
        with stage.act("counselor") as viewer:
            reflections.release(viewer, stage.turn("impact", "first_sitting", B), stage.now)
        theater.keep(tmp_path / "backup.sqlite")
        stage.now += timedelta(minutes=5)
        with stage.act("counselor") as viewer:
            reflections.call_back(viewer, stage.turn("impact", "first_sitting", B), stage.now)
        stage.take_back(B, "impact", "first_sitting")
        stage.narrow(B, "checkin", "pulse")
        stage.now += timedelta(days=1)
        theater.restore(tmp_path / "backup.sqlite")
        _hold_all(stage)
        stage.wait(minutes=20)
        assert _count(Opening) == 0
        assert _count(UserSession, UserSession.revoked_at.is_(None)) == 0
        with stage.act("counselor") as viewer:
            couples.resume(viewer, stage.couple("couple"), stage.now)
        stage.wait(minutes=20)
        assert _count(Opening) == 0


def _hold_all(stage: Stage) -> None:
    with clock.moved_to(stage.now):
        assert restored.hold_all(stage.now) > 1
        db.session.commit()
        db.session.remove()


def _count(table: type, *which: object) -> int:
    found = db.session.scalar(select(func.count()).select_from(table).where(*which))  # type: ignore[arg-type]
    db.session.remove()
    return found or 0
