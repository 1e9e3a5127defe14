"""Every mistake in a document is told with file, dotted key, what was found and what is allowed."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.exercises import library
from clinic.exercises.shape import convert, wrong_shape
from tests.exercises.broken import BROKEN, GOOD


def edited(edits: list[tuple[str, str]]) -> str:
    text = GOOD
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_document_that_is_broken_below_has_no_mistake() -> None:
    exercise, messages = library.parse(GOOD, "sample")
    assert messages == []
    assert exercise is not None
    assert exercise.slug == "sample"


@pytest.mark.parametrize(
    ("edits", "expected"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)
def test_a_mistake_is_told_in_full(edits: list[tuple[str, str]], expected: list[str]) -> None:
    exercise, messages = library.parse(edited(edits), "sample")
    assert exercise is None
    assert messages == [f"sample.toml: {message}" for message in expected]


def test_all_files_of_a_folder_are_read_before_it_stops(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text("format = ")
    (tmp_path / "sample.toml").write_text(
        edited([("minutes = 10", "minutes = 0"), ("version = 1", "version = 0")])
    )
    with pytest.raises(library.BrokenLibrary) as stopped:
        library.load(tmp_path)
    assert [message.split(":")[0] for message in stopped.value.messages] == ["first.toml"] + [
        "sample.toml"
    ] * 2
    assert library.check(tmp_path) == stopped.value.messages
    assert str(stopped.value) == "\n".join(stopped.value.messages)


def test_a_file_that_is_no_text_or_has_no_end_is_told_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes('title = "Für uns"'.encode("latin-1"))
    (tmp_path / "deep.toml").write_text(f"a = {'[' * 3000}")
    assert library.check(tmp_path) == [
        "deep.toml: the file: found brackets within brackets without end; allowed: TOML",
        "latin.toml: the file: found byte 11 in another encoding; allowed: UTF-8",
    ]


def test_an_input_must_name_a_turn_of_the_other_document(tmp_path: Path) -> None:
    statement = (library.SHIPPED / "impact_statement.toml").read_text(encoding="utf-8")
    (tmp_path / "impact_statement.toml").write_text(statement, encoding="utf-8")
    (tmp_path / "sample.toml").write_text(edited([('turn = "first_sitting"', 'turn = "third_sitting"')]))
    assert library.check(tmp_path) == [
        'sample.toml: inputs[0].turn: found "third_sitting"; '
        "allowed: a turn of impact_statement: first_sitting, second_sitting"
    ]


def test_a_good_folder_has_no_mistakes(tmp_path: Path) -> None:
    (tmp_path / "sample.toml").write_text(GOOD)
    assert library.check(tmp_path) == []
    assert list(library.load(tmp_path)) == ["sample"]


def test_an_empty_folder_is_an_empty_library(tmp_path: Path) -> None:
    assert library.load(tmp_path) == {}


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value in a document."""
    found = [here] if here else []
    if isinstance(value, dict):
        return found + [place for key, item in value.items() for place in places(item, (*here, key))]
    if isinstance(value, list):
        return found + [place for n, item in enumerate(value) for place in places(item, (*here, n))]
    return found


VALUES = st.one_of(
    st.integers(-3, 3),
    st.booleans(),
    st.floats(-2, 2),
    st.dates(),
    st.sampled_from(["", "counselor", "week", "x"]),
    st.just([]),
    st.just([1]),
    st.just({}),
    st.just({"a": 1}),
)


@given(data=st.data())
def test_what_has_no_mistake_of_shape_converts(data: st.DataObject) -> None:
    document = library.tomllib.loads(GOOD)
    *way, last = data.draw(st.sampled_from(places(document)))
    parent: Any = document
    for step in way:
        parent = parent[step]
    parent[last] = data.draw(VALUES)
    mistakes = wrong_shape(document)
    try:
        convert(document)
    except msgspec.ValidationError:
        assert mistakes
