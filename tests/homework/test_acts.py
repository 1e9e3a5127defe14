"""What the counselor can change after giving, and what it leaves behind."""

import pytest

from clinic import clock, vault
from clinic.couples.models import Couple
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework import actions, queries
from clinic.homework import tasks as homework
from clinic.homework.agreed import Agreed
from clinic.homework.models import Assignment, Round, Turn
from clinic.reflections import actions as writing
from clinic.reflections import tasks as reflections
from clinic.reflections.models import Draft, Opening

PULSE = {field.key: 5 for field in shipped()["weekly_checkin"].turns["pulse"].fields if field.kind == "scale"}


def act(work, id_, verb, *args):
    """One verb of the counselor on an assignment."""
    with work.app.app_context():
        verb(work.viewer("counselor"), db.session.get_one(Assignment, id_), *args, clock.now())
        db.session.commit()


def states(work, id_):
    with work.app.app_context():
        assignment = db.session.get_one(Assignment, id_)
        turns = db.session.scalars(db.select(Turn).join(Round).where(Round.assignment_id == id_))
        return assignment.state, sorted(turn.state for turn in turns)


def may_write(work, who, turn):
    """Whether a partner's own page still offers to write this turn."""
    with work.app.app_context():
        found = queries.writer_of(work.viewer(who), turn)
        if found is None:
            return False
        folded = queries.state_of(found.turn.round, clock.now(), partner=found.partner_id)
        return (found.partner_id, queries.turn_id_of(found.turn), "write") in folded.acts


def test_recalling_leaves_no_trace_but_drafts(work):
    id_ = work.assign("weekly_checkin")
    turn = work.turn(id_, "pulse", "partner_a")
    with work.app.app_context():
        body = {"answers": {"rely": 3}}
        db.session.add(
            Draft(
                turn_id=turn,
                partner_id=work.cast.partners["partner_a"],
                version=1,
                saved_at=clock.now(),
                body=body,
            )
        )
        db.session.commit()
    act(work, id_, actions.recall)
    assert not may_write(work, "partner_a", turn)
    with work.app.app_context():
        assert queries.writer_of(work.viewer("partner_a"), turn) is None
        assert db.session.scalar(db.select(Draft.id)) is not None


def test_what_somebody_answered_cannot_be_recalled_but_ended(work):
    id_ = work.assign("weekly_checkin")
    work.send("partner_a", work.turn(id_, "pulse", "partner_a"), PULSE)
    with pytest.raises(actions.HomeworkError, match="already sent"):
        act(work, id_, actions.recall)
    act(work, id_, actions.end)
    assert states(work, id_) == ("ended", ["missed", "sent"])


def test_a_pause_holds_both_and_can_be_undone(work):
    id_ = work.assign("weekly_checkin")
    turn = work.turn(id_, "pulse", "partner_b")
    act(work, id_, actions.pause)
    assert not may_write(work, "partner_b", turn)
    act(work, id_, actions.resume)
    assert may_write(work, "partner_b", turn)


def test_excusing_one_closes_the_round_for_both(work):
    id_ = work.assign("weekly_checkin")
    with work.app.app_context():
        assignment = db.session.get_one(Assignment, id_)
        actions.excuse(work.viewer("counselor"), assignment.recipients[0], clock.now())
        db.session.commit()
    assert states(work, id_) == ("active", ["missed", "missed"])
    for who in ("partner_a", "partner_b"):
        assert not may_write(work, who, work.turn(id_, "pulse", who))


def test_an_excuse_counts_for_its_round_and_not_for_those_that_follow(work, ahead, client_for):
    """A later round that goes by in silence reads "closed", and Today says who is quiet."""
    id_ = work.assign("weekly_checkin")
    client_for("counselor").post(f"/homework/{id_}/excuse/2")
    ahead(days=8)
    assert quiet(client_for("counselor")).count("<li>") == 0
    with work.app.app_context():
        homework.due(clock.now())
    ahead(days=4)
    with work.app.app_context():
        homework.due(clock.now())
    shown = client_for("counselor").get(f"/homework/{id_}").text
    later, first = shown.split('id="round-1"')
    assert ("excused" in later, later.count(">closed<")) == (False, 2)
    assert (first.count(">excused<"), first.count(">closed<")) == (1, 1)
    assert "Both, Weekly trust check-in" in quiet(client_for("counselor"))


def test_nobody_is_excused_when_nothing_is_open(work, ahead, client_for):
    id_ = work.assign("weekly_checkin")
    ruth = client_for("counselor")
    ruth.post(f"/homework/{id_}/excuse/1")
    said = ruth.get(ruth.post(f"/homework/{id_}/excuse/2").location).text
    assert "No round is open" in said
    assert said.count(">excused<") == 1


def quiet(ruth):
    """The heap of Today that names who was quiet for a week."""
    page = ruth.get("/progress/today").text
    return page.partition("quiet for 7 days")[2].partition("</section>")[0]


def test_an_opening_can_only_become_later(work):
    id_ = work.assign("weekly_checkin")
    act(work, id_, actions.delay_opening, "appointment")
    with pytest.raises(actions.HomeworkError, match="later"):
        act(work, id_, actions.delay_opening, "both_answered")
    for who in ("partner_a", "partner_b"):
        work.send(who, work.turn(id_, "pulse", who), PULSE)
    with work.app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(Opening)) == 0


def test_what_was_said_to_open_at_an_appointment_never_opens_before_it(work, ahead):
    """Also when the counselor is to open it from then on; after the appointment it is the counselor's to open."""
    id_ = work.assign("weekly_checkin", opening="appointment")
    turns = {who: work.turn(id_, "pulse", who) for who in ("partner_a", "partner_b")}
    for who, turn in turns.items():
        work.send(who, turn, PULSE)
    act(work, id_, actions.delay_opening, "counselor")
    with pytest.raises(writing.NotNow, match="not before"):
        work.act("counselor", turns["partner_a"], writing.release)
    ahead(minutes=20)
    assert opened(work) == 0
    with work.app.app_context():
        actions.note_appointment(work.cast.couples["couple"], clock.now(), clock.now())
        db.session.commit()
    ahead(minutes=20)
    assert opened(work) == 0
    work.act("counselor", turns["partner_a"], writing.release)
    ahead(minutes=20)
    assert opened(work) == 2


def opened(work):
    with work.app.app_context():
        reflections.due(clock.now())
        return db.session.scalar(db.select(db.func.count()).select_from(Opening))


def test_a_separation_closes_everything_and_opens_nothing(work, ahead):
    id_ = work.assign("weekly_checkin", opening="appointment")
    for who in ("partner_a", "partner_b"):
        work.send(who, work.turn(id_, "pulse", who), PULSE)
    with work.app.app_context():
        couple = db.session.get_one(Couple, work.cast.couples["couple"])
        actions.sever(couple, clock.now())
        actions.note_appointment(couple.id, clock.now(), clock.now())
        db.session.commit()
    ahead(days=3)
    with work.app.app_context():
        assert reflections.due(clock.now()) == 0
        assert db.session.scalar(db.select(db.func.count()).select_from(Opening)) == 0
    assert states(work, id_)[0] == "ended"


def test_nothing_can_be_given_to_both_of_a_separated_couple(work):
    with pytest.raises(actions.HomeworkError, match="no couple"):
        work.assign("weekly_checkin", to=("ex_a", "ex_b"), couple="ex")


def test_the_plan_with_a_partner_is_sealed_for_that_partner(work):
    a, b = (work.cast.partners[key] for key in ("partner_a", "partner_b"))
    id_ = work.assign("weekly_checkin", plans={a: Agreed(note="for Mara"), b: Agreed(note="for Jonas")})
    with work.app.app_context():
        viewer = work.viewer("partner_a")
        rows = {one.partner_id: one for one in db.session.get_one(Assignment, id_).recipients}
        with vault.reading(viewer, "test"):
            assert rows[a].agreed == Agreed(note="for Mara")
            with pytest.raises(vault.NotOnRing):
                _ = rows[b].agreed
            db.session.remove()  # the trail is written in a transaction of its own


# A page that stood open for a while offers what is not possible any more


OVER = [
    ("end", "pause", "It has ended"),
    ("end", "resume", "It has ended"),
    ("end", "end", "It has ended"),
    ("end", "recall", "It has ended"),
    ("recall", "end", "It was recalled"),
    ("recall", "pause", "It was recalled"),
    ("recall", "delay", "It was recalled"),
    ("pause", "pause", "paused already"),
    ("resume", "resume", "goes on already"),
]


@pytest.mark.parametrize(("first", "then", "told"), OVER)
def test_what_is_not_possible_any_more_is_said_and_changes_nothing(work, client_for, first, then, told):
    id_ = work.assign("weekly_checkin")
    ruth = client_for("counselor")
    ruth.post(f"/homework/{id_}/{first}")
    before = states(work, id_)
    answer = ruth.post(f"/homework/{id_}/{then}", data={"opening": "counselor"})
    assert told in ruth.get(answer.location).text
    assert states(work, id_) == before
    assert may_write(work, "partner_a", work.turn(id_, "pulse", "partner_a")) == (before[0] == "active")


def test_what_was_ended_stays_ended_on_their_pages_and_both_answers_still_open(work, ahead, client_for):
    """The end closes rounds; what both had answered opens when it was said, and the page says so before."""
    id_ = work.assign("weekly_checkin", opening="appointment")
    for who in ("partner_a", "partner_b"):
        work.send(who, work.turn(id_, "pulse", who), PULSE)
    ruth = client_for("counselor")
    assert "What both have answered still opens as it was said" in ruth.get(f"/homework/{id_}").text
    ruth.post(f"/homework/{id_}/end")
    shown = ruth.get(f"/homework/{id_}").text
    assert "Let it open later" in shown
    assert "End it" not in shown
    at = ahead(hours=2)
    with work.app.app_context():
        actions.note_appointment(work.cast.couples["couple"], at, at)
        db.session.commit()
        assert reflections.due(at) == 2


def test_a_round_that_is_needed_begins_today_or_later(work, client_for):
    with work.app.app_context():
        id_ = work.assign("feelings_log")
        db.session.get_one(Assignment, id_).cadence = "as_needed"
        for round_ in db.session.scalars(db.select(Round)):
            actions.note(round_, "closed", clock.now())
        db.session.commit()
    ruth = client_for("counselor")
    told = ruth.post(f"/homework/{id_}/start", data={"starts_on": "2026-02-01"})
    assert "has gone by" in ruth.get(told.location).text
    assert (
        "A round begins"
        in ruth.get(ruth.post(f"/homework/{id_}/start", data={"starts_on": "2026-03-03"}).location).text
    )
