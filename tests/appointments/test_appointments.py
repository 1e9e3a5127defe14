"""Appointments open what waits for them, make what prepares them, and keep what is private private."""

from datetime import UTC, datetime, time, timedelta

import pytest

from clinic import clock, vault
from clinic.appointments import actions, queries, rules, tasks
from clinic.appointments.models import Appointment
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.homework.models import Round
from clinic.privacy import endings
from clinic.reflections.models import Opening
from tests.homework.test_acts import PULSE

ZONE = "America/New_York"


@pytest.fixture
def book(work):
    """Schedule an appointment in so many days; alone with somebody when named."""

    def do(days, alone=None, **more):
        with work.app.app_context():
            couple = db.session.get_one(Couple, work.cast.couples["couple"])
            partner = work.cast.partners[alone] if alone else None
            slot = actions.Slot(clock.now() + timedelta(days=days), ZONE, partner_id=partner, **more)
            id_ = actions.schedule(work.viewer("counselor"), couple, slot, clock.now()).id
            db.session.commit()
            return id_

    return do


def act(work, verb, id_, *args):
    with work.app.app_context():
        done = verb(work.viewer("counselor"), db.session.get_one(Appointment, id_), *args, clock.now())
        db.session.commit()
        return done


def prepared(work, id_):
    """(opens, closes, is closed) of the rounds of an assignment."""
    with work.app.app_context():
        rows = db.session.scalars(db.select(Round).where(Round.assignment_id == id_).order_by(Round.number))
        return [(row.opens_at, row.closes_at, row.closed_at is not None) for row in rows]


def opened(work):
    with work.app.app_context():
        return db.session.scalar(db.select(db.func.count()).select_from(Opening))


def both_answer(work, **plan):
    id_ = work.assign("weekly_checkin", **plan)
    for who in ("partner_a", "partner_b"):
        work.send(who, work.turn(id_, "pulse", who), PULSE)
    return id_


# What opens


def test_what_waits_for_an_appointment_opens_when_it_took_place(work, book, ahead):
    id_ = book(1)
    both_answer(work, opening="appointment")
    ahead(days=1, minutes=1)
    assert opened(work) == 0
    assert act(work, actions.hold, id_) == 2
    assert opened(work) == 2


def test_an_individual_appointment_opens_nothing(work, book, ahead):
    id_ = book(1, alone="partner_a")
    both_answer(work, opening="appointment")
    ahead(days=1, hours=1)
    assert act(work, actions.hold, id_) == 0


def test_what_was_answered_after_the_appointment_waits_for_the_next_even_if_it_was_marked_late(
    work, book, ahead
):
    id_ = book(1)
    ahead(days=1, hours=3)
    both_answer(work, opening="appointment")
    ahead(hours=12)
    assert act(work, actions.hold, id_) == 0
    assert opened(work) == 0


def test_an_appointment_that_was_missed_opens_nothing(work, book, ahead):
    id_ = book(1)
    both_answer(work, opening="appointment")
    ahead(days=1, hours=1)
    act(work, actions.miss, id_)
    assert opened(work) == 0


def test_it_cannot_be_held_before_it_begins_nor_settled_twice(work, book, ahead):
    id_ = book(1)
    with pytest.raises(actions.AppointmentError, match="not begun"):
        act(work, actions.hold, id_)
    ahead(days=1)
    act(work, actions.hold, id_)
    with pytest.raises(actions.AppointmentError, match="settled"):
        act(work, actions.cancel, id_)


# What prepares


def test_scheduling_makes_the_preparation_once(work, book):
    prep = work.assign("session_prep")
    book(5)
    starts_at = clock.now() + timedelta(days=5)
    assert prepared(work, prep) == [(starts_at - timedelta(hours=48), starts_at, False)]
    with work.app.app_context():
        assert tasks.due(clock.now()) == 0
    assert len(prepared(work, prep)) == 1


def test_a_preparation_given_later_is_made_by_the_next_wake_up(work, book):
    book(5)
    prep = work.assign("session_prep")
    assert prepared(work, prep) == []
    with work.app.app_context():
        assert tasks.due(clock.now()) == 1
        assert tasks.due(clock.now()) == 0
    assert len(prepared(work, prep)) == 1


def test_the_preparation_moves_along_and_closes_with_a_cancellation(work, book):
    prep = work.assign("session_prep")
    id_ = book(5)
    later = clock.now() + timedelta(days=9)
    act(work, actions.move, id_, actions.Slot(later, ZONE))
    assert prepared(work, prep) == [(later - timedelta(hours=48), later, False)]
    act(work, actions.cancel, id_)
    assert [closed for *_, closed in prepared(work, prep)] == [True]


def test_after_one_appointment_the_next_is_prepared(work, book, ahead):
    prep = work.assign("session_prep")
    first = book(1)
    book(8)
    assert len(prepared(work, prep)) == 1
    ahead(days=1, hours=1)
    act(work, actions.hold, first)
    with work.app.app_context():
        tasks.due(clock.now())
    assert len(prepared(work, prep)) == 2


def test_an_individual_appointment_prepares_nothing_that_the_other_could_see(work, book):
    both = work.assign("session_prep")
    alone = work.assign("session_prep", to=("partner_a",))
    book(5, alone="partner_a")
    assert prepared(work, both) == []
    assert len(prepared(work, alone)) == 1


# Who knows of it


def test_the_other_never_sees_a_trace_of_an_individual_appointment(work, book):
    joint, alone = book(3), book(2, alone="partner_a")
    couple = work.cast.couples["couple"]
    with work.app.app_context():
        mara, jonas = work.viewer("partner_a"), work.viewer("partner_b")
        assert queries.next_for(mara, couple, clock.now()).id == alone
        assert queries.next_for(jonas, couple, clock.now()).id == joint
        assert {row.id for row in queries.of_couple(jonas, couple)} == {joint}
        assert queries.get_for(jonas, alone) is None
        assert queries.get_for(work.viewer("other_a"), joint) is None


def test_joint_appointments_end_with_the_couple(work, book):
    book(3)
    with work.app.app_context():
        couple = db.session.get_one(Couple, work.cast.couples["couple"])
        couple.separated_at = clock.now()
        db.session.commit()
        assert queries.next_for(work.viewer("partner_a"), couple.id, clock.now()) is None
        slot = actions.Slot(clock.now() + timedelta(days=1), ZONE)
        with pytest.raises(actions.AppointmentError, match="separated"):
            actions.schedule(work.viewer("counselor"), couple, slot, clock.now())


# Clocks


def test_a_time_that_the_clocks_skip_is_no_time():
    sunday = datetime(2026, 3, 8, tzinfo=UTC).date()
    assert rules.instant(sunday, time(2, 30), ZONE) is None
    at = rules.instant(sunday, time(3, 30), ZONE)
    assert at is not None
    assert at.astimezone(UTC).hour == 7


def tries(work):
    """Three of them, none of which fits; stops after each."""
    id_ = work.assign("perspective_round")
    topic = {"topic": "Tuesday", "view": "You came late.", "feelings": ["sad"]}
    work.send("partner_a", work.turn(id_, "speak", "partner_a"), topic)
    for attempt in (1, 2, 3):
        summary = {"summary": "I came late.", "guess": ["sad"]}
        work.send("partner_b", work.turn(id_, "summarize", "partner_b", attempt=attempt), summary)
        answer = {"accuracy": "no", "correction": "It was the silence."}
        work.send("partner_a", work.turn(id_, "confirm", "partner_a", attempt=attempt), answer)
        yield attempt


def test_what_three_tries_did_not_settle_goes_to_the_appointment_once(work):
    for attempt in tries(work):
        with work.app.app_context():
            assert tasks.due(clock.now()) == (1 if attempt == 3 else 0)
    with work.app.app_context():
        assert tasks.due(clock.now()) == 0
        (item,) = queries.agenda_of(work.viewer("counselor"), work.cast.couples["couple"])
        assert item.field == "accuracy"


def test_what_one_did_not_find_settled_whose_words_end_goes_on_no_list(work):
    """What of theirs was on one goes with their words, and must not come back."""
    assert list(tries(work)) == [1, 2, 3]
    with work.app.app_context(), vault.reading(work.viewer("counselor"), "test"):
        partner = db.session.get_one(Partner, work.cast.partners["partner_a"])
        endings.close(work.viewer("counselor"), partner, "request", "Asked alone.", clock.now())
        db.session.commit()
        assert tasks.due(clock.now()) == 0
