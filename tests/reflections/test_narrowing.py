"""Words can be kept for the counselor until they open; what has opened stays as it was read."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clinic import clock
from clinic.exercises import actions as exercises
from clinic.exercises import answers as shapes
from clinic.exercises import library
from clinic.exercises.document import Field
from clinic.exercises.document import Turn as Asked
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework.models import Turn
from clinic.reflections import actions, queries, rules
from clinic.reflections.models import Opening, Reflection
from clinic.reflections.rules import Sending
from tests.homework.test_acts import PULSE
from tests.rules.answering import answers_for

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


# What is kept looks as if it had been declined: one rule for every document

DECLINED = {"declined": True}


def for_others(asked, sending):
    """The groups of answers that anybody but the counselor may come to read."""
    groups = rules.divided(asked, sending)
    return {key: words for key, (kind, words) in groups.items() if kind != "counselor"}


def any_answer(field):
    options = [[one] if field.many else one for one in field.options or {}]
    return st.sampled_from([None, DECLINED, *(options or ["said"])])


@pytest.mark.parametrize("slug", shipped())
@given(data=st.data())
def test_kept_answers_look_declined_to_the_other_in_every_document(slug, data):
    asked = data.draw(st.sampled_from(list(shipped()[slug].turns.values())))
    drawn = {one.key: data.draw(any_answer(one), one.key) for one in asked.fields}
    looks_alike(asked, {key: answer for key, answer in drawn.items() if answer is not None}, data)


def looks_alike(asked, answers, data):
    sent = shapes.to_send(asked, answers, role="mutual")
    narrowable = [one.key for one in asked.fields if one.key in sent and shapes.may_narrow(asked, one)]
    kept = data.draw(st.sets(st.sampled_from(narrowable))) if narrowable else set()
    declined = shapes.to_send(asked, {**answers, **dict.fromkeys(kept, DECLINED)}, role="mutual")
    one, two = Sending(sent, safe="yes", narrowed=tuple(kept)), Sending(declined, safe="yes")
    assume(not rules.is_kept(asked, one) and not rules.is_kept(asked, two))
    assert for_others(asked, one) == for_others(asked, two)
    assert rules.joint_answers(asked, one) == rules.joint_answers(asked, two)
    for_her = rules.divided(asked, one).get("counselor", ("counselor", {}))[1]
    given = rules.as_given(asked, one)
    assert {key: for_her.get(key, given.get(key)) for key in sent} == sent


def choice(key, **more):
    return Field(key=key, kind="choice", label=f"{key}?", options={"yes": "Yes", "no": "No"}, **more)


CHAIN = Asked(
    key="t",
    title="T",
    visibility="sealed",
    fields=[
        choice("a"),
        choice("b", show_when={"a": "yes"}),
        choice("c", show_when={"b": "yes"}, visibility="partner"),
        choice("d", show_when={"c": ["yes", "no"]}, visibility="counselor"),
        choice("e"),
    ],
)


@given(data=st.data())
def test_what_hangs_on_what_hangs_on_a_kept_answer_is_kept_too(data):
    drawn = {one.key: data.draw(any_answer(one), one.key) for one in CHAIN.fields}
    looks_alike(CHAIN, {key: answer for key, answer in drawn.items() if answer is not None}, data)


def test_all_behind_a_kept_answer_goes_to_the_counselor_alone():
    answers = dict.fromkeys("abcde", "yes")
    found = rules.divided(CHAIN, Sending(answers, safe="yes", narrowed=("a",)))
    assert found["sealed"] == ("sealed", {"a": DECLINED, "e": "yes"})
    assert "partner" not in found
    assert found["counselor"] == ("counselor", dict.fromkeys("abcd", "yes"))


def test_what_hangs_on_a_kept_answer_stays_kept_when_it_is_sent_again(work, client_for, now, ahead):
    """Its author sees where it goes, and letting go of the one does not let go of the rest."""
    plan = work.assign("calm_conversation_plan")
    proposed = work.turn(plan, "plan", "partner_a")
    answer(work, "partner_a", proposed)
    work.act("partner_b", proposed, agree)
    ahead(days=4)
    after = work.turn(plan, "after", "partner_b")
    said = {"held": "partly", "calm": "no", "pause": "stopped", "voices": 9, "understood": 2}
    answer(work, "partner_b", after, said, narrowed=("held",))
    page = client_for("partner_b").get(f"/reflections/{after}/own").text
    assert page.count("sees “Would rather not say”") == 1
    assert page.count("For your counselor") == 5
    sent = work.act("partner_b", after, lambda author, _: actions.standing(author))
    assert set(sent.narrowed) == set(said)
    assert (
        client_for("counselor").get(f"/reflections/rounds/{work.round(after)}").text.count("kept for you")
        == 5
    )


def answer(work, who, turn, said=None, **more):
    """Every question of a turn, some as given."""

    def act(author, at):
        answers = {**answers_for(author, "words of"), **(said or {})}
        return actions.send(author, Sending(answers, safe="yes", **more), at).reflection.id

    work.act(who, turn, act)


def agree(author, at):
    actions.confirm(author, rules.bound_hash(queries.proposed(author.turn)), at)


@pytest.mark.parametrize("way", ["sent", "narrowed"])
def test_what_was_kept_one_by_one_stays_kept_when_all_of_it_was_kept_and_taken_back(work, way):
    turn = work.turn(work.assign("weekly_checkin"), "pulse", "partner_a")
    work.send("partner_a", turn, {**PULSE, "ask": "Hold me."}, narrowed=("ask",), keep=way == "sent")
    if way == "narrowed":
        work.act("partner_a", turn, lambda author, at: actions.narrow(author, (), at).id)
    draft = work.act("partner_a", turn, lambda author, at: actions.take_back(author, at).body)
    assert (draft["keep"], draft["narrowed"]) == (True, ["ask"])
    given = rules.as_given(
        shipped()["weekly_checkin"].turns["pulse"], Sending.from_json({**draft, "keep": False})
    )
    assert given["ask"] == shapes.DECLINED


def test_what_has_opened_in_part_is_not_returned_and_nobody_is_told_that_it_was(work, spoken, client_for):
    """The round would take no notice of it, and its author would never be asked."""
    turn = spoken[1]
    ruth, at = client_for("counselor"), f"/reflections/rounds/{work.round(turn)}"
    page = ruth.get(at).text
    assert f'action="{at}/return"' not in page
    data = {"turn": str(turn), "word": "Once more.", "seen": re.findall(r'name="seen" value="([^"]*)"', page)}
    answer = ruth.get(ruth.post(f"{at}/return", data=data).location).text
    assert "It has opened already" in answer
    assert "It went back" not in answer
