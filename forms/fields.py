"""Fields named for what they ask, as the macros draw them; lists of a fixed length; the length of a text as counted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wtforms import (
    FieldList,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    widgets,
)
from wtforms.fields import Field as Input
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from clinic.exercises.document import Field
from clinic.exercises.feelings import families
from clinic.exercises.reading import RowLabels, Unreadable, clean, counted, keepable, read

__all__ = [
    "DateBox",
    "DateTimeBox",
    "DecimalBox",
    "FeelingsField",
    "ManyField",
    "OneField",
    "Question",
    "RankedField",
    "RowsField",
    "ScaleField",
    "TimeBox",
    "clean",
    "counted",
    "picker",
]


def _choices(options: Iterable[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in options]


class OneField(RadioField):
    """One of a few. Whether a pick is an option is judged where answers are read, so that a draft keeps what came."""

    def __init__(self, label: str, *, options: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(label, choices=_choices(options), validate_choice=False, **kwargs)


class ManyField(SelectMultipleField):
    """Any number of them, as checkboxes."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(self, label: str, *, options: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(label, choices=_choices(options), validate_choice=False, **kwargs)


class ScaleField(OneField):
    """0 to 10, with the words at both ends."""

    def __init__(self, label: str, *, ends: Sequence[str] | None, **kwargs: Any) -> None:
        self.ends = tuple(ends or ())
        super().__init__(label, options=[(str(step), str(step)) for step in range(11)], **kwargs)


class FeelingsField(SelectMultipleField):
    """Words for feelings, by family."""

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def __init__(self, label: str, **kwargs: Any) -> None:
        words = [
            SelectChoice(key, word, optgroup=family.title)
            for family in families()
            for key, word in family.words.items()
        ]
        super().__init__(label, choices=words, validate_choice=False, **kwargs)


class DecimalBox(StringField):
    """A number as it was typed."""


class DateBox(StringField):
    """A day as it was typed or picked."""

    widget = widgets.DateInput()


class TimeBox(StringField):
    """A time of day as it was typed or picked."""

    widget = widgets.TimeInput()


class DateTimeBox(StringField):
    """A day and a time as they were typed or picked."""

    widget = widgets.DateTimeLocalInput()


class FixedList(FieldList):  # type: ignore[type-arg]
    """A list with one entry for each row. A row in which nothing was picked sends nothing and still keeps its place."""

    def __init__(self, label: str, *, entry: Any, rows: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(entry, label, min_entries=len(rows), max_entries=max(len(rows), 1), **kwargs)

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        del prefix, formdata
        return iter(range(len(self.rows)))

    def _add_entry(self, *args: Any, **kwargs: Any) -> Any:
        place = len(self.entries)
        entry = super()._add_entry(*args, **kwargs)  # type: ignore[misc]
        entry.row_title = self.rows[place][1]
        return entry


class RankedField(FixedList):
    """First, second, third: one select each."""


class RowsField(FixedList):
    """One small form for each row; `row_title` of an entry is its label, empty on free lines."""


def picker(label: str, options: Iterable[tuple[str, str]]) -> SelectField:
    """One from a list, nothing chosen at first."""
    return SelectField(
        label, choices=[SelectChoice("", "Choose one"), *_choices(options)], validate_choice=False
    )


# A question and its boxes


@dataclass(frozen=True)
class Question:
    """One question as a page draws it: the document's field, its box, and the boxes beside it, where there are any."""

    field: Field
    input: Input
    rows: RowLabels = ()
    other: Input | None = None  # "something else", beside a choice
    decline: Input | None = None  # "I'd rather not say"
    narrow: Input | None = None  # "only for my counselor"

    @property
    def raw(self) -> Any:
        """What is in the boxes, as it was typed or picked."""
        picked = _raw(self.field, self.input, self.rows)
        return keepable(picked if self.other is None else {"picked": picked, "other": self.other.data or ""})

    def put(self, raw: Any) -> None:
        """Put raw input into the boxes."""
        if self.other is not None:
            raw = raw if isinstance(raw, dict) else {}
            self.other.data = raw.get("other", "")
            raw = raw.get("picked")
            raw = raw if self.field.many or not isinstance(raw, list) else next(iter(raw), None)
        _put(self.field, self.input, self.rows, raw)

    def answer(self) -> tuple[Any, str]:
        """The answer and no message, or what was typed and the message that says why it is no answer."""
        try:
            return read(self.field, self.raw, self.rows), ""
        except Unreadable as problem:
            return {"raw": self.raw}, str(problem)


def _raw(field: Field, box: Any, rows: RowLabels) -> Any:
    if field.kind == "rows":
        return {
            row: {part.short_name[2:]: part.data for part in entry.form}
            for (row, _), entry in zip(rows, box.entries, strict=True)
        }
    return [pick or "" for pick in box.data] if field.kind == "ranked" else box.data


def _put(field: Field, box: Any, rows: RowLabels, raw: Any) -> None:
    if field.kind == "ranked":
        for place, entry in enumerate(box.entries):
            entry.data = raw[place] if raw and place < len(raw) else ""
    elif field.kind == "rows":
        for (row, _), entry in zip(rows, box.entries, strict=True):
            for part in entry.form:
                part.data = (raw or {}).get(row, {}).get(part.short_name[2:])
    else:
        box.data = raw
