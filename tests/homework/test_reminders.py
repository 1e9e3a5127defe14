"""Reminders: who asked for them gets one, in time and awake; none after it is done, none while anything is held."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.accounts import actions as accounts
from clinic.accounts import letters
from clinic.accounts import queries as sign_ins
from clinic.accounts import tasks as sending
from clinic.consent import actions as consent
from clinic.couples import actions as couples
from clinic.exercises import actions as exercises
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import rules
from clinic.homework.models import Round
from clinic.mail import Letter
from clinic.safety import actions as safety
from tests import cast as people
from tests.rules.stage import Stage

A, B = "partner_a", "partner_b"
PAIR = {A: "mutual", B: "mutual"}


@pytest.fixture
def stage(app: Flask, cast: people.Cast, tmp_path: Path) -> Iterator[Stage]:
    """A couple with a check-in, of which one asked for reminders; mail goes to a folder."""
    with people.mailing(app, f"folder:{tmp_path}"), app.app_context():
        exercises.import_documents(shipped().values(), people.BEGAN)
        db.session.commit()
        made = Stage(deepcopy(cast))
        wants_reminders(made, A)
        made.assign("checkin", "weekly_checkin", PAIR)
        yield made
        db.session.remove()


def wants_reminders(stage: Stage, who: str, quiet: tuple[time, time] = (time(21), time(8))) -> None:
    with stage.act(who) as viewer:
        letters.write_address(viewer, f"{who}@example.com", "America/New_York", stage.now)
        letters.write_wishes(viewer, letters.Wishes(True, quiet, "America/New_York"), stage.now)


def round_of(stage: Stage, name: str = "checkin") -> Round:
    rows = select(Round).where(Round.assignment_id == stage.assignments[name]).order_by(Round.number)
    return db.session.scalars(rows).first()  # type: ignore[return-value]


def closes_at(stage: Stage, name: str = "checkin") -> datetime:
    found = round_of(stage, name).closes_at
    db.session.remove()
    return found


def go_to(stage: Stage, at: datetime) -> None:
    stage.now = at
    stage.wait()


def states() -> list[str]:
    found = list(db.session.scalars(select(Letter.state).order_by(Letter.asked_at)))
    db.session.remove()
    return found


def send(stage: Stage) -> None:
    with clock.moved_to(stage.now):
        sending.due(stage.now)
        db.session.remove()


def reminded(stage: Stage) -> None:
    """Let the day before the end of the round come, at noon."""
    end = closes_at(stage)
    go_to(stage, end - timedelta(hours=15))
    assert states() == ["waiting"]


def test_one_is_reminded_the_day_before_once_and_the_other_who_did_not_ask_never(stage: Stage) -> None:
    end = closes_at(stage)
    go_to(stage, end - timedelta(hours=25))
    assert states() == []
    reminded(stage)
    send(stage)
    for _ in range(5):
        stage.wait(hours=1)
        send(stage)
    assert states() == ["sent"]
    assert db.session.scalars(select(Letter.owner_id)).one() == stage.cast.people[A]


def test_at_night_it_waits_for_the_morning(stage: Stage) -> None:
    """The round ends at three in the morning, so that its moment is at three, too."""
    end = closes_at(stage)
    go_to(stage, end - timedelta(hours=23))
    assert states() == []
    go_to(stage, end - timedelta(hours=20))
    assert states() == []
    go_to(stage, end - timedelta(hours=19))
    assert states() == ["waiting"]


def test_a_reminder_that_could_not_go_out_waits_through_the_night_and_comes_not_after_the_end(
    stage: Stage,
) -> None:
    reminded(stage)
    end = closes_at(stage)
    stage.now = end - timedelta(hours=5)  # ten in the evening
    send(stage)
    assert states() == ["waiting"]
    assert db.session.scalars(select(Letter.due_at)).one() == end + timedelta(hours=5)
    stage.now = end + timedelta(hours=6)
    send(stage)
    assert "sent" not in states()


def test_who_is_done_is_not_reminded(stage: Stage) -> None:
    stage.send(A, "checkin", "pulse", "done")
    go_to(stage, closes_at(stage) - timedelta(hours=15))
    assert "waiting" not in states()


def test_who_gets_done_meanwhile_is_not_reminded_any_more(stage: Stage) -> None:
    reminded(stage)
    stage.send(A, "checkin", "pulse", "done")
    assert states() == ["canceled"]


def paused(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        couples.pause(viewer, stage.couple("couple"), stage.now)


def separated(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        couples.separate(viewer, stage.couple("couple"), stage.now)


def consent_withdrawn(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        consent.withdraw(viewer, stage.partner(B), stage.now)


def clearance_gone(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        safety.decide(viewer, stage.partner(B), "individual_only", "seen alone", stage.now)


def assignment_paused(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        homework.pause(viewer, stage.assignment("checkin"), stage.now)


def recalled(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        homework.recall(viewer, stage.assignment("checkin"), stage.now)


def ended(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        homework.end(viewer, stage.assignment("checkin"), stage.now)


def excused(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        given = stage.assignment("checkin").recipients
        homework.excuse(
            viewer, next(one for one in given if one.partner_id == stage.cast.partners[B]), stage.now
        )


def opted_out(stage: Stage) -> None:
    with stage.act(A) as viewer:
        letters.write_wishes(viewer, letters.Wishes(False, (time(21), time(8)), "Etc/UTC"), stage.now)


def address_taken_away(stage: Stage) -> None:
    with stage.act(A) as viewer:
        letters.write_address(viewer, None, "Etc/UTC", stage.now)


def account_closed(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        account = sign_ins.account_of(stage.cast.people[A])
        assert account is not None
        accounts.close_account(viewer, account, stage.now)


STOPS: list[Callable[[Stage], None]] = [
    paused,
    separated,
    consent_withdrawn,
    clearance_gone,
    assignment_paused,
    recalled,
    ended,
    excused,
    opted_out,
    address_taken_away,
    account_closed,
]


@pytest.mark.parametrize("act", STOPS)
def test_what_stops_it_takes_it_back_in_its_own_transaction(
    stage: Stage, act: Callable[[Stage], None]
) -> None:
    reminded(stage)
    act(stage)
    told = list(
        db.session.execute(select(Letter.state, Letter.address_sealed).where(Letter.kind == "reminder"))
    )
    assert [tuple(one) for one in told] == [("canceled", None)]


@pytest.mark.parametrize("act", STOPS)
def test_an_act_that_is_undone_takes_nothing_back(
    stage: Stage, act: Callable[[Stage], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    reminded(stage)

    def fails() -> None:
        db.session.rollback()
        raise RuntimeError

    monkeypatch.setattr(db.session, "commit", fails)
    with pytest.raises(RuntimeError):
        act(stage)
    monkeypatch.undo()
    db.session.rollback()
    assert states() == ["waiting"]


@pytest.mark.parametrize("act", [paused, clearance_gone, assignment_paused, consent_withdrawn])
def test_while_it_is_held_nothing_new_comes(stage: Stage, act: Callable[[Stage], None]) -> None:
    act(stage)
    go_to(stage, closes_at(stage) - timedelta(hours=15))
    assert "waiting" not in states()


def test_a_clearance_that_is_only_renewed_changes_nothing(stage: Stage) -> None:
    """Otherwise one could tell that the other was seen alone."""
    reminded(stage)
    with stage.act("counselor") as viewer:
        safety.decide(viewer, stage.partner(B), "conjoint_ok", "seen alone again", stage.now)
    assert states() == ["waiting"]


def test_whether_the_other_has_written_is_told_by_no_mail(stage: Stage) -> None:
    """A step that waits for the other's is not reminded of, though its page is open by then."""
    stage.assign("turns", "perspective_round", PAIR, first=stage.cast.partners[B])
    stage.send(A, "checkin", "pulse", "done")
    stage.send(B, "turns", "speak", "how it was")
    go_to(stage, closes_at(stage, "turns") - timedelta(hours=15))
    found = select(Letter.state).where(Letter.event_id == round_of(stage, "turns").id)
    assert list(db.session.scalars(found)) == ["canceled"]


def test_what_is_done_again_and_again_is_not_reminded_of(stage: Stage) -> None:
    stage.assign("wins", "victories_log", PAIR)
    go_to(stage, closes_at(stage, "wins") - timedelta(hours=15))
    found = select(Letter.state).where(Letter.event_id == round_of(stage, "wins").id)
    assert list(db.session.scalars(found)) in ([], ["canceled"])


def test_who_is_not_confirmed_gets_none(stage: Stage) -> None:
    with stage.act("counselor"):
        stage.partner(A).confirmed_at = None
    go_to(stage, closes_at(stage) - timedelta(hours=15))
    assert states() == []


def test_the_moment_follows_from_the_round_alone() -> None:
    opens = datetime(2026, 3, 6, 8, tzinfo=UTC)
    assert rules.reminder_at(opens, opens + timedelta(days=7)) == opens + timedelta(days=6)
    assert rules.reminder_at(opens, opens + timedelta(hours=10)) == opens + timedelta(hours=5)
