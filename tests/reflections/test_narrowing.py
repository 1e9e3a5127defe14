"""Words can be kept for the counselor until they open; what has opened stays as it was read."""

import pytest

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
