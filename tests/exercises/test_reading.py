"""What was typed becomes an answer, or a sentence that says why not; and an answer goes back into the box unchanged."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.exercises.document import Column, Field, Rows
from clinic.exercises.reading import LONGEST, Unreadable, clean, counted, keepable, raw_of, read

YES_NO = {"yes": "Yes", "no": "No"}
ROWS = Rows(
    free=2,
    columns=[
        Column(key="what", kind="text", label="What"),
        Column(key="much", kind="scale", label="How much", ends=["little", "much"]),
    ],
)


def field(kind: Any, **extras: Any) -> Field:
    return Field(key="k", kind=kind, label="?", **extras)


LINES = (("1", ""), ("2", ""))

READ: list[tuple[Field, Any, Any]] = [
    (field("text"), "a\r\nb\rc\vd", "a\nb\nc\nd"),
    (field("text"), "e\u0301", "é"),
    (field("text"), "  \n ", None),
    (field("text"), " kept as it is ", " kept as it is "),
    (field("number"), "3", 3),
    (field("number"), " 2,5 ", 2.5),
    (field("number"), "", None),
    (field("scale"), "0", 0),
    (field("scale"), "10", 10),
    (field("scale"), "", None),
    (field("choice", options=YES_NO), "yes", "yes"),
    (field("choice", options=YES_NO), None, None),
    (field("choice", options=YES_NO, many=True), ["no", "yes", "no"], ["no", "yes"]),
    (field("choice", options=YES_NO, many=True), [], None),
    (
        field("choice", options=YES_NO, many=True, other=True),
        {"picked": ["no"], "other": "and so"},
        {"picked": ["no"], "other": "and so"},
    ),
    (
        field("choice", options=YES_NO, other=True),
        {"picked": None, "other": "so"},
        {"picked": [], "other": "so"},
    ),
    (field("choice", options=YES_NO, other=True), {"picked": None, "other": " "}, None),
    (field("feelings"), ["sad", "alone"], ["sad", "alone"]),
    (field("date"), "2026-05-03", "2026-05-03"),
    (field("time"), "19:30", "19:30"),
    (field("datetime"), "2026-05-03T19:30", "2026-05-03T19:30"),
    (field("datetime"), "2026-05-03 19:30:12", "2026-05-03T19:30"),
    (field("ranked", options={"a": "A", "b": "B", "c": "C"}, most=3), ["b", "", "a"], ["b", "a"]),
    (
        field("rows", rows=ROWS),
        {"1": {"what": "", "much": None}, "2": {"what": "call", "much": "3"}},
        [{"row": "2", "label": "", "answers": {"what": "call", "much": 3}}],
    ),
    (field("rows", rows=ROWS), {}, None),
]

UNREADABLE: list[tuple[Field, Any, str]] = [
    (field("text"), "a\x00b", "There is a character here that cannot be kept."),
    (field("text"), "a\ud800b", "There is a character here that cannot be kept."),
    (field("text"), "a" * (LONGEST + 1), "This is 20,001 characters long; there is room for 20,000."),
    (field("number"), "many", "Please write a number."),
    (field("number"), "nan", "Please write a number."),
    (field("number", least=0, most=9), "10", "Please write a number from 0 to 9."),
    (field("number", least=1), "0", "Please write a number, 1 or more."),
    (field("scale"), "11", "Please pick a number from 0 to 10."),
    (field("scale"), "³", "Please pick a number from 0 to 10."),
    (field("choice", options=YES_NO), "perhaps", "Please pick from the list."),
    (field("choice", options=YES_NO), ["yes", "no"], "Please pick one."),
    (field("choice", options=YES_NO, many=True, most=1), ["yes", "no"], "Please pick 1 at most."),
    (
        field("choice", options=YES_NO, other=True),
        {"picked": "yes", "other": "and more"},
        "Please pick one, or write your own.",
    ),
    (field("feelings"), ["<b>"], "Please pick from the list."),
    (field("date"), "tomorrow", "Please pick a date."),
    (field("date"), "0001-01-01", "Please pick a date."),
    (field("time"), "25:00", "Please pick a time of day."),
    (field("datetime"), "2026-05-03", "Please pick a day and a time."),
    (field("ranked", options=YES_NO, most=2), ["yes", "yes"], "Please pick each one only once."),
    (field("rows", rows=ROWS), {"1": {"much": "12"}}, "Please pick a number from 0 to 10."),
]


@pytest.mark.parametrize(("asked", "raw", "answer"), READ)
def test_input_becomes_an_answer(asked: Field, raw: Any, answer: Any) -> None:
    assert read(asked, raw, LINES) == answer


@pytest.mark.parametrize(("asked", "raw", "message"), UNREADABLE)
def test_input_that_is_no_answer_says_why(asked: Field, raw: Any, message: str) -> None:
    with pytest.raises(Unreadable) as told:
        read(asked, raw, LINES)
    assert str(told.value).startswith(message)


@pytest.mark.parametrize(("asked", "raw", "answer"), READ)
def test_an_answer_goes_back_into_the_box_and_reads_the_same(asked: Field, raw: Any, answer: Any) -> None:
    assert read(asked, raw_of(asked, answer), LINES) == answer


def test_what_could_not_be_read_comes_back_as_it_was_typed() -> None:
    assert raw_of(field("number"), {"raw": "many"}) == "many"
    assert raw_of(field("scale"), {"declined": True, "raw": "3"}) == "3"


@given(st.text())
def test_cleaning_keeps_the_text_or_says_that_it_cannot(text: str) -> None:
    try:
        kept = clean(text)
    except Unreadable:
        assert any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
    else:
        assert clean(kept) == kept
        assert unicodedata.is_normalized("NFC", kept)
        assert "\r" not in kept
        assert counted(text) == len(kept)


@given(st.text(alphabet=st.characters(exclude_categories=[])))
def test_whatever_was_typed_can_be_stored(text: str) -> None:
    kept = keepable({"a": [text]})
    assert kept["a"][0].encode("utf-8").decode("utf-8") == kept["a"][0]


def test_the_longest_answer_is_counted_after_normalizing() -> None:
    assert counted("e\u0301" * LONGEST) == LONGEST
    assert read(field("text"), "e\u0301" * LONGEST) == "é" * LONGEST
    assert counted("a\r\nb") == 3
