"""A separation ends in one act what the two had open, and leaves each what is their own."""

import pytest

from clinic import clock
from clinic.appointments.models import Appointment
from clinic.consent import actions as consent
from clinic.couples import actions as couples
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework.models import Assignment, Round
from clinic.reflections import queries as reflections
from clinic.reflections import tasks
from clinic.reflections.models import Draft, Opening
from tests.appointments.test_appointments import book as book
from tests.appointments.test_appointments import both_answer

AT = "/couples/{}/separate"


def part(work):
    with work.app.app_context():
        couples.separate(
            work.viewer("counselor"), db.session.get_one(Couple, work.cast.couples["couple"]), clock.now()
        )
        db.session.commit()


def withdraw(work):
    with work.app.app_context():
        couple = db.session.get_one(Couple, work.cast.couples["couple"])
        consent.withdraw(work.viewer("counselor"), couple.partners[0], clock.now())
        db.session.commit()


ENDS = pytest.mark.parametrize("ends", [part, withdraw], ids=["they separate", "one withdraws consent"])


def states(work):
    with work.app.app_context():
        return dict(db.session.execute(db.select(Appointment.id, Appointment.state)).all())


def test_their_page_says_since_when_they_are_separated(work, client_for):
    page = f"/progress/couples/{work.cast.couples['couple']}"
    assert "Separated since" not in client_for("counselor").get(page).text
    part(work)
    assert (
        "Separated since Tuesday, March 3, 2026: nothing new opens" in client_for("counselor").get(page).text
    )


@ENDS
def test_appointments_with_both_are_canceled_and_those_with_one_stay(work, book, ends):
    joint, later, alone = book(3), book(10), book(4, alone="partner_a")
    ends(work)
    assert states(work) == {joint: "canceled", later: "canceled", alone: "scheduled"}


@ENDS
def test_what_was_to_open_never_does_and_drafts_stay_with_their_authors(work, book, ahead, ends):
    book(3)
    both_answer(work, opening="appointment")
    kept = work.turn(work.assign("perspective_round"), "speak", "partner_a")
    with work.app.app_context():
        mine = {"turn_id": kept, "partner_id": work.cast.partners["partner_a"], "body": {"answers": {}}}
        db.session.add(Draft(version=1, saved_at=clock.now(), **mine))
        db.session.commit()
    ends(work)
    ahead(days=5)
    with work.app.app_context():
        assert tasks.due(clock.now()) == 0
        assert db.session.scalar(db.select(db.func.count()).select_from(Opening)) == 0
        assert db.session.scalar(db.select(db.func.count()).where(Round.closed_at.is_(None))) == 0
        turn = db.session.scalar(db.select(Draft)).turn_id
        assert (
            reflections.draft_of(db.session.get_one(reflections.Turn, turn), mine["partner_id"]) is not None
        )


def test_what_one_has_alone_goes_on_with_its_own_appointments(work, book):
    joint = book(1)
    prep = work.assign("session_prep", to=("partner_a",))
    log = work.assign("victories_log", to=("partner_b",))
    own = book(2, alone="partner_a")
    part(work)
    with work.app.app_context():
        rounds = db.session.scalars(
            db.select(Round).where(Round.assignment_id == prep).order_by(Round.number)
        )
        assert [(row.appointment_id, row.closed_at is None) for row in rounds] == [
            (joint, False),
            (own, True),
        ]
        assert db.session.get_one(Assignment, log).state == "active"
        assert db.session.scalar(db.select(Round.closed_at).where(Round.assignment_id == log)) is None


def test_the_page_asks_first_and_then_ends_everything(work, client_for):
    id_ = work.assign("weekly_checkin")
    ruth, at = client_for("counselor"), AT.format(work.cast.couples["couple"])
    assert "cannot be undone" in ruth.get(at).text
    assert ruth.post(at).status_code == 422
    assert ruth.post(at, data={"is_sure": "y"}).status_code == 303
    assert "Ended" in ruth.get(f"/homework/{id_}").text
    assert ruth.get(at).status_code == 303
