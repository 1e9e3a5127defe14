"""The shape of a document, checked whole: every unknown key, missing key and wrong value with its dotted place."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from clinic.exercises.document import Exercise


class Mistake(NamedTuple):
    """One thing to put right: where, what was found there, what is allowed."""

    place: str
    found: str
    allowed: str

    def message(self, file: str) -> str:
        """The line that a person reads."""
        return f"{file}: {self.place}: found {self.found}; allowed: {self.allowed}"


def wrong_shape(document: Mapping[str, Any]) -> list[Mistake]:
    """All mistakes of shape in a document as TOML gives it; none means that it converts into an Exercise."""
    return list(_walk(document, inspect.type_info(Exercise), ""))


def _walk(value: Any, kind: inspect.Type, place: str) -> Iterator[Mistake]:
    """The mistakes of a value that should be of this kind."""
    match kind:
        case inspect.StructType() if isinstance(value, Mapping):
            yield from _walk_table(value, kind, place)
        case inspect.ListType() if isinstance(value, list):
            for index, item in enumerate(value):
                yield from _walk(item, kind.item_type, f"{place}[{index}]")
        case inspect.DictType() if isinstance(value, Mapping):
            for key, item in value.items():
                yield from _walk(item, kind.value_type, f"{place}.{key}")
        case inspect.UnionType():
            yield from _walk_either(value, kind, place)
        case _ if not _fits(value, kind):
            yield Mistake(place or "the file", shown(value), _named(kind))


def _walk_table(value: Mapping[str, Any], kind: inspect.StructType, place: str) -> Iterator[Mistake]:
    known = {field.encode_name: field for field in kind.fields}
    for key in [key for key in value if key not in known]:
        yield Mistake(_under(place, key), "a key that the format does not know", ", ".join(sorted(known)))
    for key, field in known.items():
        if key in value:
            yield from _walk(value[key], field.type, _under(place, key))
        elif field.required:
            yield Mistake(_under(place, key), "nothing", _named(field.type))


def _walk_either(value: Any, kind: inspect.UnionType, place: str) -> Iterator[Mistake]:
    """A value that may be of several kinds: the mistakes within the kind that it looks like, else all kinds named."""
    for one in kind.types:
        if isinstance(value, Mapping if _is_table(one) else list) and _is_container(one):
            yield from _walk(value, one, place)
            return
    if not any(_fits(value, one) for one in kind.types):
        yield Mistake(place, shown(value), _named(kind))


def _is_table(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.StructType | inspect.DictType)


def _is_container(kind: inspect.Type) -> bool:
    return _is_table(kind) or isinstance(kind, inspect.ListType)


def _fits(value: Any, kind: inspect.Type) -> bool:
    """True for a plain value of a plain kind; tables and lists are walked, not asked here."""
    match kind:
        case inspect.LiteralType():
            return any(value == allowed and type(value) is type(allowed) for allowed in kind.values)
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return isinstance(value, int) and not isinstance(value, bool)
        case inspect.FloatType():
            return isinstance(value, int | float) and not isinstance(value, bool)
    return False


def _named(kind: inspect.Type) -> str:
    """What is allowed, in words."""
    match kind:
        case inspect.LiteralType():
            return ", ".join(str(value) for value in kind.values)
        case inspect.UnionType():
            return " or ".join(_named(one) for one in kind.types if not isinstance(one, inspect.NoneType))
    names: list[tuple[Any, str]] = [
        (inspect.StrType, "text"),
        (inspect.BoolType, "true or false"),
        (inspect.IntType, "a whole number"),
        (inspect.FloatType, "a number"),
        (inspect.ListType, "a list"),
    ]
    return next((name for type_, name in names if isinstance(kind, type_)), "a table")


def shown(value: Any) -> str:
    """A value as a message shows it, cut when it is long."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date | datetime | time):
        return f"the date or time {value}"
    text = str(value)
    text = text if len(text) <= 60 else f"{text[:57]}..."
    return f'"{text}"' if isinstance(value, str) else text


def _under(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def convert(document: Mapping[str, Any]) -> Exercise:
    """The document as frozen types. Raises msgspec.ValidationError on what `wrong_shape` lists."""
    return msgspec.convert(document, Exercise)
