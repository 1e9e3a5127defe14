"""Rules for the fields of a document: what each kind needs, how long words may be, which answers may be named."""

import re
from collections.abc import Iterator

from clinic.exercises.document import Column, Exercise, Field, Flag, Role, Rows, Turn
from clinic.exercises.shape import Mistake, shown

KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
LONGEST_LABEL, LONGEST_HELP = 90, 200
ROLES: tuple[Role, ...] = ("injured", "involved", "mutual")
Named = dict[str, str | list[str]]

EXTRAS: dict[str, frozenset[str]] = {
    "text": frozenset({"max_words"}),
    "number": frozenset({"unit", "least", "most"}),
    "scale": frozenset({"ends"}),
    "choice": frozenset({"options", "many", "other", "most"}),
    "feelings": frozenset(),
    "date": frozenset(),
    "time": frozenset(),
    "datetime": frozenset(),
    "ranked": frozenset({"options", "most"}),
    "rows": frozenset({"rows"}),
    "signature": frozenset(),
}
"""Which extras a kind may have; all others belong to another kind."""

NEEDS = {"scale": ("ends",), "choice": ("options",), "ranked": ("options", "most"), "rows": ("rows",)}


def field_mistakes(exercise: Exercise) -> Iterator[Mistake]:
    """All mistakes in fields, in the order of the document."""
    order = list(exercise.turns)
    for p, part in enumerate(exercise.parts):
        for t, turn in enumerate(part.turns):
            before = {key: exercise.turns[key] for key in order[: order.index(turn.key)]}
            yield from _of_turn(f"parts[{p}].turns[{t}]", turn, before)


def _of_turn(place: str, turn: Turn, before: dict[str, Turn]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, field in enumerate(turn.fields):
        here = f"{place}.fields[{index}]"
        if field.key in seen:
            yield Mistake(f"{here}.key", shown(field.key), "each key only once in a turn")
        seen.add(field.key)
        yield from _of_field(here, turn, field, before)
    yield from _named_answers(f"{place}.narrow_when", turn, turn.narrow_when or {})
    if turn.again:
        yield from _named_answers(f"{place}.again.until", turn, turn.again.until)
        yield from _steering(place, turn)


def _of_field(place: str, turn: Turn, field: Field, before: dict[str, Turn]) -> Iterator[Mistake]:
    if not KEY.match(field.key):
        yield Mistake(f"{place}.key", shown(field.key), "lower case letters, digits and single underscores")
    yield from _words(place, field)
    yield from _extras(place, field)
    yield from _ends(f"{place}.ends", field.ends)
    yield from _options(place, field)
    yield from _numbers(place, field)
    yield from _audience(place, turn, field)
    yield from _shown_when(place, turn, field)
    if field.rows:
        yield from _rows(f"{place}.rows", field.rows, before)
    for index, flag in enumerate(field.flags):
        yield from _flag(f"{place}.flags[{index}]", turn, field, flag, before)


def _words(place: str, field: Field) -> Iterator[Mistake]:
    labels = {"": field.label} if isinstance(field.label, str) else field.label
    if isinstance(field.label, dict):
        if "default" not in field.label:
            yield Mistake(f"{place}.label", ", ".join(field.label), "default, and labels for roles")
        for role in field.label.keys() - {"default", *ROLES}:
            yield Mistake(f"{place}.label.{role}", "an unknown role", f"default, {', '.join(ROLES)}")
    for role, label in labels.items():
        yield from _length(f"{place}.label.{role}".rstrip("."), label, LONGEST_LABEL)
    if len(field.help) > LONGEST_HELP:
        yield Mistake(f"{place}.help", f"{len(field.help)} characters", f"at most {LONGEST_HELP}")


def _length(place: str, text: str, longest: int) -> Iterator[Mistake]:
    if not text.strip():
        yield Mistake(place, "nothing", f"text of at most {longest} characters")
    elif len(text) > longest:
        yield Mistake(place, f"{len(text)} characters", f"at most {longest}")


def _extras(place: str, field: Field) -> Iterator[Mistake]:
    """Each kind has what it needs, and nothing that belongs to another."""
    for extra in NEEDS.get(field.kind, ()):
        if getattr(field, extra) is None:
            yield Mistake(f"{place}.{extra}", "nothing", f"needed by a field of kind {field.kind}")
    every = frozenset().union(*EXTRAS.values())
    for extra in sorted(every - EXTRAS[field.kind]):
        if getattr(field, extra) not in (None, "", False):
            allowed = ", ".join(sorted(EXTRAS[field.kind])) or "no extras"
            yield Mistake(f"{place}.{extra}", "a value", f"for kind {field.kind}: {allowed}")
    if field.max_words is not None and field.max_words < 1:
        yield Mistake(f"{place}.max_words", shown(field.max_words), "at least 1")
    if field.lines < 1 or field.lines > 40:
        yield Mistake(f"{place}.lines", shown(field.lines), "1 to 40")


def _ends(place: str, ends: list[str] | None) -> Iterator[Mistake]:
    if ends is not None and (len(ends) != 2 or not all(end.strip() for end in ends)):
        yield Mistake(place, f"{len(ends)} words", "two: what 0 means and what 10 means")


def _options(place: str, field: Field) -> Iterator[Mistake]:
    if field.options is None:
        return
    least = 1 if field.many or field.other else 2
    if len(field.options) < least:
        yield Mistake(f"{place}.options", str(len(field.options)), f"at least {least}")
    for key, label in field.options.items():
        if not KEY.match(key) or (field.other and key == "other"):
            yield Mistake(f"{place}.options.{key}", shown(key), "a plain key; other is made by other = true")
        yield from _length(f"{place}.options.{key}", label, LONGEST_LABEL)


def _numbers(place: str, field: Field) -> Iterator[Mistake]:
    if field.least is not None and field.most is not None and field.least > field.most:
        yield Mistake(f"{place}.least", f"{field.least:g}", f"at most {field.most:g}, the value of most")
    if field.kind in ("ranked", "choice") and field.most is not None:
        size = len(field.options or {})
        if not 1 <= field.most <= size or field.most != int(field.most):
            yield Mistake(f"{place}.most", f"{field.most:g}", f"a whole number from 1 to {size}")
        if field.kind == "choice" and not field.many:
            yield Mistake(f"{place}.most", "a value", "only with many = true")


def _audience(place: str, turn: Turn, field: Field) -> Iterator[Mistake]:
    if field.visibility == "joint" and not turn.agree:
        yield Mistake(f"{place}.visibility", '"joint"', "joint only in a turn with agree = true")
    elif turn.agree and field.visibility not in (None, "joint", "counselor"):
        yield Mistake(
            f"{place}.visibility", shown(field.visibility), "joint or counselor in a turn to agree on"
        )


def _shown_when(place: str, turn: Turn, field: Field) -> Iterator[Mistake]:
    if field.key in (field.show_when or {}):
        yield Mistake(f"{place}.show_when.{field.key}", "the field itself", "another field of the turn")
        return
    yield from _named_answers(f"{place}.show_when", turn, field.show_when or {})


def _named_answers(place: str, turn: Turn, named: Named) -> Iterator[Mistake]:
    """Answers named by the document are options of a choice in the same turn; free text steers nothing."""
    choices = {field.key: field.options or {} for field in turn.fields if field.kind == "choice"}
    for key, wanted in named.items():
        if key not in choices:
            yield Mistake(f"{place}.{key}", shown(key), "a choice field of the same turn")
            continue
        for option in [wanted] if isinstance(wanted, str) else wanted:
            if option not in choices[key]:
                yield Mistake(f"{place}.{key}", shown(option), ", ".join(choices[key]))


def _steering(place: str, turn: Turn) -> Iterator[Mistake]:
    """What moves the engine on is asked of everyone and read by both, else its absence would be a message."""
    for index, field in enumerate(turn.fields):
        if field.key not in turn.steering:
            continue
        here = f"{place}.fields[{index}]"
        if (field.visibility or turn.visibility) != "partner":
            yield Mistake(
                f"{here}.visibility", shown(field.visibility or turn.visibility), "partner, as it steers"
            )
        if not field.required or field.show_when or field.ask == "first" or field.roles or field.many:
            yield Mistake(
                here, "an answer that may be left out", "required, one option, asked of all each time"
            )


def _rows(place: str, rows: Rows, before: dict[str, Turn]) -> Iterator[Mistake]:
    if sum(source is not None for source in (rows.fixed, rows.free, rows.field)) != 1:
        yield Mistake(place, "several sources or none", "exactly one of fixed, free, field")
    if rows.free is not None and not 1 <= rows.free <= 30:
        yield Mistake(f"{place}.free", shown(rows.free), "1 to 30")
    if rows.field is not None and not _is_pick(rows.field, before):
        yield Mistake(
            f"{place}.field", shown(rows.field), "turn.field of a ranked or choice field in an earlier turn"
        )
    if not rows.columns:
        yield Mistake(f"{place}.columns", "nothing", "at least one")
    for index, column in enumerate(rows.columns):
        yield from _column(f"{place}.columns[{index}]", column)


def _is_pick(reference: str, before: dict[str, Turn]) -> bool:
    field = find(reference, before)
    return field is not None and field.kind in ("ranked", "choice")


def find(reference: str, turns: dict[str, Turn]) -> Field | None:
    """The field that `turn.field` names, None when there is none."""
    turn_key, _, key = reference.partition(".")
    return (
        next((field for field in turns[turn_key].fields if field.key == key), None)
        if turn_key in turns
        else None
    )


def _column(place: str, column: Column) -> Iterator[Mistake]:
    if not KEY.match(column.key):
        yield Mistake(f"{place}.key", shown(column.key), "lower case letters, digits and single underscores")
    yield from _length(f"{place}.label", column.label, LONGEST_LABEL)
    if (column.kind == "choice") != bool(column.options):
        yield Mistake(
            f"{place}.options", "a list" if column.options else "nothing", "options on a choice, only there"
        )
    if (column.kind == "scale") != bool(column.ends):
        yield Mistake(
            f"{place}.ends", "a list" if column.ends else "nothing", "ends on a scale, and only there"
        )
    yield from _ends(f"{place}.ends", column.ends)


def _flag(place: str, turn: Turn, field: Field, flag: Flag, before: dict[str, Turn]) -> Iterator[Mistake]:
    """A closed comparison on a fixed answer; never on words."""
    given = [name for name in ("equals", "least", "rise") if getattr(flag, name) is not None]
    if len(given) != 1:
        yield Mistake(place, ", ".join(given) or "nothing", "exactly one of equals, least, rise")
    elif given == ["equals"] and (
        field.kind != "choice" or not set(flag.equals or []) <= set(field.options or {})
    ):
        yield Mistake(f"{place}.equals", ", ".join(flag.equals or []), "options of this choice field")
    elif given != ["equals"] and field.kind not in ("number", "scale"):
        yield Mistake(f"{place}.{given[0]}", f"a field of kind {field.kind}", "number or scale")
    elif given != ["equals"] and (mistake := _out_of_reach(field, given[0], getattr(flag, given[0]))):
        yield Mistake(f"{place}.{given[0]}", *mistake)
    if (flag.rise is None) != (flag.than is None):
        yield Mistake(f"{place}.than", shown(flag.than or "nothing"), "turn.field with rise, and only then")
    elif flag.than is not None and not _is_number(flag.than, {**before, turn.key: turn}):
        yield Mistake(
            f"{place}.than", shown(flag.than), "turn.field of a number or scale, here or in an earlier turn"
        )


def _out_of_reach(field: Field, name: str, value: float) -> tuple[str, str] | None:
    """What a flag must not ask for, and what it may: one that can never be raised, or at no change, says nothing."""
    first, last = (0.0, 10.0) if field.kind == "scale" else (field.least, field.most)
    if name == "rise":
        widest = None if first is None or last is None else last - first
        if value > 0 and (widest is None or value <= widest):
            return None
        return f"{value:g}", "more than 0" + ("" if widest is None else f", at most {widest:g}")
    if (first is None or value > first) and (last is None or value <= last):
        return None
    bounds = [f"more than {first:g}"] if first is not None else []
    bounds += [f"at most {last:g}"] if last is not None else []
    return f"{value:g}", ", ".join(bounds)


def _is_number(reference: str, turns: dict[str, Turn]) -> bool:
    field = find(reference, turns)
    return field is not None and field.kind in ("number", "scale")
