"""An exercise that one partner has alone: what the other may come to read, and what stays with the counselor."""

import pytest

from clinic import clock
from clinic.extensions import db
from clinic.homework import actions
from clinic.homework.models import Turn
from clinic.reflections import actions as reflections
from clinic.reflections import tasks
from clinic.reflections.models import Opening, Reflection
from tests.homework.test_acts import PULSE
from tests.homework.test_pages import page_of, ruth

__all__ = ["ruth"]


def openings(work):
    with work.app.app_context():
        return db.session.execute(db.select(Opening.to_id, Opening.group)).all()


def felt(work, consent):
    """A log that Mara alone keeps, with one entry."""
    id_ = work.assign("feelings_log", to=("partner_a",))
    turn = work.turn(id_, "entry", "partner_a")
    with work.app.app_context():
        asked = actions.queries.document_for(db.session.get_one(Turn, turn).round).turns["entry"]
    answers = {field.key: answer_to(field) for field in asked.fields}
    work.send("partner_a", turn, answers, consent=consent)
    return turn


def answer_to(field):
    fixed = {
        "text": "The phone lay face down.",
        "feelings": ["tense"],
        "scale": 6,
        "number": 3,
        "date": "2026-03-02",
    }
    return fixed.get(field.kind) or next(iter(field.options))


def test_released_words_reach_the_one_who_was_given_nothing(work, ahead, client_for):
    turn = felt(work, "yes")
    work.act("counselor", turn, reflections.release)
    ahead(minutes=11)
    with work.app.app_context():
        assert tasks.due(clock.now()) == 1
    assert openings(work) == [(work.cast.partners["partner_b"], "release")]
    jonas = client_for("partner_b")
    assert "The phone lay face down." in jonas.get(f"/progress/ours/{work.round(turn)}").text


def test_without_consent_there_is_nothing_to_release(work):
    turn = felt(work, "no")
    with pytest.raises(reflections.NotNow):
        work.act("counselor", turn, reflections.release)


@pytest.mark.parametrize("opening", ["both_answered", "appointment", "counselor"])
def test_what_waits_for_the_other_half_stays_with_the_counselor(work, ahead, opening):
    id_ = work.assign("weekly_checkin", to=("partner_a",), opening=opening)
    turn = work.turn(id_, "pulse", "partner_a")
    work.send("partner_a", turn, PULSE)
    with work.app.app_context():
        actions.note_appointment(work.cast.couples["couple"], clock.now(), clock.now())
        db.session.commit()
        row = db.session.scalar(db.select(Reflection))
        assert {words.visibility for words in row.words if words.group not in {"engine", "tail"}} == {
            "counselor"
        }
        assert not db.session.get_one(Turn, turn).awaits_opening
    ahead(days=9)
    assert openings(work) == []


def test_what_is_open_to_the_other_as_soon_as_it_is_sent_stays_too_and_can_be_taken_back(work):
    id_ = work.assign("victories_log", to=("partner_a",))
    turn = work.turn(id_, "entry", "partner_a")
    with work.app.app_context():
        asked = actions.queries.document_for(db.session.get_one(Turn, turn).round).turns["entry"]
    work.send("partner_a", turn, {field.key: answer_to(field) for field in asked.fields})
    assert openings(work) == []
    work.act("partner_a", turn, reflections.take_back)


def test_the_counselor_is_told_before_and_the_client_reads_the_same(work, ruth):
    assert "comes to you only" in ruth.get(page_of(work)).text
    assert "you release" in ruth.get(page_of(work, "feelings-log")).text
    assert "Given to one alone" not in ruth.get(page_of(work, "perspective-round")).text
    data = {
        "rationale": "For you alone this time.",
        "recipients": "1",
        "starts_on": "2026-03-03",
        "opening": "both_answered",
        "preview": "1",
    }
    assert "The app does not show it to Jonas." in ruth.post(page_of(work), data=data).text


def test_alone_it_goes_on_after_a_separation_unless_it_can_be_released(work):
    with work.app.app_context():
        ids = [work.assign(slug, to=("partner_a",)) for slug in ("weekly_checkin", "feelings_log")]
        rows = [work.assignment(one) for one in ids]
        assert [actions.is_conjoint(row) for row in rows] == [False, True]
