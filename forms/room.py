"""How many characters a form takes: the sum of what its boxes hold, from their own bounds."""

from typing import Any

from wtforms import FieldList, FormField, StringField
from wtforms.validators import Length

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
