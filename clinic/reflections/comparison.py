"""What came in, side by side: every prompt with what each of the two wrote, also where one side is missing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.exercises import answers as shapes
from clinic.exercises.compared import Compared, compared
from clinic.exercises.document import Again, Exercise, Field, label_for
from clinic.exercises.document import Turn as Asked
from clinic.exercises.own_questions import TAIL, keeps_with_counselor
from clinic.homework import queries as rounds
from clinic.homework.models import Round, Turn
from clinic.reflections import queries, rules
from clinic.reflections.models import Reflection
from clinic.reflections.queries import SentBy
from clinic.reflections.rules import Sending

Name = tuple[int, str, int, int]
"""Leg, key, attempt and entry: one step. The leg is -1 where the two do the same and stand side by side; where one is
heard by the other (legs in turn) answers of different legs never belong together."""


@dataclass(frozen=True)
class Side:
    """What one of the two answered: lines, or a number, or why there is nothing."""

    lines: list[str]
    number: float | None = None
    of: int | None = None
    last: float | None = None  # the same number in the round before
    turn_id: UUID | None = None
    quiet: str = ""
    note: str = ""  # to whom it goes, where that is not plain
    sent_at: datetime | None = None

    @property
    def is_answered(self) -> bool:
        return bool(self.lines) and not self.quiet


@dataclass(frozen=True)
class Row:
    """One prompt of one step, with both sides."""

    name: str  # turn.field
    title: str  # of the step
    prompt: str
    a: Side | None
    b: Side | None
    kind: str  # of the field
    meets: bool = False  # marked by the counselor

    @property
    def is_text(self) -> bool:
        return self.kind == "text"

    @property
    def field_key(self) -> str:
        """The field's key, as the document has it."""
        return self.name.split(".")[1]

    @property
    def verdict(self) -> tuple[str, str] | None:
        """What a glance at two numbers or picks says: "3 apart", "the same"; nothing about texts."""
        if self.a is None or self.b is None or not (self.a.is_answered and self.b.is_answered):
            return None
        if self.is_text:
            return ("you marked: they meet", "meets") if self.meets else None
        if self.a.number is not None and self.b.number is not None and self.a.number != self.b.number:
            return f"{abs(self.a.number - self.b.number):g} apart", "differs"
        return ("the same", "meets") if self.a.lines == self.b.lines else None

    @property
    def can_mark(self) -> bool:
        """True for two texts: whether they meet is for the counselor to say."""
        both = self.a is not None and self.b is not None and self.a.is_answered and self.b.is_answered
        return self.is_text and both


@dataclass(frozen=True)
class Person:
    """One of the two, as the head of a column."""

    partner: Partner
    mark: Literal["a", "b"]
    sent_at: datetime | None
    unsafe: bool = False
    tail: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """A round as its counselor reads it."""

    round: Round
    document: Exercise
    couple: Couple
    people: list[Person]
    rows: list[Row]
    additions: list[tuple[Partner, datetime, str]]
    compared: list[Compared]  # what both named, and where they are furthest apart

    @property
    def zone(self) -> str:
        return self.round.assignment.zone

    @property
    def steps(self) -> list[tuple[str, list[Row]]]:
        """The rows by step, in order."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.title, []).append(row)
        return list(found.items())


def comparison(viewer: Viewer, round_: Round) -> Comparison:
    """Everything of a round that this member of staff may read, prompt by prompt."""
    couple = couples.at_hand(round_.couple_id)
    sent = queries.sent_in(viewer, round_)
    people = [one for one in couple.partners if _takes_part(round_, one)]
    marks = set((review.meets or []) if (review := queries.review_of(round_.id)) else [])
    document = rounds.document_for(round_)
    table = _Table(round_, document, people, sent, marks, _last_numbers(viewer, round_))
    answered = list(_answered(viewer, table))
    rows = answered + [row for step in _steps(round_, document) for row in _rows_of(table, step, answered)]
    added = queries.added_in(viewer, round_)
    return Comparison(
        round_,
        document,
        couple,
        [_person(one, sent) for one in people],
        rows,
        [(_partner(couple, one.partner_id), one.sent_at, one.words[0].answers["addition"]) for one in added],
        list(compared(document, *(_apart(document, one, sent) for one in couple.partners))),
    )


def _apart(document: Exercise, partner: Partner, sent: SentBy) -> dict[str, Any]:
    """What one of the two answered where both answer apart, by turn.field."""
    twins = {one.key for part in document.parts if part.legs == "each" for one in part.turns}
    mine = [row for (_, by), row in sent.items() if by == partner.id and row.turn.key in twins]
    return {
        f"{row.turn.key}.{key}": answer
        for row in mine
        for key, answer in queries.as_sent(row).answers.items()
    }


def _takes_part(round_: Round, partner: Partner) -> bool:
    return any(one.partner_id == partner.id for one in round_.assignment.recipients)


def _partner(couple: Couple, partner_id: UUID) -> Partner:
    return next(one for one in couple.partners if one.id == partner_id)


def _steps(round_: Round, document: Exercise) -> Iterator[tuple[Name, list[Turn]]]:
    """The steps as they follow each other, each with the turns that belong together."""
    apart = {one.key for part in document.parts if part.legs == "in_turn" for one in part.turns}
    found: dict[Name, list[Turn]] = {}
    for turn in sorted(round_.turns, key=lambda one: _place(document, one, is_apart=one.key in apart)):
        leg = turn.leg if turn.key in apart else -1
        found.setdefault((leg, turn.key, turn.attempt, turn.entry), []).append(turn)
    yield from found.items()


def _place(document: Exercise, turn: Turn, *, is_apart: bool) -> tuple[int, ...]:
    """Where a turn stands: leg after leg where they are apart, and in a loop try after try."""
    keys = list(document.turns)
    loop = _loop_of(document, turn.key)
    start = keys.index(loop.back_to) if loop else keys.index(turn.key)
    return (turn.leg if is_apart else -1, start, turn.attempt, keys.index(turn.key), turn.entry)


def _loop_of(document: Exercise, key: str) -> Again | None:
    """The bounded loop in which a turn stands, if it does."""
    keys = list(document.turns)
    for end, asked in document.turns.items():
        if asked.again and keys.index(asked.again.back_to) <= keys.index(key) <= keys.index(end):
            return asked.again
    return None


@dataclass(frozen=True)
class _Table:
    """What the rows of a round are made from."""

    round: Round
    document: Exercise
    people: list[Partner]
    sent: SentBy
    marks: set[str]
    last: Mapping[tuple[UUID, str, str], float]


def _last_numbers(viewer: Viewer, round_: Round) -> dict[tuple[UUID, str, str], float]:
    """The numbers of the round before, by partner, turn and field."""
    sent = queries.sent_before(viewer, round_)
    return {
        (row.partner_id, row.turn.key, key): number
        for row in sent.values()
        for key, answer in queries.as_sent(row).answers.items()
        if (number := shapes.number_in(answer)) is not None
    }


def _answered(viewer: Viewer, table: _Table) -> Iterator[Row]:
    """The words of another exercise that this one answers, in the column of who wrote them."""
    for needed in table.document.inputs if table.sent else []:
        for opening in queries.given(viewer, table.round, needed):
            source = opening.turn.round
            asked = rounds.document_for(source).turns[opening.turn.key]
            title = f"What is answered: {source.assignment.version.title}, {asked.title}"
            for one in asked.fields:
                if lines := shapes.describe(one, opening.answers.get(one.key)):
                    side = Side(lines, turn_id=opening.turn_id, sent_at=opening.at)
                    a, b = _in_column(table, opening.author_id, side)
                    name, prompt = f"{needed.key}.{one.key}", label_for(one.label, "mutual")
                    yield Row(name, title, prompt, a, b, one.kind)


def _in_column(table: _Table, author_id: UUID, side: Side) -> tuple[Side | None, Side | None]:
    first = bool(table.people) and table.people[0].id == author_id
    return (side, None) if first else (None, side)


def _felt(answered: list[Row]) -> tuple[Side | None, Side | None]:
    """Feelings that were named in what is answered: they stand beside those that were heard."""
    rows = [row for row in answered if row.kind == "feelings"]
    return next((row.a for row in rows if row.a), None), next((row.b for row in rows if row.b), None)


def _rows_of(table: _Table, step: tuple[Name, list[Turn]], answered: list[Row]) -> Iterator[Row]:
    (leg, key, attempt, entry), turns = step
    asked = table.document.turns[key]
    written = {one.id: _written(turns, one, table.sent) for one in table.people}
    if not any(written.values()):
        return
    title = _title(table, step[0])
    for one in asked.fields:
        sides = [_side(table, asked, one, turns, partner, written[partner.id]) for partner in table.people]
        if any(side is not None and side.is_answered for side in sides):
            name = f"{key}.{one.key}" if (attempt, entry) == (1, 1) else f"{key}.{one.key}.{attempt}.{entry}"
            name = name if leg < 0 else f"{key}.{one.key}.{attempt}.{entry}.{leg}"
            felt = _felt(answered) if one.kind == "feelings" else (None, None)
            a, b, *_ = *(side or other for side, other in zip(sides, felt, strict=False)), None
            yield Row(name, title, label_for(one.label, "mutual"), a, b, one.kind, name in table.marks)


def _title(table: _Table, name: Name) -> str:
    """The step in words: whose view it is about, what is done, and which try."""
    leg, key, attempt, entry = name
    asked, loop = table.document.turns[key], _loop_of(table.document, key)
    of = f"try {attempt} of {loop.attempts}" if loop else f"try {attempt}"
    more = [of] * (attempt > 1 or loop is not None) + [f"entry {entry}"] * (asked.repeat is not None)
    return " · ".join([*_about(table, leg), asked.title, *more])


def _about(table: _Table, leg: int) -> list[str]:
    """Whose view a leg is about: who begins it."""
    turns = sorted((one for one in table.round.turns if one.leg == leg), key=lambda one: one.order)
    names = [one.name for one in table.people if turns and one.id == turns[0].partner_id]
    return [f"About {name}’s view" for name in names]


def _written(turns: Iterable[Turn], partner: Partner, sent: SentBy) -> Reflection | None:
    return next((sent[turn.id, partner.id] for turn in turns if (turn.id, partner.id) in sent), None)


def _side(
    table: _Table, asked: Asked, one: Field, turns: list[Turn], partner: Partner, row: Reflection | None
) -> Side | None:
    if row is None:
        theirs = [turn for turn in turns if turn.partner_id in {None, partner.id}]
        return Side([], quiet=_missing(theirs, table.round)) if theirs else None
    sending = queries.as_sent(row)
    answer = sending.answers.get(one.key)
    lines, number = shapes.describe(one, answer), shapes.number_in(answer)
    return Side(
        lines,
        number,
        10 if one.kind == "scale" and number is not None else None,
        table.last.get((partner.id, asked.key, one.key)),
        row.turn_id,
        quiet="" if lines and not shapes.is_declined(answer) else (lines[0] if lines else "Left empty."),
        note=_goes_to(asked, one, sending),
        sent_at=row.sent_at,
    )


def _missing(turns: list[Turn], round_: Round) -> str:
    """What a counselor may know of words that are not there: not yet, or closed."""
    is_over = round_.closed_at is not None or all(turn.state == "missed" for turn in turns)
    return "closed without an answer" if is_over else "nothing yet"


def _goes_to(asked: Asked, one: Field, sending: Sending) -> str:
    if (one.visibility or asked.visibility) == "counselor":
        return "kept for you" if sending.keep else "for you"
    is_behind = one.key in sending.answers and one.key not in rules.as_given(asked, sending)
    if sending.keep or is_behind:
        return "kept for you"
    return "kept for you; looks declined to the other" if one.key in sending.narrowed else ""


def _person(partner: Partner, sent: SentBy) -> Person:
    mine = [row for (_, by), row in sent.items() if by == partner.id]
    sendings = [queries.as_sent(row) for row in mine]
    tail = {key: value for sending in sendings for key, value in sending.tail.items()}
    return Person(
        partner,
        "a" if partner.position == 1 else "b",
        max((row.sent_at for row in mine), default=None),
        any(keeps_with_counselor(sending.safe) for sending in sendings),
        [(_label(one), ", ".join(shapes.describe(one, tail[one.key]))) for one in TAIL if one.key in tail],
    )


def _label(one: Field) -> str:
    return label_for(one.label, "mutual")
