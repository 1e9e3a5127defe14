"""Only the author widens: whatever the practice does meanwhile, the other reads no more of what was kept closer."""

import msgspec
import pytest

from clinic import clock, vault
from clinic.accounts.models import StaffMember
from clinic.couples import actions as couples
from clinic.couples import staffing
from clinic.couples.models import Couple
from clinic.exercises import actions as exercises
from clinic.exercises.document import Exercise
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Assignment
from clinic.practice import actions as practices
from clinic.practice.models import Practice
from clinic.reflections import actions, tasks
from clinic.reflections.models import Opening
from tests.cast import viewer_of

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)
KEPT = {"victory": "canary narrowed", "ask": "canary too"}


def wider(document):
    """The next version of an exercise, in which everything is for both at once."""
    open_ = (
        msgspec.json.encode(document).replace(b'"sealed"', b'"partner"').replace(b'"counselor"', b'"partner"')
    )
    return msgspec.structs.replace(msgspec.json.decode(open_, type=Exercise), version=document.version + 1)


def hands_over(cast, couple, _assignment, now):
    leaving, heir = (
        db.session.get_one(StaffMember, cast.staff[key]) for key in ("counselor", "other_counselor")
    )
    staffing.hand_over(viewer_of(cast, "owner"), leaving, heir, now)


def changes_the_policy(cast, _couple, _assignment, now):
    practice = db.session.get_one(Practice, cast.practice_id)
    open_ = practices.Written("secrets", "Nothing is kept from anybody.", "no_secrets")
    practices.publish_text(viewer_of(cast, "owner"), practice, open_, "none", now)


def brings_a_new_version(_cast, _couple, _assignment, now):
    exercises.import_documents([wider(shipped()["weekly_checkin"])], now)


def separates(cast, couple, _assignment, now):
    couples.separate(viewer_of(cast, "counselor"), couple, now)
    homework.sever(couple, now)


def pauses_and_goes_on(cast, couple, _assignment, now):
    couples.pause(viewer_of(cast, "counselor"), couple, now)
    couples.resume(viewer_of(cast, "counselor"), couple, now)


def ends_it(cast, _couple, assignment, now):
    homework.end(viewer_of(cast, "counselor"), assignment, now)


def delays_the_opening(cast, _couple, assignment, now):
    homework.delay_opening(viewer_of(cast, "counselor"), assignment, "counselor", now)


ACTS = (
    hands_over,
    changes_the_policy,
    brings_a_new_version,
    separates,
    pauses_and_goes_on,
    ends_it,
    delays_the_opening,
)


def done(work, check_in, act):
    with work.app.app_context(), vault.reading(work.viewer("counselor"), "test"):
        couple = db.session.get_one(Couple, work.cast.couples["couple"])
        act(work.cast, couple, db.session.get_one(Assignment, check_in), clock.now())
        db.session.commit()
        tasks.due(clock.now())
        db.session.remove()


def openings(work):
    with work.app.app_context():
        return len(db.session.scalars(db.select(Opening)).all())


@pytest.mark.parametrize("act", ACTS)
def test_what_the_practice_does_opens_nothing_that_was_kept_closer(work, client_for, ahead, act):
    check_in = work.assign("weekly_checkin")
    a, b = (work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b"))
    work.send("partner_a", a, {**PULSE, **KEPT}, narrowed=("victory",))
    work.act("partner_a", a, lambda author, now: actions.narrow(author, ["ask"], now))
    done(work, check_in, act)
    assert openings(work) == 0
    jonas = client_for("partner_b")
    try:
        work.send("partner_b", b, PULSE)
    except actions.NotNow:
        assert act in {separates, ends_it}
    ahead(minutes=20)
    for path in ("/progress/now", "/progress/ours", f"/progress/ours/{work.round(a)}", f"/reflections/{b}"):
        assert "canary" not in jonas.get(path, follow_redirects=True).text
    assert (openings(work) > 0) == (act not in {separates, ends_it, delays_the_opening})
    assert "canary narrowed" in client_for("partner_a").get(f"/reflections/{a}/own").text


def test_its_author_may_widen_it_until_it_opens(work, client_for):
    check_in = work.assign("weekly_checkin")
    a, b = (work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b"))
    work.send("partner_a", a, {**PULSE, **KEPT}, narrowed=("victory", "ask"))
    work.send("partner_a", a, {**PULSE, **KEPT}, narrowed=("ask",))
    work.send("partner_b", b, PULSE)
    page = client_for("partner_b").get(f"/progress/ours/{work.round(a)}").text
    assert "canary narrowed" in page
    assert "canary too" not in page
