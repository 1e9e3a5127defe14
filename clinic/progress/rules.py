"""Pure rules of progress: the words that one audience may read, and what can be quoted and counted of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from clinic.exercises import answers as shapes
from clinic.exercises.document import Exercise, Field, Turn, label_for
from clinic.progress.points import Position
from clinic.progress.summary import Audience, Completeness, Excerpt, Win, Words

QUIET_AFTER = timedelta(days=7)
"""A partner who has something to do and sent nothing for so long stands on Today."""

NOTES = {
    "not_now": "not now",
    "too_much": "too much for the moment",
    "something_else": "something else for you",
}
"""What a partner can say to the counselor in place of an answer."""

NEEDS = {
    "confirm": "joined; confirm who it is",
    "consent": "has not signed what is in force",
    "withdrawn": "took back the consent to couple work",
    "renew": "clearance ends",
    "expired": "clearance has ended",
}
"""What waits for the counselor before words can reach the other, as Today says it."""

CONSENTS = {"after_appointment": "; after the appointment"}
"""What the author wished for the release, as Today says it."""

TAIL = "tail"
ENGINE = "engine"


@dataclass(frozen=True)
class Seen:
    """One group of words of one turn, which the audience that asked may read."""

    exercise: Exercise
    wording: str
    assignment_id: UUID
    round_id: UUID
    number: int
    on: date  # local day of the round
    given_on: date  # local day on which it was sent
    turn_id: UUID
    leg: int
    key: str
    attempt: int
    entry: int
    by: Position
    author: Position  # of the leg
    other: Position | None
    role: str  # of the leg's author, for the labels
    group: str
    answers: Mapping[str, Any]
    opened_at: datetime | None = None
    opened_on: date | None = None
    is_addition: bool = False

    @property
    def turn(self) -> Turn:
        return self.exercise.turns[self.key]

    def answer_to(self, asked: Field) -> tuple[str, list[str]]:
        """A question as it was put, and its answer as lines to read."""
        return label_for(asked.label, self.role), shapes.describe(asked, self.answers.get(asked.key))

    @property
    def turn_place(self) -> int:
        """Where its turn stands in the document."""
        return list(self.exercise.turns).index(self.key)

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Where its turn stands in the round: by the document, then by leg, attempt and entry; never by a random id."""
        return self.turn_place, self.leg, self.attempt, self.entry

    @property
    def order(self) -> tuple[date, str, int, tuple[int, int, int, int], int, Position]:
        """By the day of the round, then as the documents have it."""
        groups = [group.key for group in self.turn.groups]
        group = groups.index(self.group) if self.group in groups else len(groups)
        return self.on, self.exercise.slug, self.number, self.place, group, self.by


@dataclass(frozen=True)
class RoundGiven:
    """One round as an audience may know of it; `done_by` names who did what was asked, as far as it may tell."""

    exercise: Exercise
    on: date
    asked: frozenset[Position]
    done_by: frozenset[Position]
    is_closed: bool
    has_opened: bool

    @property
    def is_done(self) -> bool:
        return bool(self.asked) and self.asked <= self.done_by

    @property
    def is_unopened(self) -> bool:
        """Closed without opening, where it was meant to open."""
        sealed = any(
            group.visibility == "sealed" for turn in self.exercise.turns.values() for group in turn.groups
        )
        return sealed and self.is_closed and not self.has_opened


@dataclass(frozen=True)
class Passage:
    """One answer in words that can stand in a report as an excerpt; `key` names it in a form."""

    key: str
    prompt: str
    exercise: str
    sides: tuple[Words, ...]
    on: date
    opened_on: date | None = None


# From words to the parts of a summary


def fields_of(seen: Seen) -> Iterator[tuple[Field, Any]]:
    """The answered fields of one group, in the order of the document; what was declined is not among them."""
    if seen.group in {TAIL, ENGINE} or seen.is_addition:
        return
    for asked in seen.turn.fields:
        answer = seen.answers.get(asked.key)
        if answer is not None and not shapes.is_declined(answer):
            yield asked, answer


def wins(words: Iterable[Seen]) -> tuple[Win, ...]:
    """Small wins as they were written down, the oldest first."""
    found = [
        Win(
            text="\n".join(shapes.describe(asked, answer)),
            on=seen.given_on,
            by=None if seen.turn.agree else seen.by,
        )
        for seen in words
        for asked, answer in fields_of(seen)
        if asked.marks == "victory"
    ]
    return tuple(sorted(found, key=lambda win: win.on))


def kinds(words: Iterable[Seen]) -> list[tuple[str, int]]:
    """How often each kind was chosen in the entries of logs, the most frequent first."""
    counted: Counter[str] = Counter()
    for seen in words:
        for asked, answer in fields_of(seen):
            if tells_kinds(seen.exercise, f"{seen.key}.{asked.key}"):
                counted.update(shapes.describe(asked, answer))
    return counted.most_common()


def tells_kinds(exercise: Exercise, source: str) -> bool:
    """True for a choice in a log that the document counts: so many of each kind, not so many a week."""
    key, _, name = source.partition(".")
    is_counted = any(trend.take == "count" and source in trend.source for trend in exercise.trends)
    turn = exercise.turns[key]
    return is_counted and turn.repeat is not None and turn.field(name).kind == "choice"


def passages(words: Iterable[Seen]) -> tuple[Passage, ...]:
    """Answers in words, the two sides of one prompt together: the newest first, those of one day as the document asks.

    The counselor chooses among them and the report tells them in this order, which is the same each time.
    """
    sides: dict[str, list[tuple[Seen, Field, Any]]] = {}
    for seen in words:
        for asked, answer in fields_of(seen):
            if asked.kind == "text":
                sides.setdefault(prompt_of(seen, asked), []).append((seen, asked, answer))
    in_order = sorted(sides.items(), key=lambda one: _place_of_prompt(*one[1][0][:2]))
    joined = [_passage(key, sorted(found, key=lambda one: one[0].by)) for key, found in in_order]
    return tuple(sorted(joined, key=lambda one: one.on, reverse=True))


def _place_of_prompt(seen: Seen, asked: Field) -> tuple[str, int, int, int, int, int, int]:
    leg = 0 if is_twin(seen) else seen.leg
    field = seen.turn.fields.index(asked)
    return seen.exercise.slug, seen.number, seen.turn_place, leg, seen.attempt, seen.entry, field


def prompt_of(seen: Seen, asked: Field) -> str:
    return f"{seen.round_id}.{seen.key}.{asked.key}.{seen.attempt}.{seen.entry}.{'' if is_twin(seen) else seen.author}"


def is_twin(seen: Seen) -> bool:
    """True where both answer the same question apart: their answers belong side by side."""
    return seen.turn.by == "author" and any(
        part.legs == "each" and seen.turn in part.turns for part in seen.exercise.parts
    )


def _passage(key: str, sides: Sequence[tuple[Seen, Field, Any]]) -> Passage:
    seen, asked, _ = sides[0]
    opened = [one.opened_on for one, _, _ in sides if one.opened_on]
    return Passage(
        key=key,
        prompt=label_for(asked.label, seen.role) if len(sides) == 1 else label_for(asked.label, "default"),
        exercise=seen.exercise.title,
        sides=tuple(Words(by=one.by, text=str(answer)) for one, _, answer in sides),
        on=max(one.given_on for one, _, _ in sides),
        opened_on=max(opened) if len(opened) == len(sides) else None,
    )


def excerpts(chosen: Iterable[str], offered: Iterable[Passage]) -> tuple[Excerpt, ...]:
    """The chosen passages, in the order in which they were offered; others cannot be chosen."""
    wanted = set(chosen)
    return tuple(
        Excerpt(prompt=one.prompt, words=one.sides, exercise=one.exercise, opened_on=one.opened_on)
        for one in offered
        if one.key in wanted
    )


def completeness(words: Sequence[Seen], rounds: Iterable[RoundGiven]) -> Completeness:
    """How many questions were answered and how many passed over, and how often somebody who was asked said nothing.

    All of it is told from words that this audience may read; of a round that stayed closed it may know no more.
    """
    answers = missing = 0
    closed = [one for one in rounds if one.is_closed]
    for seen in words:
        if seen.group in {TAIL, ENGINE} or seen.is_addition:
            continue
        given = len(list(fields_of(seen)))
        answers += given
        missing += sum(
            1
            for asked in _group_fields(seen)
            if (asked.key not in seen.answers and asked.required)
            or shapes.is_declined(seen.answers.get(asked.key))
        )
    return Completeness(
        answers=answers,
        missing=missing,
        unanswered=sum(len(one.asked - one.done_by) for one in closed if one.done_by or not one.is_unopened),
        unopened=sum(one.is_unopened for one in closed),
    )


def _group_fields(seen: Seen) -> tuple[Field, ...]:
    group = next((one for one in seen.turn.groups if one.key == seen.group), None)
    return () if group is None else tuple(one for one in group.fields if shapes.is_shown(one, seen.answers))


# What an audience may know


def counts_for(audience: Audience, *, asked: frozenset[Position], exercise: Exercise) -> bool:
    """True when a round stands in this audience's figures: the couple's hold what is for both and can reach both."""
    match audience:
        case "counselor":
            return True
        case "couple":
            reaching = any(turn.reaches_partner for turn in exercise.turns.values())
            return len(asked) == 2 and reaching
        case "partner_1":
            return 1 in asked
        case "partner_2":
            return 2 in asked
