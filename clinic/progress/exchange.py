"""Pure: what is said to a client of a part that was sent, and opened words question by question, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from clinic.exercises import answers as shapes
from clinic.exercises.document import Exercise, Field, Turn, label_for
from clinic.progress.points import Position
from clinic.progress.rules import Seen, is_twin, prompt_of

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


def minutes_of(exercise: Exercise, turn: Turn) -> int:
    """About how long one step takes: its share of the exercise by its questions, three minutes at least."""
    steps = [one for part in exercise.parts for one in part.turns]
    share = len(turn.fields) / max(1, sum(len(one.fields) for one in steps))
    return exercise.minutes if len(steps) == 1 else max(3, round(exercise.minutes * share))


# Side by side


@dataclass(frozen=True)
class Side:
    """What one of the two answered to a prompt; `value` is the answer as it was given."""

    by: Position
    asked: Field
    value: Any

    @property
    def lines(self) -> list[str]:
        return shapes.describe(self.asked, self.value)

    @property
    def number(self) -> float | None:
        return shapes.number_in(self.value) if self.asked.kind == "scale" else None


@dataclass(frozen=True)
class Prompt:
    """One question of an exchange and the sides that answered it."""

    label: str
    step: str
    sides: tuple[Side, ...]

    def side(self, position: Position) -> Side | None:
        return next((one for one in self.sides if one.by == position), None)


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
    prompts: tuple[Prompt, ...]
    additions: tuple[Addition, ...]
    is_side_by_side: bool  # both answered the same questions apart


def exchange(words: Sequence[Seen]) -> Exchange | None:
    """One round's opened words, question by question; None when there are none."""
    opened = [seen for seen in words if seen.opened_on is not None]
    if not opened:
        return None
    told: dict[str, tuple[str, str, list[Side]]] = {}
    for seen in opened:
        for asked in seen.turn.fields:
            if asked.key in seen.answers and not seen.is_addition:
                key = prompt_of(seen, asked)
                label = label_for(asked.label, "default" if is_twin(seen) else seen.role)
                told.setdefault(key, (label, seen.turn.title, []))[2].append(
                    Side(seen.by, asked, seen.answers[asked.key])
                )
    return Exchange(
        round_id=opened[0].round_id,
        title=opened[0].exercise.title,
        opened_on=max(seen.opened_on for seen in opened if seen.opened_on),
        prompts=tuple(Prompt(label, step, tuple(sides)) for label, step, sides in told.values()),
        additions=tuple(
            Addition(seen.by, seen.given_on, str(seen.answers[ADDITION]))
            for seen in opened
            if ADDITION in seen.answers
        ),
        is_side_by_side=all(is_twin(seen) for seen in opened) and len({seen.by for seen in opened}) == 2,
    )
