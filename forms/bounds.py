"""Bounds that all forms share: years, what a name or a label can hold, and how much fits into a form by its boxes."""

import re
import unicodedata
from typing import Any

from wtforms import DateField, FieldList, FormField, StringField, TextAreaField
from wtforms.validators import Length

YEARS = range(1900, 2201)


class PracticeDate(DateField):
    """A date within the years in which a practice makes plans, so that every sum with it is a date, too.

    One that is far away is none, also for who asks before the form was judged.
    """

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None and self.data.year not in YEARS:
            self.data = None
            raise ValueError(f"Please choose a day between {YEARS[0]} and {YEARS[-1]}.")


TURNS_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Direction controls: nothing is read the other way because a name beside it says so."""


def showable(text: str) -> str:
    """The text without what no page can show; its line ends and tabs stay."""
    return "".join(one for one in text if one in "\r\n\t" or unicodedata.category(one) not in {"Cc", "Cs"})


def says_something(text: str) -> bool:
    """Whether there is a character to be seen: a row of blanks is no name, and no reason for a record."""
    return any(unicodedata.category(one)[0] not in "ZC" for one in text)


class LineField(StringField):
    """A name or a label, on one line: it stands beside other words, so it cannot turn them around."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = showable(TURNS_AROUND.sub("", " ".join(self.data.splitlines())))
            _let_blanks_be_nothing(self)


class LinesField(TextAreaField):
    """Words about a couple or of the practice, on lines of their own."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data is not None:
            self.data = showable(self.data)
            _let_blanks_be_nothing(self)


def _let_blanks_be_nothing(box: StringField) -> None:
    """`InputRequired` asks what came, not what is kept of it."""
    if not says_something(box.data or ""):
        box.data, box.raw_data = "", [""]


UNBOUND = 200
"""A box for one line that names no bound of its own, a number or a choice."""


def room(*forms: Any) -> int:
    """Characters that fit into these forms (classes) together."""
    return sum(_room_of(box) for form in forms for box in _boxes(form))


def _boxes(form: Any) -> list[Any]:
    named = (getattr(form, name) for name in dir(form) if not name.startswith("_"))
    return [one for one in named if hasattr(one, "field_class")]


def _room_of(box: Any) -> int:
    if issubclass(box.field_class, FieldList):
        return int(box.kwargs.get("max_entries", 1)) * _room_of(box.args[0])
    if issubclass(box.field_class, FormField):
        return room(box.args[0])
    longest: int | None = getattr(box.field_class, "longest", None)
    if longest is not None or not issubclass(box.field_class, StringField):
        return longest or UNBOUND
    bounds = [*(box.args[1] if len(box.args) > 1 else ()), *box.kwargs.get("validators", ())]
    return max([one.max for one in bounds if isinstance(one, Length) and one.max > 0], default=UNBOUND)
