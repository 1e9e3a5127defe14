"""Answers by field key, as JSON: how raw input becomes one, what is still missing, and what an answer raises.

The shape of an answer by kind: text `str`; number and scale `int | float`; choice `str`, of `many` `list[str]`, with
`other` `{"picked": [...], "other": "..."}`; feelings and ranked `list[str]`; date, time and datetime ISO text without a
zone; rows `[{"row": id, "label": "...", "answers": {column: value}}]`. Rather not said: `{"declined": true}`.
A draft may also hold `{"raw": ...}`: what was typed and cannot be read yet, so that nothing is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from clinic.exercises import feelings
from clinic.exercises.document import Column, Exercise, Field, Flag, Turn
from clinic.exercises.reading import LONGEST

RATHER_NOT = "Would rather not say"
DECLINED: dict[str, Any] = {"declined": True}

Answers = Mapping[str, Any]


def asked(turn: Turn, role: str, attempt: int = 1) -> tuple[Field, ...]:
    """The fields of a turn that a person in that role is asked, on that attempt."""
    return tuple(
        field
        for field in turn.fields
        if (field.roles is None or role in field.roles) and (field.ask == "always" or attempt == 1)
    )


def may_decline(turn: Turn, field: Field) -> bool:
    """True for what the partner may come to see, except answers that the engine needs to go on, and joint words."""
    kind = field.visibility or turn.visibility
    return kind not in ("counselor", "joint") and field.key not in turn.steering


may_narrow = may_decline
"""Whatever can be left unsaid can also be said to the counselor alone."""


PICKED = 200
"""A number, a day, a pick: far more than any of them needs."""


def rows_of(exercise: Exercise, field: Field, earlier: Mapping[str, Answers]) -> list[tuple[str, str]]:
    """The rows of a `rows` field as (id, label); `earlier` holds the writer's own answers by turn key."""
    if field.rows is None:
        return []
    if field.rows.fixed:
        return list(field.rows.fixed.items())
    if field.rows.free:
        return [(str(n), "") for n in range(1, field.rows.free + 1)]
    turn_key, key = (field.rows.field or "").split(".")
    options = exercise.turns[turn_key].field(key).options or {}
    return [(pick, options[pick]) for pick in picked(earlier.get(turn_key, {}).get(key)) if pick in options]


def room_for(exercise: Exercise, turn: Turn) -> int:
    """How many characters all answers of a turn may have together, with the two texts of the last word about it."""
    return sum(_room_of(exercise, field) for field in turn.fields) + 2 * LONGEST


def _room_of(exercise: Exercise, field: Field) -> int:
    if field.rows is None:
        return LONGEST if field.kind == "text" or field.other else PICKED
    source = field.rows.field.partition(".") if field.rows.field else None
    picks = len(exercise.turns[source[0]].field(source[2]).options or {}) if source else 0
    lines = len(field.rows.fixed or {}) or field.rows.free or picks
    return lines * sum(LONGEST if column.kind == "text" else PICKED for column in field.rows.columns)


def sample_rows(exercise: Exercise, turn: Turn) -> dict[str, list[tuple[str, str]]]:
    """Rows for showing a turn before anybody has answered: where they follow from a choice, three possible picks."""
    found = {}
    for field in turn.fields:
        if field.rows and field.rows.field:
            turn_key, key = field.rows.field.split(".")
            options = list(exercise.turns[turn_key].field(key).options or {})[:3]
            found[field.key] = rows_of(exercise, field, {turn_key: {key: options}})
    return found


def is_declined(answer: Any) -> bool:
    """True when the writer chose to rather not say."""
    return isinstance(answer, dict) and answer.get("declined") is True


def is_raw(answer: Any) -> bool:
    """True for input in a draft that is no readable answer yet."""
    return isinstance(answer, dict) and "raw" in answer and not is_declined(answer)


def picked(answer: Any) -> list[str]:
    """The options in an answer, whatever its shape; none when it was declined or is no choice."""
    if isinstance(answer, str):
        return [answer]
    if isinstance(answer, dict):
        return list(answer.get("picked", []))
    return [pick for pick in answer if isinstance(pick, str)] if isinstance(answer, list) else []


def is_shown(field: Field, answers: Answers) -> bool:
    """True unless `show_when` asks for other answers than those given; all of its lines must hold."""
    return all(matches(answers.get(key), wanted) for key, wanted in (field.show_when or {}).items())


def only_shown(turn: Turn, answers: Answers) -> dict[str, Any]:
    """These answers without those to questions that they do not show; what hangs on a hidden one is hidden, too."""
    left = dict(answers)
    while hidden := [one.key for one in turn.fields if one.key in left and not is_shown(one, left)]:
        left = {key: answer for key, answer in left.items() if key not in hidden}
    return left


def matches(answer: Any, wanted: str | list[str]) -> bool:
    """True when one of the wanted options was picked."""
    return not set(picked(answer)).isdisjoint([wanted] if isinstance(wanted, str) else wanted)


def missing(turn: Turn, answers: Answers, *, role: str, attempt: int = 1) -> list[Field]:
    """Required fields, asked and shown, that have no readable answer and were not declined."""
    return [
        field
        for field in asked(turn, role, attempt)
        if field.required and is_shown(field, answers) and not _is_answered(field, answers.get(field.key))
    ]


def _is_answered(field: Field, answer: Any) -> bool:
    if is_declined(answer):
        return True
    if answer is None or is_raw(answer):
        return False
    return len(answer) >= field.rows.least if field.rows else True


def to_send(turn: Turn, answers: Answers, *, role: str, attempt: int = 1) -> dict[str, Any]:
    """What of a draft is sent: nothing unreadable, nothing behind a declined question, nothing that is not shown."""
    sent = {}
    shown = only_shown(turn, answers)
    for field in asked(turn, role, attempt):
        answer = shown.get(field.key)
        if is_declined(answer) and may_decline(turn, field):
            sent[field.key] = dict(DECLINED)
        elif answer is not None and not is_declined(answer) and not is_raw(answer):
            sent[field.key] = answer
    return sent


# What an answer raises


def raised_by_field(
    turn: Turn, answers: Answers, earlier: Mapping[str, Answers] | None = None
) -> dict[str, list[Flag]]:
    """The flags that these answers raise, by field key; `earlier` holds the writer's answers by turn key."""
    known = {**(earlier or {}), turn.key: answers}
    found = {
        field.key: [flag for flag in field.flags if _is_raised(flag, answers.get(field.key), known)]
        for field in turn.fields
    }
    return {key: flags for key, flags in found.items() if flags}


def raised(turn: Turn, answers: Answers, earlier: Mapping[str, Answers] | None = None) -> list[Flag]:
    """The flags that these answers raise, in the order of the fields."""
    return [flag for flags in raised_by_field(turn, answers, earlier).values() for flag in flags]


def _is_raised(flag: Flag, answer: Any, known: Mapping[str, Answers]) -> bool:
    if flag.equals is not None:
        return matches(answer, flag.equals)
    value = number_in(answer)
    if value is None:
        return False
    if flag.least is not None:
        return value >= flag.least
    turn_key, _, key = (flag.than or "").partition(".")
    before = number_in(known.get(turn_key, {}).get(key))
    return before is not None and flag.rise is not None and value - before >= flag.rise


def number_in(answer: Any) -> float | None:
    """The number of a `number` or `scale` answer, None of anything else."""
    return float(answer) if isinstance(answer, int | float) and not isinstance(answer, bool) else None


def narrows(turn: Turn, answers: Answers) -> bool:
    """True when one of the answers named in `narrow_when` keeps the whole turn with the counselor."""
    return any(matches(answers.get(key), wanted) for key, wanted in (turn.narrow_when or {}).items())


def moment_of(answer: Any, zone: ZoneInfo) -> datetime | None:
    """The aware instant of a date (its first minute) or datetime answer in the couple's zone, None of anything else."""
    if not isinstance(answer, str):
        return None
    try:
        return datetime.fromisoformat(answer).replace(tzinfo=zone)
    except ValueError:
        return None


# Showing


def describe(field: Field, answer: Any) -> list[str]:
    """An answer as lines for a reader; none when nothing was answered. Line breaks of the writer are kept."""
    if answer is None:
        return []
    if is_declined(answer):
        return [RATHER_NOT]
    if is_raw(answer):
        return _as_typed(field, answer["raw"])
    if field.kind == "rows":
        return [_row_line(field, row) for row in answer]
    return _lines(field, answer)


def _lines(asked_field: Field | Column, answer: Any) -> list[str]:
    """The lines of any answer but rows: labels for keys, words for numbers, dates as people write them."""
    if asked_field.kind in ("choice", "ranked"):
        labels = _labels(asked_field.options or {}, answer)
        return labels if asked_field.kind == "choice" else [f"{n}. {one}" for n, one in enumerate(labels, 1)]
    if asked_field.kind == "feelings":
        return [feelings.words().get(key, key.replace("_", " ")) for key in answer]
    if asked_field.kind in ("date", "time", "datetime"):
        return [_spoken(asked_field.kind, answer)]
    return [_numbered(asked_field, answer)] if number_in(answer) is not None else [str(answer)]


def _numbered(asked_field: Field | Column, answer: float) -> str:
    unit = asked_field.unit if isinstance(asked_field, Field) else ""
    if asked_field.kind == "scale":
        return f"{answer} of 10"
    return f"{answer:g} {unit.removesuffix('s') if answer == 1 else unit}".strip()


def _labels(options: Mapping[str, str], answer: Any) -> list[str]:
    other = answer.get("other") if isinstance(answer, dict) else ""
    return [options.get(pick, pick) for pick in picked(answer)] + ([other] if other else [])


@dataclass(frozen=True)
class Cell:
    """One answered column of a row: what it asked, its lines, and its number where it is one (`of` 10 on a scale)."""

    asked: str
    said: str
    number: float | None = None
    of: int | None = None


class RowLine(str):
    """A row of several columns as one line; where a page has room for more, by its `label` and its `cells`."""

    label: str
    cells: tuple[Cell, ...]


def _row_line(field: Field, row: Mapping[str, Any]) -> str:
    """One row on one line: its label, then each answered column with what it asked, unless it is the only one."""
    columns = field.rows.columns if field.rows else []
    label = str(row.get("label") or "")
    cells = tuple(
        _cell(column, row["answers"][column.key]) for column in columns if column.key in row["answers"]
    )
    if len(columns) == 1:
        return " · ".join([label] * bool(label) + [cell.said for cell in cells])
    asked = (f"{one.asked}{' ' if one.asked.endswith('?') else ': '}{one.said}" for one in cells)
    line = RowLine(" · ".join([*[label] * bool(label), *asked]))
    line.label, line.cells = label, cells
    return line


def _cell(column: Column, answer: Any) -> Cell:
    said, number = ", ".join(_lines(column, answer)), number_in(answer)
    return Cell(column.label, said, number, 10 if column.kind == "scale" and number is not None else None)


def _spoken(kind: str, answer: str) -> str:
    if kind == "time":
        return _clock(time.fromisoformat(answer))
    moment = datetime.fromisoformat(answer)
    day = f"{moment:%A, %B} {moment.day}, {moment.year}"
    return day if kind == "date" else f"{day}, {_clock(moment.time())}"


def _clock(moment: time) -> str:
    return f"{moment.hour % 12 or 12}:{moment:%M} {'am' if moment.hour < 12 else 'pm'}"


def _as_typed(asked_field: Field | Column, raw: Any) -> list[str]:
    """What cannot be read yet, part by part as it was typed; what was picked, by its label."""
    if isinstance(raw, dict):
        rows = asked_field.rows if isinstance(asked_field, Field) else None
        columns = {one.key: one for one in rows.columns} if rows else {}
        parts = [part for row in raw.values() for part in row.items()] if rows else list(raw.items())
        return [line for key, part in parts for line in _as_typed(columns.get(key, asked_field), part)]
    options = asked_field.options or {}
    return [options.get(str(part), str(part)) for part in (raw if isinstance(raw, list) else [raw]) if part]
