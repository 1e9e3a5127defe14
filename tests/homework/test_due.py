"""Rounds are pulled from rows: standing still, waking up twice or at once changes nothing."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest

from clinic import clock
from clinic.couples import actions as couples
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework import actions, tasks
from clinic.homework.models import Assignment, Round

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 14, 0, tzinfo=UTC)  # the clocks went forward in between


@pytest.fixture
def daily(work):
    """A check-in on every day, open for three days, from 6 March on."""
    with clock.moved_to(FRIDAY):
        id_ = work.assign("weekly_checkin", starts_on=date(2026, 3, 6))
        with work.app.app_context():
            db.session.get_one(Assignment, id_).cadence = {"every": "day"}
            db.session.commit()
    return id_


def rounds(work, id_):
    """(day, is closed) of each round."""
    with work.app.app_context():
        rows = db.session.scalars(db.select(Round).where(Round.assignment_id == id_).order_by(Round.number))
        return [(row.local_on.day, row.closed_at is not None) for row in rows]


def due(work, now):
    with work.app.app_context(), clock.moved_to(now):
        return tasks.due(now)


def test_after_three_days_of_standstill_the_missing_rounds_exist_once(work, daily):
    assert rounds(work, daily) == [(6, False)]
    due(work, MONDAY)
    assert rounds(work, daily) == [(6, True), (7, False), (8, False), (9, False)]
    due(work, MONDAY)
    assert len(rounds(work, daily)) == 4


def test_rounds_that_went_by_while_the_app_stood_still_are_there_and_closed(work, daily):
    due(work, datetime(2026, 3, 12, 14, 0, tzinfo=UTC))
    assert [closed for _, closed in rounds(work, daily)] == [True, True, True, True, False, False, False]


def test_rounds_open_at_three_on_both_sides_of_the_change_of_clocks(work, daily):
    due(work, MONDAY)
    with work.app.app_context():
        frames = [
            (row.opens_at, row.closes_at)
            for row in db.session.scalars(db.select(Round).order_by(Round.number))
        ]
    hours = {at.astimezone(NEW_YORK).hour for frame in frames[1:] for at in frame}
    assert hours == {3}


def test_two_wake_ups_at_once_make_nothing_twice(work, daily):
    together, failed = Barrier(4), []

    def wake_up():
        try:
            together.wait()
            due(work, MONDAY)
        except Exception as problem:  # told below
            failed.append(problem)

    threads = [Thread(target=wake_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [day for day, _ in rounds(work, daily)] == [6, 7, 8, 9]


def act(work, verb, id_, now):
    """Pause an assignment or its whole couple, or go on with it."""
    with work.app.app_context(), clock.moved_to(now):
        rows = {couples: (Couple, work.cast.couples["couple"]), actions: (Assignment, id_)}
        of = couples if verb in (couples.pause, couples.resume) else actions
        verb(work.viewer("counselor"), db.session.get_one(*rows[of]), now)
        db.session.commit()


PAUSES = pytest.mark.parametrize(
    "of", [actions, couples], ids=["the assignment is paused", "the couple is paused"]
)


@PAUSES
def test_what_a_pause_swallows_is_not_made_up_for(work, daily, of):
    act(work, of.pause, daily, FRIDAY)
    due(work, MONDAY)
    assert [day for day, _ in rounds(work, daily)] == [6]
    act(work, of.resume, daily, MONDAY)
    for _ in range(2):
        due(work, MONDAY)
        assert [day for day, _ in rounds(work, daily)] == [6, 9]
    due(work, MONDAY + timedelta(days=2))
    assert [day for day, _ in rounds(work, daily)] == [6, 9, 10, 11]


@PAUSES
def test_a_number_of_rounds_is_kept_over_a_pause(work, of):
    with clock.moved_to(FRIDAY):
        id_ = work.assign("weekly_checkin", starts_on=date(2026, 3, 6), times=3)
    act(work, of.pause, id_, FRIDAY + timedelta(days=1))
    act(work, of.resume, id_, FRIDAY + timedelta(days=15))
    due(work, datetime(2026, 6, 1, tzinfo=UTC))
    assert [day for day, _ in rounds(work, id_)] == [6, 27, 3]


@PAUSES
def test_what_is_done_once_begins_when_the_pause_is_over(work, of):
    with clock.moved_to(FRIDAY):
        id_ = work.assign("trust_definitions", starts_on=date(2026, 3, 8))
    act(work, of.pause, id_, FRIDAY)
    act(work, of.resume, id_, FRIDAY + timedelta(days=7))
    due(work, FRIDAY + timedelta(days=7))
    assert rounds(work, id_) == [(13, False)]


def test_a_round_is_open_for_as_many_days_as_the_counselor_settled(work):
    with clock.moved_to(FRIDAY):
        work.assign("weekly_checkin", starts_on=date(2026, 3, 6), open_days=4)
    due(work, datetime(2026, 3, 13, 12, tzinfo=UTC))
    with work.app.app_context():
        frames = [row.closes_at.astimezone(NEW_YORK) for row in db.session.scalars(db.select(Round))]
    assert sorted((at.day, at.hour) for at in frames) == [(10, 3), (17, 3)]
    with clock.moved_to(FRIDAY), pytest.raises(actions.HomeworkError, match="1 to 28"):
        work.assign("weekly_checkin", open_days=29)


def test_a_number_of_times_is_the_end_of_it(work):
    with clock.moved_to(FRIDAY):
        id_ = work.assign("weekly_checkin", starts_on=date(2026, 3, 6), times=2)
    due(work, datetime(2026, 6, 1, tzinfo=UTC))
    assert [day for day, _ in rounds(work, id_)] == [6, 13]


# The rhythm that the counselor chose


@pytest.mark.parametrize(
    ("rhythm", "begins", "days"),
    [
        ("once", date(2026, 2, 27), [(2, 27)]),
        ("week", date(2026, 2, 27), [(2, 27), (3, 6), (3, 13)]),
        ("2 weeks", date(2026, 2, 22), [(2, 22), (3, 8), (3, 22)]),
        ("month", date(2025, 12, 31), [(12, 31), (1, 31), (2, 28)]),
        ("as_needed", date(2026, 2, 27), []),
    ],
)
def test_rounds_come_in_the_rhythm_that_was_chosen_by_local_date_over_the_change_of_clocks(
    work, rhythm, begins, days
):
    with clock.moved_to(datetime(begins.year, begins.month, begins.day, 14, tzinfo=UTC)):
        work.assign("weekly_checkin", starts_on=begins, rhythm=rhythm, times=3)
    for _ in range(2):
        due(work, datetime(2026, 6, 1, tzinfo=UTC))
    with work.app.app_context():
        made = list(db.session.scalars(db.select(Round).order_by(Round.number)))
        assert [(row.local_on.month, row.local_on.day) for row in made] == days
        opened = [row.opens_at.astimezone(NEW_YORK) for row in made[1:]]
        assert {(at.date() == row.local_on, at.hour) for at, row in zip(opened, made[1:], strict=True)} <= {
            (True, 3)
        }


def test_what_the_document_proposes_once_can_be_given_in_a_rhythm_and_the_other_way_round(work):
    with clock.moved_to(FRIDAY):
        again = work.assign("trust_definitions", starts_on=FRIDAY.date(), rhythm="month", times=2)
        once = work.assign("weekly_checkin", starts_on=FRIDAY.date(), rhythm="once")
    due(work, datetime(2026, 8, 1, tzinfo=UTC))
    assert [day for day, _ in rounds(work, again)] == [6, 6]
    assert [day for day, _ in rounds(work, once)] == [6]


def test_without_a_number_it_goes_on_until_it_is_ended(work):
    with clock.moved_to(FRIDAY):
        id_ = work.assign("feelings_log", starts_on=FRIDAY.date(), rhythm="week", times=None)
    due(work, FRIDAY + timedelta(days=70))
    assert len(rounds(work, id_)) == 11


def test_an_exercise_that_belongs_to_an_appointment_keeps_that(work):
    with clock.moved_to(FRIDAY), pytest.raises(actions.HomeworkError, match="appointments"):
        work.assign("session_prep", rhythm="week")
