"""Taking back or keeping closer, while the other sends at the same moment: whoever comes first, it ends legally."""

import re
from threading import Barrier, Thread

import pytest

from clinic import clock, vault
from clinic.access import SYSTEM
from clinic.couples.models import Partner
from clinic.exercises.answers import is_declined
from clinic.extensions import db
from clinic.homework import queries as rounds
from clinic.homework.models import Turn
from clinic.privacy import endings
from clinic.reflections import queries
from clinic.reflections.models import Draft, Opening, Reflection
from clinic.reflections.views import sending

PULSE = dict.fromkeys(("rely", "speak", "match", "doubt", "own", "hope"), 5)
TIMES = range(6)
"""Each race is run a few times, for either may come first."""


@pytest.fixture
def both(work, client_for):
    """Mara has sent her sealed words; Jonas stands before sending his."""
    check_in = work.assign("weekly_checkin")
    a, b = (work.turn(check_in, "pulse", key) for key in ("partner_a", "partner_b"))
    work.send("partner_a", a, {**PULSE, "victory": "canary"})
    jonas, url = client_for("partner_b"), f"/reflections/{b}"
    boxes = {f"x_{key}": str(value) for key, value in PULSE.items()}
    jonas.post(url, data={"screen": "all", "version": "0", "safety": "yes", **boxes})
    held = dict(re.findall(r'name="(version|content)"[^>]*value="([^"]*)"', jonas.get(url + "/before").text))
    last_look = {**held, "safety": "yes", "reads": "partner", "do": "send"}
    return client_for("partner_a"), jonas, a, b, lambda: jonas.post(url + "/before", data=last_look)


def at_once(*acts):
    """All of them in threads of their own, let go together; what each answered."""
    at, together, answers = clock.now(), Barrier(len(acts)), {}

    def go(number):
        with clock.moved_to(at):
            together.wait()
            answers[number] = acts[number]()

    threads = [Thread(target=go, args=(number,)) for number in range(len(acts))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return [answers[number].status_code for number in range(len(acts))]


class Ending:
    """How it stands afterwards, in the rows and as the fold has it."""

    def __init__(self, work, a, b):
        with work.app.app_context(), vault.reading(SYSTEM, "test"):
            turns = [db.session.get_one(Turn, id_) for id_ in (a, b)]
            folded = rounds.state_of(turns[0].round, clock.now())
            self.states = [turn.state for turn in turns]
            self.folded = [folded.turns[rounds.turn_id_of(turn)].status for turn in turns]
            self.is_kept = turns[0].is_kept
            self.mine = queries.sent_by(turns[0], work.cast.partners["partner_a"])
            rows = db.session.scalars(db.select(Opening)).all()
            self.opened = {one.turn_id: dict(one.answers) for one in rows}
            sent = db.session.scalars(db.select(Reflection)).all()
            self.withdrawn = [(one.turn_id, one.revision) for one in sent if one.withdrawn_at]
            self.of_withdrawn = {(one.turn_id, one.revision) for one in rows} & set(self.withdrawn)
            self.drafts = len(list(db.session.scalars(db.select(Draft))))
            db.session.remove()


@pytest.mark.parametrize("again", TIMES)
def test_taking_back_against_the_others_sending(work, both, again):
    mara, jonas, a, b, send = both
    assert at_once(lambda: mara.post(f"/reflections/{a}/take-back"), send) == [303, 303]
    end = Ending(work, a, b)
    assert end.states == end.folded
    if end.withdrawn:
        assert (end.mine, end.opened, end.drafts) == (None, {}, 1)
        assert "canary" in mara.get(f"/reflections/{a}?all=1").text
    else:
        assert set(end.opened) == {a, b}
        assert end.drafts == 0
    assert ("canary" in jonas.get("/progress/ours", follow_redirects=True).text) <= (a in end.opened)
    assert not end.of_withdrawn


@pytest.mark.parametrize("again", TIMES)
def test_keeping_the_whole_closer_against_the_others_sending(work, both, again):
    mara, _, a, b, send = both
    assert at_once(lambda: mara.post(f"/reflections/{a}/narrow", data={"whole": "1"}), send) == [303, 303]
    end = Ending(work, a, b)
    assert end.states == end.folded
    assert end.is_kept == (not end.opened)
    assert not end.opened or set(end.opened) == {a, b}


@pytest.mark.parametrize("again", TIMES)
def test_keeping_one_answer_closer_against_the_others_sending(work, both, again):
    mara, _, a, b, send = both
    assert at_once(lambda: mara.post(f"/reflections/{a}/narrow", data={"keys": "victory"}), send) == [
        303,
        303,
    ]
    end = Ending(work, a, b)
    assert end.states == end.folded
    assert set(end.opened) == {a, b}
    assert ("victory" in end.mine.narrowed) == is_declined(end.opened[a]["victory"])


@pytest.mark.parametrize("again", TIMES)
def test_changing_it_against_the_others_sending(work, both, again):
    """What opened is a whole revision, the one before or the new one, and a change that came too late stays a draft."""
    mara, _, a, b, send = both
    new = {f"x_{key}": str(value) for key, value in {**PULSE, "victory": "another"}.items()}
    mara.post(f"/reflections/{a}", data={"screen": "all", "version": "0", "safety": "yes", **new})
    page = mara.get(f"/reflections/{a}/before").text
    held = dict(re.findall(r'name="(version|content)"[^>]*value="([^"]*)"', page))
    data = {**held, "safety": "yes", "reads": "partner", "do": "send"}
    at_once(lambda: mara.post(f"/reflections/{a}/before", data=data), send)
    end = Ending(work, a, b)
    assert end.states == end.folded
    assert set(end.opened) == {a, b}
    assert end.opened[a]["victory"] == end.mine.answers["victory"]
    assert (end.mine.answers["victory"], end.drafts) in {("another", 0), ("canary", 1)}


def test_both_send_at_once_and_both_open(work, both, client_for):
    """Two who press at the same moment: neither is lost, each opens once."""
    mara, _, a, b, send = both
    mara.post(f"/reflections/{a}/take-back")
    page = mara.get(f"/reflections/{a}/before").text
    held = dict(re.findall(r'name="(version|content)"[^>]*value="([^"]*)"', page))
    data = {**held, "safety": "yes", "reads": "partner", "do": "send"}
    assert at_once(lambda: mara.post(f"/reflections/{a}/before", data=data), send) == [303, 303]
    end = Ending(work, a, b)
    assert end.states == end.folded
    assert set(end.opened) == {a, b}
    assert not end.of_withdrawn


def test_what_is_being_sent_while_all_words_of_its_author_are_closed_is_not_sent(work, both, monkeypatch):
    """Keeping and sending are two transactions of one request: between them the counselor may have closed the side."""
    _, _, a, b, send = both
    own, calls = sending.own, []

    def closed_before_the_second(turn_id):
        calls.append(turn_id)
        if len(calls) == 2:
            thread = Thread(target=close)
            thread.start()
            thread.join()
        return own(turn_id)

    def close():
        with work.app.app_context(), vault.reading(work.viewer("counselor"), "test"):
            partner = db.session.get_one(Partner, work.cast.partners["partner_b"])
            endings.close(work.viewer("counselor"), partner, "request", "Asked alone.", clock.now())
            db.session.commit()

    monkeypatch.setattr(sending, "own", closed_before_the_second)
    assert send().status_code == 303
    assert len(calls) == 2
    ending = Ending(work, a, b)
    assert ending.states == ["sent", "open"]
    assert ending.opened == {}
