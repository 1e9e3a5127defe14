"""An exercise at a glance, in plain words: how often, who begins, who acts in which turn, and who reads it."""

from collections.abc import Iterable
from dataclasses import dataclass

from clinic.exercises.document import Every, Exercise, Part, Span, Turn
from clinic.exercises.practices import TRUST_PRACTICES

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
COUNTED = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
EVERY = {"day": "daily", "week": "weekly", "2 weeks": "every two weeks", "month": "monthly"}
UNITS = {"day": "day", "week": "week", "2 weeks": "round", "month": "month"}
GRADES = {
    "strong": "Strong evidence.",
    "some": "Some evidence.",
    "preliminary": "First evidence.",
    "consensus": "Practice and consensus.",
}
READ_BY = {
    "counselor": "You read it; the app does not show it to the partner.",
    "release": "You read it; the partner does when you release it and the author agrees.",
    "sealed": "You read it when it is sent; they read each other’s once both have sent, at the moment you choose.",
    "partner": "You and the partner read it when it is sent.",
    "joint": "Both and you, from the first proposal on.",
}


@dataclass(frozen=True)
class TurnGlance:
    """One turn in a line: whose it is ("a" the one who begins, "b" the other), and who reads it."""

    turn: Turn
    mark: str
    who: str
    read_by: tuple[str, ...]


@dataclass(frozen=True)
class PartGlance:
    """One part: how its legs go, and its turns."""

    how: str
    turns: tuple[TurnGlance, ...]


@dataclass(frozen=True)
class Glance:
    """What stands at the left of an exercise's page."""

    practice: str
    ordinal: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[PartGlance, ...]
    evidence: tuple[tuple[str, str, str], ...]  # grade in words, claim, source
    readers: tuple[str, ...]  # each way in which words of it are read, once


def glance(exercise: Exercise, library: Iterable[Exercise]) -> Glance:
    """An exercise among the others of its library."""
    titles = {one.slug: one.title for one in library}
    before = [one.title for one in library if exercise.slug in one.leads_to]
    after = [titles[slug] for slug in exercise.leads_to if slug in titles]
    facts = [
        ("Time", minutes(exercise.minutes)),
        ("How often", cadence_said(exercise.cadence)),
        ("Stays open", span_said(exercise.open_for)),
        ("Who begins", _who_begins(exercise)),
        ("Counts as", "a main exercise" if exercise.weight == "main" else "light, not toward two at a time"),
        *([("Before it", ", ".join(before))] if before else []),
        *([("After it", ", ".join(after))] if after else []),
    ]
    return Glance(
        TRUST_PRACTICES[exercise.trust_practice].title,
        ORDINALS[list(TRUST_PRACTICES).index(exercise.trust_practice)],
        tuple(facts),
        tuple(_part(part) for part in exercise.parts),
        tuple((GRADES[one.grade], one.claim, one.source) for one in exercise.evidence),
        _readers(exercise),
    )


def _readers(exercise: Exercise) -> tuple[str, ...]:
    """Each way of being read, with the turns that it holds for."""
    found: dict[str, list[str]] = {}
    for turn in exercise.turns.values():
        for kind in dict.fromkeys(group.visibility for group in turn.groups):
            found.setdefault(kind, []).append(turn.title)
    return tuple(f"{', '.join(dict.fromkeys(titles))}: {READ_BY[kind]}" for kind, titles in found.items())


def minutes(number: int) -> str:
    """A length of time: "6 minutes"."""
    return f"{number} minute{'s' if number != 1 else ''}"


def counted(number: int) -> str:
    """A small number in words."""
    return COUNTED[number] if number < len(COUNTED) else str(number)


def cadence_said(cadence: str | Every) -> str:
    """How often, in words: "weekly, four weeks"."""
    if isinstance(cadence, str):
        return {"once": "once", "as_needed": "when it is needed"}[cadence]
    if cadence.every is None:
        return f"before each appointment, from {abs(cadence.appointment or 0)} hours on"
    if cadence.times is None:
        return f"{EVERY[cadence.every]}, until you end it"
    unit = UNITS[cadence.every]
    return f"{EVERY[cadence.every]}, {counted(cadence.times)} {unit}{'s' if cadence.times != 1 else ''}"


def span_said(span: Span) -> str:
    """A span in words: "six days"."""
    said = [f"{counted(span.days)} day{'s' if span.days != 1 else ''}"] if span.days else []
    said += [f"{counted(span.hours)} hour{'s' if span.hours != 1 else ''}"] if span.hours else []
    return " and ".join(said)


def _who_begins(exercise: Exercise) -> str:
    part = exercise.parts[0]
    if part.legs in {"each", "solo"}:
        return "each for themselves"
    if part.legs == "one":
        return "whom you choose" if part.first == "counselor" else _role(part.first)
    return "you decide" if part.first == "counselor" else _role(part.first)


def _role(first: str) -> str:
    return {
        "injured": "the hurt partner",
        "involved": "the partner who is repairing",
        "either": "either of them",
    }[first]


HOW = {
    "one": "One of them writes, the other answers where it says so.",
    "each": "Each does it, apart from the other.",
    "in_turn": "One begins; then they change places.",
    "solo": "For one person alone.",
}


def _part(part: Part) -> PartGlance:
    return PartGlance(HOW[part.legs], tuple(_turn(part, turn) for turn in part.turns))


def _turn(part: Part, turn: Turn) -> TurnGlance:
    if part.legs in {"each", "solo"} and turn.by == "author":
        who = "each" if part.legs == "each" else "the one who has it"
    else:
        who = {"author": "the one who begins", "other": "the other", "either": "either of them"}[turn.by]
    kinds = dict.fromkeys(group.visibility for group in turn.groups)
    return TurnGlance(turn, "b" if turn.by == "other" else "a", who, tuple(READ_BY[kind] for kind in kinds))
