"""Pure: what the answers of two people to the same questions come to, where the trends of a document ask for it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clinic.exercises.answers import number_in, picked
from clinic.exercises.document import Column, Exercise, Field

Row = tuple[str, float, float]
"""A row in the words of its list, the first one's number, the second one's."""

Numbers = dict[str, tuple[str, float]]
"""By the id of a row: its words and its number."""


@dataclass(frozen=True)
class Compared:
    """One finding, in the document's order: what both picked (`is_overlap`), or where they are furthest apart."""

    title: str
    picks: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    is_overlap: bool = False
    asked: str = ""  # what was asked of the rows


def compared(exercise: Exercise, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Compared]:
    """What one round shows once both sides can be read; `first` and `second` are answers by `turn.field`.

    Nothing comes of a question that one of the two left out, and nothing of rows on which they stand alike.
    """
    for trend in exercise.trends if first and second else ():
        if trend.per != "round":
            continue
        for source in trend.source:
            field, column = place_of(exercise, source)
            one, other = (side.get(".".join(source.split(".")[:2])) for side in (first, second))
            if "overlap" in trend.lines and picked(one) and picked(other):
                yield Compared(trend.title, on_both(field, picked(one), picked(other)), is_overlap=True)
            elif (
                column
                and {"each", "gap"} <= set(trend.lines)
                and (rows := furthest(numbers_in(column, one), numbers_in(column, other)))
            ):
                yield Compared(trend.title, rows=rows, asked=column.label)


def place_of(exercise: Exercise, source: str) -> tuple[Field, Column | None]:
    """The field that a source names (`turn.field` or `turn.field.column`), and its column where it names one."""
    turn, key, *column = source.split(".")
    field = exercise.turns[turn].field(key)
    columns = field.rows.columns if field.rows else []
    return field, next((one for one in columns if column and one.key == column[0]), None)


def on_both(field: Field, first: Collection[str], second: Collection[str]) -> tuple[str, ...]:
    """What stands on both lists, in the words and the order of the options."""
    return tuple(said for key, said in (field.options or {}).items() if key in first and key in second)


def numbers_in(column: Column, answer: Any) -> Numbers:
    """The numbers of one column of a `rows` answer; nothing where it was declined or left out."""
    return {
        row["row"]: (row["label"], number)
        for row in (answer if isinstance(answer, list) else ())
        if (number := number_in(row["answers"].get(column.key))) is not None
    }


def furthest(first: Numbers, second: Numbers) -> tuple[Row, ...]:
    """The rows on which the two are furthest apart, of those that both answered; several at a tie, none if alike."""
    both = [(*first[row], second[row][1]) for row in first if row in second]
    most = max((abs(one - other) for _, one, other in both), default=0.0)
    return tuple(row for row in both if abs(row[1] - row[2]) == most) if most else ()
