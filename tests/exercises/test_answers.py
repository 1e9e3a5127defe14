"""What is asked, what is missing, what is sent, what an answer raises, and how it reads."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.exercises import answers
from clinic.exercises.document import Column, Field, Flag, Rows, Turn
from clinic.exercises.library import shipped
from clinic.exercises.own_questions import keeps_with_counselor

YES_NO = {"yes": "Yes", "no": "No"}


def field(key: str, kind: Any = "text", **extras: Any) -> Field:
    return Field(key=key, kind=kind, label=f"{key}?", **extras)


def turn(*fields: Field, visibility: Any = "sealed", **extras: Any) -> Turn:
    return Turn(key="t", title="T", visibility=visibility, fields=list(fields), **extras)


def keys(fields: Any) -> list[str]:
    return [one.key for one in fields]


def test_a_question_for_a_role_is_asked_of_that_role_only() -> None:
    entry = shipped()["feelings_log"].turns["entry"]
    assert "reminder" in keys(answers.asked(entry, "injured"))
    assert "reminder" not in keys(answers.asked(entry, "involved"))


def test_the_guess_is_asked_at_the_first_attempt_only() -> None:
    summarize = shipped()["perspective_round"].turns["summarize"]
    assert keys(answers.asked(summarize, "mutual", 1)) == ["summary", "guess"]
    assert keys(answers.asked(summarize, "mutual", 2)) == ["summary"]


def test_what_the_partner_may_see_can_be_declined_unless_it_steers() -> None:
    round_ = shipped()["perspective_round"]
    confirm, felt = round_.turns["confirm"], round_.turns["felt"]
    assert not answers.may_decline(confirm, confirm.field("accuracy"))
    assert answers.may_decline(confirm, confirm.field("correction"))
    assert not answers.may_decline(felt, felt.field("understood"))
    plan = shipped()["calm_conversation_plan"].turns["plan"]
    assert not answers.may_narrow(plan, plan.field("topic"))


def test_a_required_question_wants_an_answer_or_a_no() -> None:
    one = turn(field("a", required=True), field("b"))
    assert keys(answers.missing(one, {}, role="mutual")) == ["a"]
    assert keys(answers.missing(one, {"a": {"raw": "x"}}, role="mutual")) == ["a"]
    assert answers.missing(one, {"a": "said"}, role="mutual") == []
    assert answers.missing(one, {"a": {"declined": True}}, role="mutual") == []


def test_nought_is_an_answer() -> None:
    assert answers.missing(turn(field("a", "scale", required=True)), {"a": 0}, role="mutual") == []


def test_a_question_that_is_not_shown_is_not_missing_and_not_sent() -> None:
    one = turn(
        field("held", "choice", options=YES_NO),
        field("calm", required=True, show_when={"held": "yes"}),
    )
    assert answers.missing(one, {"held": "no"}, role="mutual") == []
    assert keys(answers.missing(one, {"held": "yes"}, role="mutual")) == ["calm"]
    sent = answers.to_send(one, {"held": "no", "calm": "typed before"}, role="mutual")
    assert sent == {"held": "no"}


def test_what_hangs_on_a_question_that_is_not_shown_is_not_sent_either() -> None:
    one = turn(
        field("held", "choice", options=YES_NO),
        field("calm", "choice", options=YES_NO, show_when={"held": "yes"}),
        field("why", show_when={"calm": "no"}),
    )
    draft = {"held": "no", "calm": "no", "why": "typed before"}
    assert answers.to_send(one, draft, role="mutual") == {"held": "no"}
    assert answers.to_send(one, {**draft, "held": "yes"}, role="mutual") == {**draft, "held": "yes"}


def test_too_few_rows_are_missing() -> None:
    rows = Rows(free=3, least=2, columns=[Column(key="what", kind="text", label="What")])
    one = turn(field("a", "rows", rows=rows, required=True))
    row = {"row": "1", "label": "", "answers": {"what": "x"}}
    assert keys(answers.missing(one, {"a": [row]}, role="mutual")) == ["a"]
    assert answers.missing(one, {"a": [row, {**row, "row": "2"}]}, role="mutual") == []


def test_what_is_sent_holds_no_word_behind_a_no() -> None:
    one = turn(field("a"), field("b", "scale"))
    draft = {"a": {"declined": True, "raw": "I wrote this first"}, "b": {"raw": "12"}, "unknown": "x"}
    assert answers.to_send(one, draft, role="mutual") == {"a": {"declined": True}}


def test_a_no_where_none_is_offered_is_not_sent() -> None:
    one = turn(field("a"), visibility="counselor")
    assert answers.to_send(one, {"a": {"declined": True}}, role="mutual") == {}


def test_a_fixed_answer_raises_its_flag() -> None:
    prep = shipped()["session_prep"].turns["prep"]
    assert [flag.stop for flag in answers.raised(prep, {"safe": "no"})] == [True]
    assert [flag.stop for flag in answers.raised(prep, {"safe": "unsure"})] == [False]
    assert answers.raised(prep, {"safe": "yes"}) == []
    assert answers.raised(prep, {}) == []


@pytest.mark.parametrize(
    ("before", "after", "is_raised"), [(3, 6, True), (3, 5, False), (8, 2, False), (None, 10, False)]
)
def test_a_rise_is_measured_within_the_turn(before: int | None, after: int, *, is_raised: bool) -> None:
    sitting = shipped()["impact_statement"].turns["second_sitting"]
    assert bool(answers.raised(sitting, {"before": before, "after": after})) is is_raised


def test_a_rise_can_be_measured_from_an_earlier_turn() -> None:
    one = turn(field("now", "scale", ends=["a", "b"], flags=[Flag(rise=2, than="first.then")]))
    assert answers.raised_by_field(one, {"now": 5}, {"first": {"then": 3}}) == {
        "now": [Flag(rise=2, than="first.then")]
    }
    assert answers.raised_by_field(one, {"now": 5}, {"first": {"then": {"declined": True}}}) == {}


def test_a_bound_raises_its_flag_and_words_never_do() -> None:
    one = turn(field("n", "number", flags=[Flag(least=8)]))
    assert answers.raised(one, {"n": 8})
    assert answers.raised(one, {"n": 7.5}) == []
    assert answers.raised(one, {"n": "8"}) == []


def test_one_named_answer_keeps_the_turn_with_the_counselor() -> None:
    one = turn(field("urgent", "choice", options=YES_NO), narrow_when={"urgent": "yes"})
    assert answers.narrows(one, {"urgent": "yes"})
    assert not answers.narrows(one, {"urgent": "no"})
    assert not answers.narrows(turn(field("a")), {"a": "yes"})


def test_only_a_yes_lets_words_reach_the_partner() -> None:
    assert [keeps_with_counselor(said) for said in ("yes", "unsure", "no", None)] == [
        False,
        True,
        True,
        False,
    ]


def test_rows_come_from_what_was_chosen_before() -> None:
    trust = shipped()["trust_definitions"]
    facets = trust.turns["levels"].field("facets")
    rows = answers.rows_of(trust, facets, {"choose": {"top": ["money", "kind", "gone"]}})
    assert rows == [("money", "Being open about money"), ("kind", "Staying kind when we disagree")]
    assert answers.rows_of(trust, facets, {}) == []


def test_rows_are_fixed_or_free() -> None:
    columns = [Column(key="c", kind="text", label="C")]
    log = shipped()["feelings_log"]
    assert answers.rows_of(log, field("a", "rows", rows=Rows(fixed={"x": "X"}, columns=columns)), {}) == [
        ("x", "X")
    ]
    assert answers.rows_of(log, field("a", "rows", rows=Rows(free=2, columns=columns)), {}) == [
        ("1", ""),
        ("2", ""),
    ]
    assert answers.rows_of(log, field("a"), {}) == []


def test_a_moment_is_meant_in_the_zone_of_the_couple() -> None:
    zone = ZoneInfo("America/Chicago")
    said = answers.moment_of("2026-07-03T19:30", zone)
    assert said is not None
    assert said.astimezone(UTC) == datetime(2026, 7, 4, 0, 30, tzinfo=UTC)
    assert answers.moment_of("2026-07-03", zone) == datetime(2026, 7, 3, tzinfo=zone)
    assert answers.moment_of({"declined": True}, zone) is None
    assert answers.moment_of("soon", zone) is None


ROW_FIELD = field(
    "r",
    "rows",
    rows=Rows(
        fixed={"money": "Money"},
        columns=[
            Column(key="sign", kind="text", label="A sign"),
            Column(key="now", kind="scale", label="Now", ends=["a", "b"]),
            Column(key="ready", kind="choice", label="Ready?", options=YES_NO),
        ],
    ),
)

DESCRIBED: list[tuple[Field, Any, list[str]]] = [
    (field("a"), "One.\nTwo.", ["One.\nTwo."]),
    (field("a"), None, []),
    (field("a"), {"declined": True}, ["Would rather not say"]),
    (field("a", "number"), {"raw": "many"}, ["many"]),
    (field("a", "ranked", options=YES_NO), {"raw": ["no", "", "no"]}, ["No", "No"]),
    (ROW_FIELD, {"raw": {"money": {"sign": "yes", "now": 12, "ready": "yes"}}}, ["yes", "12", "Yes"]),
    (field("a", "number", unit="times"), 3, ["3 times"]),
    (field("a", "number"), 2.5, ["2.5"]),
    (field("a", "scale"), 7, ["7 of 10"]),
    (field("a", "choice", options=YES_NO), "yes", ["Yes"]),
    (field("a", "choice", options=YES_NO, other=True), {"picked": ["no"], "other": "mine"}, ["No", "mine"]),
    (field("a", "feelings"), ["let_down", "coined_later"], ["let down", "coined later"]),
    (field("a", "date"), "2026-05-03", ["Sunday, May 3, 2026"]),
    (field("a", "time"), "00:05", ["12:05 am"]),
    (field("a", "datetime"), "2026-05-03T19:30", ["Sunday, May 3, 2026, 7:30 pm"]),
    (field("a", "ranked", options=YES_NO), ["no", "yes"], ["1. No", "2. Yes"]),
    (
        ROW_FIELD,
        [{"row": "money", "label": "Money", "answers": {"sign": "receipts", "now": 4}}],
        ["Money · A sign: receipts · Now: 4 of 10"],
    ),
]


@pytest.mark.parametrize(("asked", "answer", "lines"), DESCRIBED)
def test_an_answer_reads_as_a_person_would_say_it(asked: Field, answer: Any, lines: list[str]) -> None:
    assert answers.describe(asked, answer) == lines
