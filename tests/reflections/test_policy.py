"""The label above private words is taken from the policy in force and stays with them: no later policy loosens it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from clinic import clock, vault
from clinic.accounts.models import StaffMember
from clinic.couples import staffing
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.practice import actions as practices
from clinic.practice import library, rules
from clinic.practice.models import Practice
from clinic.reflections.models import NoteToCounselor, Reflection
from tests.cast import viewer_of

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)
STRICT, LOOSE = (rules.label_of(library.papers()[name]) for name in ("confidential", "no_secrets"))


def publish(work, name, after=timedelta()):
    with work.app.app_context():
        practice = db.session.get_one(Practice, work.cast.practice_id)
        written = practices.Written("secrets", library.papers()[name], name)
        practices.publish_text(viewer_of(work.cast, "owner"), practice, written, "none", clock.now() + after)
        db.session.commit()


def under(work):
    """The version and the label that are stored with each sending, the first one first."""
    with work.app.app_context(), vault.reading(work.viewer("counselor"), "test"):
        rows = db.session.scalars(select(Reflection).order_by(Reflection.policy_version))
        found = [(row.policy_version, row.readers.partition("\n\n")[2]) for row in rows]
        db.session.remove()
    return found


@pytest.fixture
def kept(work):
    """Words for the counselor alone, sent under the strict policy; then the practice publishes a loose one."""
    publish(work, "confidential")
    check_in = work.assign("weekly_checkin")
    turn = work.turn(check_in, "pulse", "partner_a")
    work.send("partner_a", turn, {**PULSE, "ask": "canary kept"}, keep=True)
    publish(work, "no_secrets")
    return check_in, turn


def test_the_label_is_stored_with_the_words_and_with_the_version(work, kept):
    assert under(work) == [(2, STRICT)]


def test_what_is_written_afterwards_has_the_new_label(work, client_for, kept):
    other = work.turn(kept[0], "pulse", "partner_b")
    page = client_for("partner_b").get(f"/reflections/{other}?all=1").text
    assert LOOSE in page
    assert STRICT not in page
    work.send("partner_b", other, PULSE)
    assert under(work) == [(2, STRICT), (3, LOOSE)]


def test_its_author_reads_the_words_under_the_label_of_that_time(client_for, kept):
    page = client_for("partner_a").get(f"/reflections/{kept[1]}/own").text
    assert STRICT in page
    assert LOOSE not in page


@pytest.mark.parametrize("who", ["counselor", "supervisor"])
def test_who_may_do_more_under_the_new_one_is_told_what_binds(work, client_for, kept, who):
    page = client_for(who).get(f"/reflections/rounds/{work.round(kept[1])}").text
    assert "canary kept" in page
    assert "A newer policy is in force." in page
    assert "written under version 2" in page
    assert STRICT in page
    assert LOOSE not in page


def test_the_other_partner_reads_no_more_than_before(work, client_for, kept):
    jonas, other = client_for("partner_b"), work.turn(kept[0], "pulse", "partner_b")
    work.send("partner_b", other, PULSE)
    for path in ("/progress/now", "/progress/ours", "/progress/mine", f"/reflections/{other}/sent"):
        assert "canary" not in jonas.get(path, follow_redirects=True).text


def test_nothing_is_sent_under_a_sentence_that_was_not_read(work, client_for):
    """The page stands open while a looser policy comes into force: the last look is shown anew."""
    publish(work, "confidential")
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    mara = client_for("partner_a")
    boxes = {f"x_{key}": str(value) for key, value in PULSE.items()}
    mara.post(f"/reflections/{turn}", data={"screen": "all", "version": "0", "do": "before", **boxes})
    seen = mara.get(f"/reflections/{turn}/before").text
    named = {name: _value(seen, name) for name in ("version", "content", "readers")}
    publish(work, "no_secrets")
    data = {**named, "do": "send", "safety": "yes", "reads": "partner"}
    answer = mara.post(f"/reflections/{turn}/before", data=data)
    assert answer.status_code == 409
    assert "Who reads it, or what your practice does with it, changed" in answer.text
    assert LOOSE in answer.text
    with work.app.app_context():
        assert not db.session.scalars(select(Reflection)).all()
    read = {name: _value(answer.text, name) for name in named}
    assert mara.post(f"/reflections/{turn}/before", data={**data, **read}).status_code == 303


def let_stand_in(work, who):
    """From now on, for three days; tells the name."""
    with work.app.app_context():
        couple = db.session.get_one(Couple, work.cast.couples["couple"])
        member, now = db.session.get_one(StaffMember, work.cast.staff[who]), clock.now()
        staffing.stand_in(viewer_of(work.cast, "counselor"), [couple], member, now, now + timedelta(days=3))
        name = member.name
        db.session.commit()
    return name


def test_no_line_is_added_under_a_sentence_that_was_not_read(work, client_for):
    """Somebody begins to stand in while the page stands open: the line stays in its box, and is read by nobody."""
    check_in = work.assign("weekly_checkin")
    turn, other = (work.turn(check_in, "pulse", who) for who in ("partner_a", "partner_b"))
    work.send("partner_a", turn, PULSE)
    work.send("partner_b", other, PULSE)
    mara = client_for("partner_a")
    seen = _value(mara.get(f"/reflections/{turn}/own").text, "readers")
    name = let_stand_in(work, "other_counselor")
    data = {"readers": seen, "text": "canary of a line"}
    answer = mara.post(f"/reflections/{turn}/add", data=data)
    assert answer.status_code == 409
    assert "Who reads it, or what your practice does with it, changed" in answer.text
    assert "canary of a line" in answer.text
    assert name in answer.text
    with work.app.app_context():
        assert not db.session.scalars(select(Reflection).where(Reflection.is_addition)).all()
    again = {**data, "readers": _value(answer.text, "readers")}
    assert mara.post(f"/reflections/{turn}/add", data=again).status_code == 303
    with work.app.app_context(), vault.house("test"):
        added = db.session.scalars(select(Reflection).where(Reflection.is_addition)).one()
        assert name in added.readers


def test_no_word_beside_goes_to_who_was_not_named(work, client_for):
    """A word to the counselor is what nobody else should meet by chance."""
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    mara, at = client_for("partner_a"), f"/reflections/{turn}/say"
    seen = _value(mara.get(at).text, "readers")
    name = let_stand_in(work, "other_counselor")
    data = {"readers": seen, "kind": "too_much", "text": "canary of a word"}
    answer = mara.post(at, data=data)
    assert answer.status_code == 409
    assert "Who reads it changed while this page was open." in answer.text
    assert "canary of a word" in answer.text
    assert name in answer.text
    with work.app.app_context():
        assert not db.session.scalars(select(NoteToCounselor)).all()
    again = {**data, "readers": _value(answer.text, "readers")}
    assert mara.post(at, data=again).status_code == 303


def _value(page, name):
    before = page.split(f'name="{name}"')[1]
    return before.split('value="')[1].split('"')[0]
