"""Full answers to any turn of any exercise: as raw input, as boxes of its form, as a partner would hand them in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from clinic.exercises import answers as shapes
from clinic.exercises.document import Column, Field
from clinic.exercises.feelings import families
from clinic.exercises.reading import RowLabels, read
from clinic.homework.queries import document_for
from clinic.reflections.actions import Author, earlier_of

Choose = Callable[[Sequence[Any]], Any]
DAYS = ("2026-03-05", "2026-04-01", "2026-12-31")
TIMES = ("08:30", "20:15", "00:00")


def first(options: Sequence[Any]) -> Any:
    """The plainest way to choose."""
    return options[0]


def last(options: Sequence[Any]) -> Any:
    """The other way."""
    return options[-1]


def raw_for(field: Field | Column, words: str, choose: Choose = first, rows: RowLabels = ()) -> Any:
    """Raw input, as boxes hold it, that reads as an answer."""
    options = list(field.options or {})
    match field.kind:
        case "text" | "signature":
            return f"{words} {field.key}"
        case "number":
            least, most = (field.least, field.most) if isinstance(field, Field) else (None, None)
            return f"{choose([least or 0, most if most is not None else 12]):g}"
        case "scale":
            return choose(["3", "10", "5", "0"])
        case "choice":
            return _choice(field, options, words, choose)
        case "feelings":
            return [choose(list(family.words)) for family in families()[:2]]
        case "date" | "time" | "datetime":
            return {
                "date": choose(DAYS),
                "time": choose(TIMES),
                "datetime": f"{choose(DAYS)}T{choose(TIMES)}",
            }[field.kind]
    assert isinstance(field, Field)
    if field.kind == "ranked":
        return options[: int(field.most or 1)]
    columns = field.rows.columns if field.rows else []
    return {row: {column.key: raw_for(column, words, choose) for column in columns} for row, _ in rows}


def _choice(field: Field | Column, options: list[str], words: str, choose: Choose) -> Any:
    if not isinstance(field, Field):
        return choose(options)
    picked: Any = [choose(options)] if field.many else choose(options)
    if field.other:
        return {"picked": picked, "other": f"{words} {field.key}" if field.many else ""}
    return picked


def answers_for(author: Author, words: str, choose: Choose = first) -> dict[str, Any]:
    """Every question that is shown, answered."""
    rows = rows_for(author)
    found: dict[str, Any] = {}
    for field in asked_of(author):
        if shapes.is_shown(field, found):
            mine = rows.get(field.key, ())
            found[field.key] = read(field, raw_for(field, words, _steered(author, field, choose), mine), mine)
    return found


def asked_of(author: Author) -> Sequence[Field]:
    """The questions that this person is asked."""
    return shapes.asked(author.asked, author.role, author.turn.attempt)


def rows_for(author: Author) -> Mapping[str, RowLabels]:
    """The rows of each `rows` field."""
    document, earlier = document_for(author.round), earlier_of(author)
    return {
        field.key: shapes.rows_of(document, field, earlier) for field in author.asked.fields if field.rows
    }


def _steered(author: Author, field: Field, choose: Choose) -> Choose:
    """Answers that end a loop are chosen so that it ends; flags stay down unless a test wants them."""
    if author.asked.again and field.key in author.asked.again.until:
        wanted = author.asked.again.until[field.key]
        return lambda _options: wanted if isinstance(wanted, str) else wanted[0]
    raised = {option for flag in field.flags for option in flag.equals or ()}
    return lambda options: choose([one for one in options if one not in raised] or options)


# Boxes


def boxes_for(author: Author, words: str, choose: Choose = first) -> dict[str, Any]:
    """The same as the form of the turn sends it: name of the box → value or values."""
    rows, found, shown = rows_for(author), {}, {}
    if author.asked.reaches_partner:
        found["safety"] = "yes"
    for field in asked_of(author):
        mine = rows.get(field.key, ())
        raw = raw_for(field, words, _steered(author, field, choose), mine)
        if shapes.is_shown(field, shown):
            found.update(_boxes(field, raw, mine))
            shown[field.key] = read(field, raw, mine)
    if author.asked.asks_consent:
        found["consent"] = "yes"
    return found


def _boxes(field: Field, raw: Any, rows: RowLabels) -> Iterator[tuple[str, Any]]:
    name = f"x_{field.key}"
    if field.kind == "ranked":
        yield from ((f"{name}-{place}", pick) for place, pick in enumerate(raw))
    elif field.kind == "rows":
        for place, (row, _) in enumerate(rows):
            yield from ((f"{name}-{place}-x_{column}", value) for column, value in raw[row].items())
    elif field.kind == "choice" and field.other:
        yield name, raw["picked"]
        yield f"{name}__other", raw["other"]
    else:
        yield name, raw
