"""Pure: what is said to a client of a part that was sent, and opened words as the two sides of a sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from clinic.exercises import answers as shapes
from clinic.exercises.compared import Compared, compared
from clinic.exercises.document import Field, Part, Turn, label_for
from clinic.progress.points import Position
from clinic.progress.rules import Seen, is_twin

ADDITION = "addition"

OPENS = {
    "both_answered": "It opens once both of you have answered.",
    "appointment": "It opens at your next appointment, if both of you have answered.",
    "counselor": "It opens when your counselor opens it, if both of you have answered.",
}


def waiting_said(turn: Turn, opening: str, *, is_kept: bool, is_closed: bool) -> str:
    """What becomes of a part that was sent; told from the document and the own acts alone."""
    kinds = {group.visibility for group in turn.groups}
    if is_kept or kinds == {"counselor"}:
        return "It is with your counselor."
    if "sealed" in kinds:
        return "Its time is over, and it did not open." if is_closed else OPENS[opening]
    if turn.agree:
        return "It counts once you have both agreed."
    if "release" in kinds:
        return "It is with your counselor, who passes it on only as you said."
    return "It has reached the one it is for."


# Side by side


@dataclass(frozen=True)
class Said:
    """One answer as it was given; `label` is its question, none where both sides answer the row's."""

    label: str
    asked: Field
    value: Any

    @property
    def lines(self) -> list[str]:
        return shapes.describe(self.asked, self.value)

    @property
    def number(self) -> float | None:
        return shapes.number_in(self.value) if self.asked.kind == "scale" else None


@dataclass(frozen=True)
class Side:
    """What one of the two said in a row; nothing where the other answered alone."""

    by: Position
    said: tuple[Said, ...] = ()
    attempt: int = 1


@dataclass(frozen=True)
class Row:
    """One side, or two that belong together: answers to one question, or what was said and what it met with."""

    prompt: str
    sides: tuple[Side, ...]


@dataclass(frozen=True)
class Leg:
    """Rows that follow each other; `begins` names who spoke first where the two changed places."""

    rows: tuple[Row, ...]
    begins: Position | None = None

    @property
    def is_joined(self) -> bool:
        return any(len(row.sides) > 1 for row in self.rows)


@dataclass(frozen=True)
class Addition:
    """A dated line below opened words."""

    by: Position
    on: date
    text: str


@dataclass(frozen=True)
class Exchange:
    """One round as both may read it."""

    round_id: UUID
    title: str
    opened_on: date
    legs: tuple[Leg, ...]
    additions: tuple[Addition, ...]
    compared: tuple[Compared, ...] = ()  # what both named, and where they are furthest apart


def exchange(words: Sequence[Seen]) -> Exchange | None:
    """One round's opened words; None when there are none."""
    opened = [seen for seen in words if seen.opened_on is not None]
    if not opened:
        return None
    said = sorted((seen for seen in opened if not seen.is_addition), key=_place)
    return Exchange(
        round_id=opened[0].round_id,
        title=opened[0].exercise.title,
        opened_on=max(seen.opened_on for seen in opened if seen.opened_on),
        legs=tuple(_legs(said)),
        additions=tuple(
            Addition(seen.by, seen.given_on, str(seen.answers[ADDITION]))
            for seen in opened
            if ADDITION in seen.answers
        ),
        compared=tuple(compared(opened[0].exercise, _answers_of(said, 1), _answers_of(said, 2))),
    )


def _answers_of(said: Sequence[Seen], by: Position) -> dict[str, Any]:
    """What one of the two answered apart, by turn.field."""
    mine = (seen for seen in said if seen.by == by and is_twin(seen))
    return {f"{seen.key}.{key}": answer for seen in mine for key, answer in seen.answers.items()}


def _place(seen: Seen) -> tuple[int, ...]:
    """Where words stand: legs one after the other, what both do apart together, a loop in the order of its attempts."""
    part = _part_of(seen)
    steps = [turn.key for turn in part.turns]
    place = anchor = steps.index(seen.key)
    for end, turn in enumerate(part.turns):
        begin = steps.index(turn.again.back_to) if turn.again else end
        if turn.again and begin <= place <= end:
            anchor = begin
    leg = 0 if is_twin(seen) else seen.leg
    return (seen.exercise.parts.index(part), leg, anchor, seen.attempt, place, seen.entry, seen.by)


def _part_of(seen: Seen) -> Part:
    return next(part for part in seen.exercise.parts if seen.turn in part.turns)


def _legs(said: Sequence[Seen]) -> Iterator[Leg]:
    """Parts in which both answer apart, prompt by prompt; others turn by turn, a sheet for each leg."""
    changed = len({seen.leg for seen in said if not is_twin(seen)}) > 1
    for (twins, _, _), run in groupby(said, lambda seen: (is_twin(seen), *_place(seen)[:2])):
        words = list(run)
        if twins:
            yield Leg(tuple(_by_prompt(words)))
        else:
            yield Leg(tuple(_by_turn(words)), words[0].author if changed else None)


def _by_prompt(words: Sequence[Seen]) -> Iterator[Row]:
    """Each question with both answers; a side without one is shown empty where both took part."""
    both = len({seen.by for seen in words}) == 2
    found: dict[tuple[str, str, int], dict[Position, Side]] = {}
    labels: dict[tuple[str, str, int], str] = {}
    for seen in words:
        for asked in seen.turn.fields:
            if asked.key in seen.answers:
                key = (seen.key, asked.key, seen.entry)
                labels.setdefault(key, label_for(asked.label, "default"))
                side = Side(seen.by, (Said("", asked, seen.answers[asked.key]),))
                found.setdefault(key, {})[seen.by] = side
    positions: tuple[Position, ...] = (1, 2)
    for key, sides in found.items():
        shown = (sides.get(by) or (Side(by) if both else None) for by in positions)
        yield Row(labels[key], tuple(side for side in shown if side))


def _by_turn(words: Sequence[Seen]) -> Iterator[Row]:
    """What one said and, where the other took it up, what came of it; the first speaker stands first."""
    turns = [(run[0], _side(run)) for run in _runs(words)]
    while turns:
        first, side = turns.pop(0)
        if turns and turns[0][1].by != side.by:
            yield Row(first.turn.title, (side, turns.pop(0)[1]))
        else:
            yield Row(first.turn.title, (side,))


def _runs(words: Sequence[Seen]) -> Iterator[list[Seen]]:
    for _, run in groupby(words, lambda seen: (seen.turn_id, seen.entry)):
        yield list(run)


def _side(groups: Sequence[Seen]) -> Side:
    """One turn with the groups of it that opened, in the order of the document."""
    first = groups[0]
    answers = {key: answer for seen in groups for key, answer in seen.answers.items()}
    said = (
        Said(label_for(asked.label, first.role), asked, answers[asked.key])
        for asked in first.turn.fields
        if asked.key in answers
    )
    return Side(first.by, tuple(said), first.attempt)
