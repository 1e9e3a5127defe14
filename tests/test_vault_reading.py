"""What a reading leaves behind: one line of the trail, about whom, in whose transaction; and no words in memory."""

import uuid

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from clinic import audit, vault
from clinic.access import SYSTEM, OwnSide, Viewer
from clinic.audit import AuditEvent
from clinic.extensions import db, set_transactions, transactions
from clinic.homework.models import Recipient
from clinic.practice.models import Practice
from clinic.reflections.models import KeptText, Words
from clinic.safety.models import Clearance
from tests.test_vault import author_of, draft
from tests.test_vault import in_app as in_app


def staff(practice: Practice) -> Viewer:
    return Viewer(person_id=uuid.uuid4(), practice_id=practice.id, staff_id=uuid.uuid4())


def lines() -> list[AuditEvent]:
    return list(db.session.scalars(select(AuditEvent).where(AuditEvent.verb == "read")))


def test_one_reading_inside_another_is_its_own() -> None:
    row = draft()
    db.session.expire(row)
    other = Viewer(person_id=uuid.uuid4(), sides=(OwnSide(uuid.uuid4(), uuid.uuid4()),))
    with vault.reading(author_of(row), "outer") as outer:
        with vault.reading(other, "inner"), pytest.raises(vault.NotOnRing):
            _ = row.body
        assert row.body
    assert (outer.viewer.partner_ids, outer.purpose) == ({row.partner_id}, "outer")


def test_the_house_opens_for_what_a_person_decided_and_leaves_no_line(practice: Practice) -> None:
    row = draft()
    db.session.expire(row)
    with vault.house("opening"):
        assert row.body == {"text": "the quiet after ten"}
    with pytest.raises(vault.NotReading):
        _ = row.body
    db.session.rollback()
    assert lines() == []


def test_reading_the_same_row_twice_is_one_line_and_a_failed_act_has_it_all_the_same(
    practice: Practice,
) -> None:
    row = draft()
    current = vault.Reading(staff(practice), "test")
    current.note(row, row.partner_id)
    current.note(row, row.partner_id)
    place = ("draft", str(row.partner_id))
    assert current.opened == {place: {str(row.id)}}
    current.noting, current.opened = current.opened, {}
    current.falls()
    assert (current.opened, current.noting) == ({place: {str(row.id)}}, {})
    current.noting, current.opened = current.opened, {}
    current.stands()
    assert (current.noted, current.noting) == ({str(row.id)}, {})
    current.note(row, row.partner_id)
    assert current.opened == {}


def test_a_commit_that_fails_leaves_the_line_of_what_was_read_for_it(practice: Practice) -> None:
    decision = db.session.scalars(select(Clearance)).first()
    with vault.reading(staff(practice), "safety.clear"):
        assert decision is not None
        assert decision.reason
        db.session.add(vault.DataKey(owner_kind="person", owner_id=uuid.uuid4(), wrapped=None))
        with pytest.raises(IntegrityError):
            db.session.commit()
        db.session.rollback()
    (line,) = lines()
    assert line.detail["purpose"] == "safety.clear"


def test_what_was_read_again_after_an_act_is_in_the_line_of_the_act(practice: Practice) -> None:
    decision = db.session.scalars(select(Clearance)).first()
    assert decision is not None
    with vault.reading(staff(practice), "safety.clear"):
        for _ in range(2):
            assert decision.reason
            db.session.commit()
    assert len(lines()) == 1


def test_a_reading_is_about_the_couple_but_for_a_client_before_the_own_unsent_words(
    practice: Practice,
) -> None:
    partner, couple = uuid.uuid4(), uuid.uuid4()
    unsent = [draft(partner_id=partner), KeptText(partner_id=partner), Recipient(partner_id=partner)]
    sent = Words(owner_kind="partner", owner_id=partner, group="sealed")
    own = Viewer(person_id=uuid.uuid4(), practice_id=practice.id, sides=(OwnSide(partner, couple),))
    told = []
    for row in (*unsent, sent):
        current = vault.Reading(own, "test")
        current.note(row, partner)
        told.append(current.couples)
    assert told == [set(), set(), set(), {str(couple)}]
    decision = db.session.scalars(select(Clearance)).first()
    assert decision is not None
    for row, about in ((unsent[0], set()), (decision, {str(audit.couple_of(decision))})):
        current = vault.Reading(staff(practice), "test")
        current.note(row, partner)
        assert current.couples == about


def test_an_act_that_is_rolled_back_keeps_the_line_of_what_was_read_for_it(practice: Practice) -> None:
    row = draft()
    db.session.expire(row)
    with vault.reading(staff(practice), "reflections.review"):
        _ = row.body
        db.session.rollback()
    (line,) = lines()
    assert line.detail["purpose"] == "reflections.review"


def test_a_transaction_that_began_to_read_has_its_line_apart(practice: Practice) -> None:
    """Also when the one who reads may write by the time it ends: the connection stays what it was."""
    decision, viewer = db.session.scalars(select(Clearance)).first(), staff(practice)
    db.session.rollback()
    with transactions(write=False):
        with vault.reading(viewer, "safety.clear"):
            assert decision is not None
            assert decision.reason
            set_transactions(write=True)
            db.session.commit()
        (line,) = lines()
    assert line.detail["purpose"] == "safety.clear"


def test_an_act_for_which_nothing_was_opened_has_no_line(practice: Practice) -> None:
    with vault.reading(staff(practice), "test"):
        db.session.execute(text("SELECT 1"))
        db.session.commit()
    assert lines() == []


def test_an_act_of_a_viewer_of_no_practice_has_no_line() -> None:
    decision = db.session.scalars(select(Clearance)).first()
    assert decision is not None
    with vault.reading(SYSTEM, "test"):
        assert decision.reason
        db.session.commit()
    assert lines() == []


def test_a_viewer_of_no_practice_leaves_no_line() -> None:
    row = draft()
    db.session.expire(row)
    with vault.reading(author_of(row), "test"):
        _ = row.body
        db.session.rollback()
    assert lines() == []
