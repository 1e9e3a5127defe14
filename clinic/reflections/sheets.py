"""What a writer's pages show: where the turn stands, words of before, the questions one by one, the own answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from clinic.couples import queries as couples
from clinic.exercises import answers as shapes
from clinic.exercises.document import Exercise, Field, label_for
from clinic.exercises.document import Turn as Asked
from clinic.exercises.own_questions import TAIL
from clinic.exercises.turns import Act, RoundState, TurnId, TurnState
from clinic.homework import queries as rounds
from clinic.reflections import drafts, queries, rules
from clinic.reflections.drafts import Author
from clinic.reflections.models import Reflection
from clinic.reflections.rules import Readers, Sending

Place = Literal["open", "sent", "proposed", "agreed", "over", "held"]


@dataclass(frozen=True)
class Sheet:
    """One partner's turn as its pages know it; folded from what is declassified for this partner alone.

    What costs something is found out when a page asks for it: a save while one types asks for none of it.
    """

    author: Author
    now: datetime

    @cached_property
    def document(self) -> Exercise:
        return rounds.document_for(self.author.round)

    @property
    def given(self) -> frozenset[tuple[TurnId, str]]:
        """Groups of words in this round that the other partner was given."""
        return frozenset(
            (turn, key) for to, turn, key in self._folded.visible if to != self.author.partner_id
        )

    @property
    def asked(self) -> Asked:
        return self.document.turns[self.author.turn.key]

    @property
    def zone(self) -> str:
        return self.author.round.assignment.zone

    @cached_property
    def _folded(self) -> RoundState:
        return drafts.state_for(self.author, self.now)

    @property
    def state(self) -> TurnState | None:
        return self._folded.turns.get(rounds.turn_id_of(self.author.turn))

    @cached_property
    def acts(self) -> frozenset[Act]:
        here = (self.author.partner_id, rounds.turn_id_of(self.author.turn))
        return frozenset(act for partner, turn, act in self._folded.acts if (partner, turn) == here)

    @cached_property
    def readers(self) -> Readers:
        couple = couples.at_hand(self.author.turn.couple_id)
        return queries.readers_of(couple, self.author.partner_id, self.now)

    @property
    def place(self) -> Place:
        """Which page this is. Everything that is not to be done now and was not sent looks the same: held."""
        if self.acts & {"write", "revise"}:
            return "proposed" if self.state and self.state.status == "proposed" else "open"
        status = self.state.status if self.state else "waiting"
        if status in {"sent", "returned"}:
            return "sent"
        if status == "agreed":
            return "agreed"
        return "over" if status == "missed" else "held"

    @property
    def is_mine(self) -> bool:
        """True when what was sent or is proposed here came from this partner."""
        return self.state is not None and self.state.sent_by == self.author.partner_id

    @property
    def may_open(self) -> bool:
        """True when the other partner may come to read some of it."""
        return self.asked.reaches_partner or self.asked.asks_consent

    @property
    def asks_tail(self) -> bool:
        legs = rounds.legs_of(self.author.round.assignment)
        turn = self.author.turn
        return rules.asks_tail(self.document, legs, self.asked, turn.leg, self.author.partner_id)

    @property
    def opening(self) -> str:
        return self.author.round.assignment.opening

    @property
    def step(self) -> tuple[int, int]:
        """Which step of the round this is, and of how many; by the document, so that it tells nothing of the other."""
        keys = [one.key for one in self.document.parts[self._part].turns]
        return keys.index(self.author.turn.key) + 1, len(keys)

    @property
    def _part(self) -> int:
        return rounds.legs_of(self.author.round.assignment)[self.author.turn.leg].part

    def sentence(self, *, kept: bool = False) -> str:
        """The computed sentence about who reads this."""
        return rules.readers_sentence(self.asked, self.readers, self.opening, kept=kept)

    def addition_sentence(self) -> str:
        """Who reads a line that is added below."""
        return rules.addition_sentence(self.readers)

    def note_sentence(self) -> str:
        """Who reads a word to the counselor."""
        return rules.note_sentence(self.readers)


# The questions, one by one


@dataclass(frozen=True)
class Screen:
    """One screen of questions: a name for the form, and the keys of the fields on it."""

    name: str
    keys: tuple[str, ...] = ()


ALL = "all"


def screens(sheet: Sheet, sending: Sending) -> list[Screen]:
    """The screens of a turn in their order; a question that hangs on an earlier answer comes when that was given."""
    first = [Screen("safety")] if sheet.asked.reaches_partner else []
    questions = [
        Screen(f"x_{field.key}", (field.key,))
        for field in questions_of(sheet)
        if shapes.is_shown(field, sending.answers)
    ]
    last = [Screen("tail")] if sheet.asks_tail else []
    return [*first, *questions, *last]


def stopped_at(run: Sequence[Screen], sending: Sending) -> int:
    """The number of the last screen on which something stands: there its writer was when it was put down."""
    beside = {"safety": sending.safe, "tail": sending.tail}
    begun = [
        number
        for number, one in enumerate(run, start=1)
        if beside.get(one.name) or any(key in sending.answers for key in one.keys)
    ]
    return begun[-1] if begun else 1


def questions_of(sheet: Sheet) -> tuple[Field, ...]:
    """The fields that this writer is asked."""
    return shapes.asked(sheet.asked, sheet.author.role, sheet.author.turn.attempt)


def rows_for(sheet: Sheet) -> dict[str, list[tuple[str, str]]]:
    """The rows of `rows` fields, with those that come from the writer's own earlier picks."""
    fields = [field for field in sheet.asked.fields if field.rows]
    earlier: Mapping[str, Any] = {}
    if any(field.rows and field.rows.field for field in fields):
        mine = drafts.standing(sheet.author).answers
        earlier = {**drafts.earlier_of(sheet.author), sheet.asked.key: mine}
    return {field.key: shapes.rows_of(sheet.document, field, earlier) for field in fields}


def asked_only_if(sheet: Sheet, field: Field) -> str:
    """When a question counts, in words, where all of them are on one page."""
    said = []
    for key, wanted in (field.show_when or {}).items():
        options = sheet.asked.field(key).options or {}
        picks = [wanted] if isinstance(wanted, str) else wanted
        said.append(" or ".join(f"“{options.get(pick, pick)}”" for pick in picks))
    return f"Only if you chose {' and '.join(said)} above." if said else ""


# Answers, as lines


@dataclass(frozen=True)
class Line:
    """One answered question: whose side it goes to, and what it says."""

    key: str
    prompt: str
    lines: list[str]
    for_counselor: bool = False
    is_narrowed: bool = False
    is_declined: bool = False
    is_text: bool = True


def lines_of(sheet: Sheet, sending: Sending) -> list[Line]:
    """The own answers of a turn in the order of its questions, those that are shown and answered."""
    kept = rules.is_kept(sheet.asked, sending)
    return [
        _line(sheet, field, sending, kept=kept)
        for field in sheet.asked.fields
        if field.key in sending.answers and shapes.is_shown(field, sending.answers)
    ]


def _line(sheet: Sheet, field: Field, sending: Sending, *, kept: bool) -> Line:
    answer = sending.answers[field.key]
    visibility = field.visibility or sheet.asked.visibility
    is_behind = field.key not in rules.as_given(sheet.asked, sending)  # hangs on an answer that is kept
    return Line(
        field.key,
        label_for(field.label, sheet.author.role),
        shapes.describe(field, answer),
        for_counselor=kept or visibility == "counselor" or is_behind,
        is_narrowed=field.key in sending.narrowed and not is_behind,
        is_declined=shapes.is_declined(answer),
        is_text=field.kind == "text",
    )


def tail_lines(sending: Sending) -> list[Line]:
    """What was said about how it went."""
    return [
        Line(
            field.key,
            label_for(field.label, ""),
            shapes.describe(field, sending.tail[field.key]),
            for_counselor=True,
        )
        for field in TAIL
        if field.key in sending.tail
    ]


# After sending

WAITS = {
    "both_answered": "It opens once you have both answered.",
    "appointment": "It opens at your next appointment, if you have both answered by then.",
    "counselor": "It opens when your counselor opens it, once you have both answered.",
}
OVER = (
    "The time for this one is over, and it did not open. It never opens later by itself: leave it with your "
    "counselor, or take it back."
)


def opens_sentence(sheet: Sheet, mine: Reflection | None, now: datetime) -> str:
    """When what was sent opens, from the own acts and the own openings alone."""
    partner = sheet.readers.partner
    if sheet.state is not None and sheet.state.opened_to:
        return f"It has opened: {partner} can read it, and you can add a dated line below it."
    kinds = {words.visibility for words in mine.words} - {"counselor"} if mine else set()
    if not kinds or partner is None:
        said = f" The app does not show it to {partner}." if partner else ""
        return f"{sheet.readers.staff} can read it.{said}"
    if "joint" in kinds:
        return f"{partner} can read your proposal and say yes, no, or suggest a change."
    if "sealed" in kinds:
        is_over = now >= sheet.author.round.closes_at or sheet.author.round.closed_at is not None
        return OVER if is_over and sheet.opening == "both_answered" else WAITS[sheet.opening]
    if "partner" in kinds:
        return f"{partner} can read it."
    return _about_release(sheet)


def _about_release(sheet: Sheet) -> str:
    partner = sheet.readers.partner
    said = {
        "yes": f"Your counselor decides with you when {partner} reads it.",
        "after_appointment": f"{partner} reads it once you have talked about it in an appointment and your counselor "
        "has released it.",
    }
    consent = queries.own_consent(sheet.author.turn) or "no"
    return said.get(consent, "It stays with your counselor, as you said.")
