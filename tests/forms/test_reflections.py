"""The form of a turn: made from the document, strict when sent, and forgetting nothing while it is a draft."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from clinic.exercises import answers
from clinic.exercises.document import Column, Exercise, Field, Rows, Turn
from clinic.exercises.library import shipped
from forms.reflections import TurnForm, answers_from, draft_from, extras_from, fill, form_for

ALL_TURNS = [(exercise, turn) for exercise in shipped().values() for turn in exercise.turns.values()]
CHECK_IN = shipped()["weekly_checkin"].turns["pulse"]
FULL = {"safety": "yes"} | {f"x_{key}": "7" for key in ("rely", "speak", "match", "doubt", "own", "hope")}


@pytest.fixture(scope="module")
def site() -> Flask:
    app = Flask("forms")
    app.config.update(SECRET_KEY="only for this test", WTF_CSRF_ENABLED=False)
    return app


def posted(site: Flask, turn: Turn, data: dict[str, Any], **how: Any) -> TurnForm:
    """The form as it stands after a POST."""
    with site.test_request_context("/", method="POST", data=data):
        return form_for(turn, **how)()


def blank(site: Flask, turn: Turn, **how: Any) -> TurnForm:
    with site.test_request_context("/"):
        return form_for(turn, **how)()


def is_sendable(site: Flask, turn: Turn, data: dict[str, Any], **how: Any) -> tuple[bool, TurnForm]:
    with site.test_request_context("/", method="POST", data=data):
        form = form_for(turn, **how)()
        return form.validate(), form


def rows_for(exercise: Exercise, turn: Turn) -> dict[str, Any]:
    chosen = {"choose": {"top": ["money", "kind"]}}
    return {field.key: answers.rows_of(exercise, field, chosen) for field in turn.fields if field.rows}


@pytest.mark.parametrize(("exercise", "turn"), ALL_TURNS, ids=[f"{e.slug}.{t.key}" for e, t in ALL_TURNS])
@pytest.mark.parametrize("role", ["injured", "involved", "mutual"])
def test_every_turn_has_a_form_with_each_question_in_order(
    site: Flask, exercise: Exercise, turn: Turn, role: str
) -> None:
    form = blank(site, turn, role=role, rows=rows_for(exercise, turn), with_tail=True)
    assert [question.field for question in form.questions] == list(answers.asked(turn, role))
    assert ("safety" in form) == turn.reaches_partner
    assert ("consent" in form) == turn.asks_consent
    assert len(form.tail_in_view) == 3
    assert len(form.tail_folded) == 2
    names = [name for name in form._fields if name != "csrf_token"]
    assert names[0] == "safety" or not turn.reaches_partner


@pytest.mark.parametrize(("exercise", "turn"), ALL_TURNS, ids=[f"{e.slug}.{t.key}" for e, t in ALL_TURNS])
def test_an_empty_form_is_not_sent_but_is_a_draft(site: Flask, exercise: Exercise, turn: Turn) -> None:
    fine, form = is_sendable(site, turn, {"nothing": "1"}, rows=rows_for(exercise, turn))
    assert fine == (
        not turn.reaches_partner and not turn.asks_consent and not any(f.required for f in turn.fields)
    )
    assert draft_from(form) == {}
    assert extras_from(form)["narrowed"] == []


def test_a_full_check_in_is_sent(site: Flask) -> None:
    fine, form = is_sendable(site, CHECK_IN, {**FULL, "x_ask": "Call\r\nme", "x_concerns": "2"})
    assert fine, form.errors
    given = answers_from(form, CHECK_IN)
    assert given["rely"] == 7
    assert given["ask"] == "Call\nme"
    assert answers.to_send(CHECK_IN, given, role="mutual") == given
    assert extras_from(form) == {"safety": "yes", "narrowed": []}


def test_a_missing_answer_is_named_at_its_place(site: Flask) -> None:
    fine, form = is_sendable(site, CHECK_IN, {key: value for key, value in FULL.items() if key != "x_hope"})
    assert not fine
    assert form.errors == {"x_hope": ["Please answer this one, or choose “I’d rather not say”."]}


def test_rather_not_saying_is_enough_and_drops_the_words_when_sent(site: Flask) -> None:
    data = {**FULL, "x_hope": "3", "decline_hope": "y"}
    fine, form = is_sendable(site, CHECK_IN, data)
    assert fine
    assert answers_from(form, CHECK_IN)["hope"] == {"declined": True}
    assert draft_from(form)["hope"] == {"declined": True, "raw": "3"}


def test_a_steering_question_offers_no_way_around(site: Flask) -> None:
    confirm = shipped()["perspective_round"].turns["confirm"]
    form = blank(site, confirm)
    accuracy, correction = form.questions
    assert accuracy.decline is None
    assert accuracy.narrow is None
    assert correction.decline is not None
    assert correction.narrow is not None
    fine, form = is_sendable(site, confirm, {"safety": "yes", "decline_accuracy": "y"})
    assert not fine
    assert form.errors == {"x_accuracy": ["Please answer this one."]}


def test_what_is_for_the_counselor_is_not_offered_twice(site: Flask) -> None:
    (understood,) = blank(site, shipped()["perspective_round"].turns["felt"]).questions
    assert understood.decline is None
    assert understood.narrow is None


def test_safety_and_consent_must_be_answered(site: Flask) -> None:
    _, form = is_sendable(site, CHECK_IN, {key: value for key, value in FULL.items() if key != "safety"})
    assert form.errors == {"safety": ["Please choose one."]}
    _, form = is_sendable(site, CHECK_IN, {**FULL, "safety": "perhaps"})
    assert form.errors == {"safety": ["Please pick from the list."]}


def test_consent_is_preset_by_the_document(site: Flask) -> None:
    assert blank(site, shipped()["feelings_log"].turns["entry"])["consent"].data == "no"
    assert blank(site, shipped()["impact_statement"].turns["first_sitting"])["consent"].data is None


def test_a_question_that_is_not_shown_does_not_stop_anyone(site: Flask) -> None:
    after = shipped()["calm_conversation_plan"].turns["after"]
    fine, form = is_sendable(site, after, {"safety": "yes", "x_held": "no", "x_voices": "99"})
    assert fine, form.errors
    assert answers.to_send(after, answers_from(form, after), role="mutual") == {"held": "no"}
    fine, form = is_sendable(site, after, {"safety": "yes", "x_held": "yes", "x_voices": "99"})
    assert form.errors == {"x_voices": ["Please pick a number from 0 to 10."]}


def test_a_draft_keeps_what_cannot_be_read_and_shows_it_again(site: Flask) -> None:
    data = {
        "x_rely": "seven",
        "x_concerns": "a lot",
        "x_ask": "nul\x00here",
        "narrow_ask": "y",
        "x_victory": "y" * 20_001,
    }
    form = posted(site, CHECK_IN, {**data, "tail_note": "later", "tail_difficulty": "4"}, with_tail=True)
    draft, extras = draft_from(form), extras_from(form)
    assert draft["concerns"] == {"raw": "a lot"}
    assert draft["ask"] == {"raw": "nul\x00here"}
    assert extras == {"narrowed": ["ask"], "tail": {"difficulty": 4, "note": "later"}}
    again = blank(site, CHECK_IN, with_tail=True)
    fill(again, draft, extras)
    assert again["x_rely"].data == "seven"
    assert again["x_victory"].data == "y" * 20_001
    assert again["narrow_ask"].data is True
    assert again["tail_note"].data == "later"
    assert (draft_from(again), extras_from(again)) == (draft, extras)


RANKED = shipped()["trust_definitions"].turns["choose"]
LEVELS = shipped()["trust_definitions"].turns["levels"]


def test_an_order_is_given_without_dragging(site: Flask) -> None:
    data = {"safety": "yes", "x_top-0": "money", "x_top-1": "kind", "x_top-4": "fair"}
    fine, form = is_sendable(site, RANKED, data)
    assert fine, form.errors
    assert answers_from(form, RANKED)["top"] == ["money", "kind", "fair"]
    assert len(form["x_top"].entries) == 5
    _, form = is_sendable(site, RANKED, {**data, "x_top-2": "kind"})
    assert form["x_top"].errors == ["Please pick each one only once."]
    assert draft_from(form)["top"] == {"raw": ["money", "kind", "kind", "", "fair"]}


def test_a_row_in_which_only_a_later_number_was_picked_keeps_its_place(site: Flask) -> None:
    rows = rows_for(shipped()["trust_definitions"], LEVELS)
    form = posted(site, LEVELS, {"x_facets-1-x_now": "4"}, rows=rows)
    assert answers_from(form, LEVELS)["facets"] == [
        {"row": "kind", "label": "Staying kind when we disagree", "answers": {"now": 4}}
    ]
    assert [entry.row_title for entry in form["x_facets"].entries] == [label for _, label in rows["facets"]]


def test_rows_come_back_as_they_were(site: Flask) -> None:
    rows = rows_for(shipped()["trust_definitions"], LEVELS)
    data = {"x_facets-0-x_sign": "receipts", "x_facets-0-x_importance": "9", "x_facets-1-x_now": "40"}
    draft = draft_from(posted(site, LEVELS, data, rows=rows))
    again = blank(site, LEVELS, rows=rows)
    fill(again, draft)
    assert draft_from(again) == draft
    assert again["x_facets"].entries[1].form["x_now"].data == "40"


def test_something_else_is_an_answer(site: Flask) -> None:
    days = shipped()["impact_statement"].turns["first_sitting"]
    form = posted(site, days, {"x_days": ["sleep", "joy"], "x_days__other": "music"})
    assert answers_from(form, days)["days"] == {"picked": ["sleep", "joy"], "other": "music"}
    kind = shipped()["victories_log"].turns["entry"]
    form = posted(site, kind, {"x_type": "let_go"})
    assert answers_from(form, kind)["type"] == {"picked": ["let_go"], "other": ""}
    again = blank(site, kind)
    fill(again, answers_from(form, kind))
    assert again["x_type"].data == "let_go"


def test_a_form_can_hold_one_question(site: Flask) -> None:
    form = blank(site, CHECK_IN, only={"hope"}, with_safety=False)
    assert [question.field.key for question in form.questions] == ["hope"]
    assert "safety" not in form


def test_labels_speak_to_the_role(site: Flask) -> None:
    label = {"default": "How was it?", "injured": "What did it do to you?"}
    turn = Turn(key="t", title="T", visibility="counselor", fields=[Field(key="a", kind="text", label=label)])
    assert blank(site, turn, role="injured")["x_a"].label.text == "What did it do to you?"
    assert blank(site, turn, role="involved")["x_a"].label.text == "How was it?"


KINDS = Turn(
    key="t",
    title="T",
    visibility="partner",
    fields=[
        Field(key="text", kind="text", label="?"),
        Field(key="number", kind="number", label="?"),
        Field(key="scale", kind="scale", label="?", ends=["a", "b"]),
        Field(key="choice", kind="choice", label="?", options={"a": "A", "b": "B"}, many=True, other=True),
        Field(key="one", kind="choice", label="?", options={"a": "A", "b": "B"}, other=True),
        Field(key="feelings", kind="feelings", label="?"),
        Field(key="date", kind="date", label="?"),
        Field(key="datetime", kind="datetime", label="?"),
        Field(key="ranked", kind="ranked", label="?", options={"a": "A", "b": "B"}, most=2),
        Field(
            key="rows",
            kind="rows",
            label="?",
            rows=Rows(
                free=2,
                columns=[
                    Column(key="data", kind="text", label="?"),
                    Column(key="errors", kind="date", label="?"),
                ],
            ),
        ),
    ],
)
TYPED = st.text(max_size=20) | st.sampled_from(["", "a", "b", "7", "2026-05-03", "2026-05-03T10:00", "sad"])
NAMES = [
    *(f"x_{field.key}" for field in KINDS.fields if field.kind not in {"ranked", "rows"}),
    "x_choice__other",
]
NAMES += [
    "x_one__other",
    "x_ranked-0",
    "x_ranked-1",
    "x_rows-0-x_data",
    "x_rows-1-x_errors",
    "decline_text",
    "narrow_date",
]


@given(data=st.dictionaries(st.sampled_from(NAMES), TYPED))
def test_a_draft_of_anything_comes_back_the_same(site: Flask, data: dict[str, str]) -> None:
    form = posted(site, KINDS, data)
    draft, extras = draft_from(form), extras_from(form)
    again = blank(site, KINDS)
    fill(again, draft, extras)
    assert draft_from(again) == draft
    assert extras_from(again) == extras
