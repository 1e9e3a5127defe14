"""Rounds are pulled from rows: standing still, waking up twice or at once changes nothing."""

from datetime import UTC, date, datetime
from threading import Barrier, Thread
from zoneinfo import ZoneInfo

import pytest

from clinic import clock
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


def test_nothing_begins_while_it_is_paused_and_what_went_by_is_closed_afterwards(work, daily):
    with work.app.app_context(), clock.moved_to(FRIDAY):
        actions.pause(work.viewer("counselor"), db.session.get_one(Assignment, daily), FRIDAY)
        db.session.commit()
    due(work, MONDAY)
    assert [day for day, _ in rounds(work, daily)] == [6]


def test_a_number_of_times_is_the_end_of_it(work):
    with clock.moved_to(FRIDAY):
        id_ = work.assign("weekly_checkin", starts_on=date(2026, 3, 6), times=2)
    due(work, datetime(2026, 6, 1, tzinfo=UTC))
    assert [day for day, _ in rounds(work, id_)] == [6, 13]
