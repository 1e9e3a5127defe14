"""Words can be kept for the counselor until they open; what has opened stays as it was read."""

import pytest

from clinic import clock
from clinic.exercises import actions as exercises
from clinic.exercises import library
from clinic.extensions import db
from clinic.homework.models import Turn
from clinic.reflections import actions
from clinic.reflections.models import Opening, Reflection

SPOKEN = {"topic": "Dinner", "view": "It went cold.", "feelings": ["hurt"]}


@pytest.fixture
def spoken(work):
    """Mara has spoken; what she felt opens when Jonas has said it back."""
    id_ = work.assign("perspective_round")
    turn = work.turn(id_, "speak", "partner_a")
    work.send("partner_a", turn, SPOKEN)
    return id_, turn


def opened(work, turn):
    with work.app.app_context():
        return dict(
            db.session.execute(
                db.select(Opening.group, Opening.revision).where(Opening.turn_id == turn)
            ).all()
        )


def say_back(work, id_):
    turn = work.turn(id_, "summarize", "partner_b")
    with work.app.app_context():
        row = db.session.get_one(Turn, turn)
        asked = actions.rounds.document_for(row.round).turns["summarize"]
    answers = {one.key: "You waited." if one.kind == "text" else ["hurt"] for one in asked.fields}
    work.send("partner_b", turn, answers)


def test_what_opens_later_can_be_kept_until_then(work, spoken, client_for):
    id_, turn = spoken
    mara = client_for("partner_a")
    page = mara.get(f"/reflections/{turn}/own").text
    assert 'value="feelings"' in page
    assert 'value="view"' not in page
    assert "Keep all of it closer" not in page
    mara.post(f"/reflections/{turn}/narrow", data={"keys": "feelings"})
    say_back(work, id_)
    assert opened(work, turn) == {"partner": 1, "partner:summarize.sent": 2}
    with work.app.app_context():
        row = db.session.scalar(
            db.select(Reflection).where(Reflection.turn_id == turn, Reflection.revision == 2)
        )
        assert {words.group for words in row.words} >= {"counselor", "partner:summarize.sent"}
    assert "ould rather not say" in client_for("partner_b").get(f"/progress/ours/{work.round(turn)}").text


def test_what_has_opened_cannot_be_kept_any_more(work, spoken, client_for):
    id_, turn = spoken
    mara = client_for("partner_a")

    def narrowed(**data):
        mara.post(f"/reflections/{turn}/narrow", data=data)
        with work.app.app_context():
            return db.session.scalar(db.select(db.func.count()).where(Reflection.turn_id == turn)) > 1

    assert not narrowed(keys="view")
    assert not narrowed(whole="1")
    say_back(work, id_)
    assert not narrowed(keys="feelings")


RISKY = "Nobody may hear of this."


@pytest.fixture
def urgent(work):
    """A document in which one answer keeps the whole turn with the counselor: no shipped one has that yet."""
    text = (library.SHIPPED / "victories_log.toml").read_text(encoding="utf-8")
    text = text.replace('slug = "victories_log"', 'slug = "risky_log"').replace(
        "repeat = { most = 40 }", 'repeat = { most = 40 }\nnarrow_when = { type = "let_go" }', 1
    )
    exercise, messages = library.parse(text, "risky_log")
    assert messages == []
    with work.app.app_context():
        exercises.import_documents([exercise], clock.now())
        db.session.commit()
    return work.assign("risky_log")


@pytest.mark.parametrize(("kind", "reaches"), [("kept_word", True), ("let_go", False)])
def test_an_answer_can_keep_a_whole_turn_with_the_counselor(work, urgent, client_for, kind, reaches):
    """From the form to both pages: the same words, and only one answer that differs."""
    mara, turn = client_for("partner_a"), work.turn(urgent, "entry", "partner_a")
    boxes = {"x_what": RISKY, "x_type": kind, "x_safety": "yes"}
    mara.post(f"/reflections/{turn}", data={"screen": "all", "version": "0", "do": "before", **boxes})
    before = mara.get(f"/reflections/{turn}/before").text
    assert ("does not show it to Jonas" in before) is not reaches
    said = {"version": "1", "do": "send", "reads": "partner", "safety": "yes"}
    assert mara.post(f"/reflections/{turn}/before", data=said).status_code == 303
    jonas = client_for("partner_b")
    assert (RISKY in jonas.get("/progress/ours").text) is reaches
    with work.app.app_context():
        assert (db.session.scalar(db.select(db.func.count(Opening.id))) == 1) is reaches
    assert RISKY in client_for("counselor").get(f"/reflections/rounds/{work.round(turn)}").text
