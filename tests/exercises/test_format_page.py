"""The page about the format tells the truth: every key and every kind is on it, and its example is a good document."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clinic.exercises import document, library, reading

PAGE = (Path(__file__).parents[2] / "docs" / "exercise-format.md").read_text(encoding="utf-8")
CODE = " ".join(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
TYPES = [
    one
    for one in vars(document).values()
    if isinstance(one, type) and issubclass(one, document.Frozen) and one is not document.Frozen
]


@pytest.mark.parametrize("kind", TYPES, ids=[kind.__name__ for kind in TYPES])
def test_every_key_is_told(kind: Any) -> None:
    for field in msgspec.structs.fields(kind):
        assert re.search(rf"\b{re.escape(field.encode_name)}\b", CODE), field.encode_name


@pytest.mark.parametrize("kind", reading.READERS)
def test_every_kind_of_field_is_told(kind: str) -> None:
    assert f"`{kind}`" in PAGE


def test_the_example_is_a_good_document() -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    assert example is not None
    assert library.parse(example[1], "evening_note")[1] == []


def test_the_example_of_a_message_is_one() -> None:
    text = (library.SHIPPED / "weekly_checkin.toml").read_text(encoding="utf-8")
    broken = text.replace('key = "match"\nkind = "scale"', 'key = "match"\nkind = "scal"')
    (message,) = library.parse(broken, "weekly_checkin")[1]
    shown = re.search(r"^(weekly_checkin\.toml: .*), \.\.\.$", PAGE, flags=re.MULTILINE)
    assert shown is not None
    assert message.startswith(shown[1])


def test_readers_cover_the_kinds_of_the_format() -> None:
    assert set(reading.READERS) == set(document.FieldKind.__args__)
