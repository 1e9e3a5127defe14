"""Pure rules of homework: on which local dates rounds fall, their frame, and who does which leg."""

import calendar
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import structs

from clinic import clock
from clinic.exercises.document import WIDTH, Every, Exercise, Part, Span, Turn
from clinic.exercises.turns import Leg

MAIN_AT_ONCE = 2
"""More active exercises of weight `main` than this for one partner bring a warning."""

MOST_OPEN_DAYS = 28
"""A round that is open for longer is put off, not done."""

REMINDS_BEFORE = timedelta(days=1)
"""A reminder comes so long before a round closes; in a short one when half of it has gone by."""

OPPOSITE = {"injured": "involved", "involved": "injured"}
"""Where one of the two has one of these parts, the other has the other."""

TO_WRITE = ("open", "returned", "proposed")
"""States of a turn in which somebody may write."""

CONFIDENT = 7
"""Below this confidence (0 to 10) the plan should be made smaller."""


def cadence_of(stored: Any) -> str | Every:
    """The cadence as it is kept with an assignment: a word or a table."""
    return stored if isinstance(stored, str) else msgspec.convert(stored, Every)


def is_bounded(cadence: str | Every) -> bool:
    """True when its rounds come to an end by themselves."""
    return cadence == "once" or (
        isinstance(cadence, Every) and cadence.every is not None and cadence.times is not None
    )


def stored_cadence(cadence: str | Every) -> Any:
    """A cadence as it is kept: a word, or a table without what is not said."""
    if isinstance(cadence, str):
        return cadence
    kept = {"every": cadence.every, "for": cadence.times, "appointment": cadence.appointment}
    return {name: value for name, value in kept.items() if value is not None}


RHYTHMS = ("once", "week", "2 weeks", "month", "as_needed")
"""How often an exercise can be given, whatever its document proposes; `day` where the document itself is daily."""


def rhythm_of(cadence: str | Every) -> str:
    """The word for a cadence, as the counselor chooses it; empty for one that belongs to appointments."""
    return cadence if isinstance(cadence, str) else cadence.every or ""


def rhythms(document: Exercise) -> tuple[str, ...]:
    """The rhythms to choose from; none for an exercise that belongs to an appointment: it keeps that."""
    own = rhythm_of(document.cadence)
    if not own:
        return ()
    return RHYTHMS if own in RHYTHMS else (own, *RHYTHMS)


def chosen_cadence(document: Exercise, rhythm: str | None, times: int | None) -> str | Every:
    """The cadence that was settled. Without a choice it is the document's, with its number of rounds unless told.

    Raises ValueError for a rhythm that this exercise cannot have.
    """
    own = document.cadence
    if rhythm is None:
        return own if isinstance(own, str) else structs.replace(own, times=times or own.times)
    if rhythm not in rhythms(document):
        raise ValueError("This exercise keeps the rhythm of its appointments.")
    return rhythm if rhythm in {"once", "as_needed"} else Every(every=rhythm, times=times)  # type: ignore[arg-type]


def first_days(cadence: str | Every, starts_on: date, most: int = 3) -> list[date]:
    """The local dates on which its first rounds begin; none where that is not known yet."""
    if cadence == "once":
        return [starts_on]
    if not isinstance(cadence, Every) or cadence.every is None:
        return []
    return list(islice(_rhythm(cadence.every, starts_on), min(most, cadence.times or most)))


def due_dates(cadence: str | Every, starts_on: date, today: date) -> list[date]:
    """Local dates up to `today` on which a round begins by itself; none for appointments and `as_needed`."""
    if cadence == "once":
        return [starts_on] if starts_on <= today else []
    if not isinstance(cadence, Every) or cadence.every is None:
        return []
    rhythm = islice(_rhythm(cadence.every, starts_on), cadence.times)
    return list(takewhile(lambda day: day <= today, rhythm))


def next_date(cadence: str | Every, starts_on: date, after: date) -> date | None:
    """The first date after `after` on which a round will begin, if there is one."""
    if cadence == "once":
        return starts_on if starts_on > after else None
    if not isinstance(cadence, Every) or cadence.every is None:
        return None
    return next(
        (day for day in islice(_rhythm(cadence.every, starts_on), cadence.times) if day > after), None
    )


def _rhythm(every: str, first: date) -> Iterator[date]:
    if every == "month":
        months = range(first.year * 12 + first.month - 1, 9999 * 12)
        yield from (_same_day(first, *divmod(month, 12)) for month in months)
        return
    step = {"day": 1, "week": 7, "2 weeks": 14}[every]
    day = first
    while day < date.max - timedelta(days=step):
        yield day
        day += timedelta(days=step)


def _same_day(first: date, year: int, month0: int) -> date:
    return date(year, month0 + 1, min(first.day, calendar.monthrange(year, month0 + 1)[1]))


def open_for(document: Exercise, days: int | None) -> Span:
    """How long a round is open: so many local days as the counselor settled, else as the document says."""
    return document.open_for if days is None else Span(days=days)


def days_open(document: Exercise) -> int:
    """How many local days a round is open as the document has it; hours that begin a day count as that day."""
    span = document.open_for
    return max(1, span.days + -(-span.hours // 24))


def last_day(document: Exercise, local_on: date) -> date:
    """The last local day of a round that begins on `local_on`."""
    return local_on + timedelta(days=days_open(document) - 1)


def frame(local_on: date, open_for: Span, zone: str) -> tuple[datetime, datetime]:
    """When a round opens and closes (UTC): whole local days by the wall clock, hours by the clock's ticking."""
    opens_at = clock.day_starts(local_on, zone)
    closes_at = clock.day_starts(local_on + timedelta(days=open_for.days), zone) + timedelta(
        hours=open_for.hours
    )
    return opens_at, closes_at


def reminder_at(opens_at: datetime, closes_at: datetime) -> datetime:
    """When somebody who asked for it is reminded: by the frame of the round alone, whatever happens in it."""
    return max(closes_at - REMINDS_BEFORE, opens_at + (closes_at - opens_at) / 2)


SAME_PART = (
    "This exercise needs two parts: one who was hurt and one who is repairing. "
    "Or both in the same way, and you say who writes."
)
WHO_WRITES = "Please choose who writes it."


@dataclass(frozen=True)
class Begins:
    """Who writes, or goes first, where the roles do not say it; what was released decides before all else."""

    first: UUID | None = None  # by the counselor's choice
    in_turn: bool = False  # where one writes: the other does the same afterwards
    by_input: UUID | None = None  # who was given the words that are answered


def legs_for(
    document: Exercise, cast: Mapping[UUID, str], begins: Begins = Begins(), couple: Collection[UUID] = ()
) -> list[Leg]:
    """The legs of an assignment: `cast` is the role of each recipient (one or two).

    `couple` names both, also one who is given nothing: that one may come to read what is released.
    Raises ValueError when the document needs somebody that the cast does not have, or when nothing says who writes.
    """
    if len(cast) < 2 and any(_asks_other(part) for part in document.parts):
        raise ValueError("This exercise needs both partners.")
    if _is_one_part_twice(document, cast):
        raise ValueError(SAME_PART)
    if begins.first is None and who_is_asked(document, cast, begins.by_input) == "writes":
        raise ValueError(WHO_WRITES)
    return [
        leg
        for index, part in enumerate(document.parts)
        for leg in _legs_of(index, part, cast, begins, couple)
    ]


def who_is_asked(
    document: Exercise, cast: Mapping[UUID, str], by_input: UUID | None = None
) -> Literal["", "writes", "begins"]:
    """What the counselor has to say because neither roles nor released words say it: who writes, or who begins."""
    if len(cast) < 2 or _is_one_part_twice(document, cast):
        return ""
    undecided = [part for part in document.parts if part.legs in {"one", "in_turn"}]
    undecided = [part for part in undecided if _head(part, cast, by_input) is None]
    if any(_writes_alone(part) for part in undecided):
        return "writes"
    return "begins" if undecided else ""


def names_parts(document: Exercise) -> bool:
    """True when the document names whose part it is to begin: nobody has it by default."""
    return any(part.first in OPPOSITE for part in document.parts)


def _writes_alone(part: Part) -> bool:
    """True where one of the two writes and the document names whose part that is."""
    return part.legs == "one" and part.first in OPPOSITE


def _is_one_part_twice(document: Exercise, cast: Mapping[UUID, str]) -> bool:
    """True when both are said to be the hurt one, or the one who repairs, and the document needs one of each."""
    roles = list(cast.values())
    is_twice = len(roles) == 2 and roles[0] == roles[1] and roles[0] in OPPOSITE
    return is_twice and names_parts(document)


def _head(part: Part, cast: Mapping[UUID, str], by_input: UUID | None) -> UUID | None:
    """Who begins a part: the one who was given what it answers, else by role; of two roles one tells the other."""
    if by_input in cast and any(turn.opens and turn.opens.input for turn in part.turns):
        return by_input
    if len(cast) == 1 or part.first not in OPPOSITE:
        return next(iter(cast)) if len(cast) == 1 else None
    by_role = [person for person, role in cast.items() if role == part.first]
    across = [person for person, role in cast.items() if role != OPPOSITE[part.first]]
    return next((found[0] for found in (by_role, across) if len(found) == 1), None)


def _asks_other(part: Part) -> bool:
    return part.legs == "in_turn" or any(turn.by != "author" for turn in part.turns)


def _legs_of(
    index: int, part: Part, cast: Mapping[UUID, str], begins: Begins, couple: Collection[UUID]
) -> Iterator[Leg]:
    head = _head(part, cast, begins.by_input)
    people = _in_order(cast, head or begins.first)
    is_single = part.legs == "one" and not (_writes_alone(part) and begins.in_turn and head is None)
    for person in people[:1] if is_single else people:
        others = [] if part.legs == "solo" else [one for one in (*people, *couple) if one != person]
        yield Leg(index, person, others[0] if others else None, cast[person])


def _in_order(cast: Mapping[UUID, str], head: UUID | None) -> Sequence[UUID]:
    """The recipients, the one who begins at the head."""
    return sorted(cast, key=lambda person: person != head)


def turns_for(document: Exercise, legs: Sequence[Leg], partner: UUID) -> list[tuple[Turn, str]]:
    """The turns in which a partner will act, each with the role in which they are asked; every turn once."""
    found: dict[str, tuple[Turn, str]] = {}
    for leg in legs:
        for turn in document.parts[leg.part].turns:
            acting = {"author": (leg.author,), "other": (leg.other,), "either": (leg.author, leg.other)}[
                turn.by
            ]
            if partner in acting and (not turn.roles or leg.role in turn.roles):
                found.setdefault(turn.key, (turn, leg.role))
    return list(found.values())


def minutes_of(exercise: Exercise, turn: Turn) -> int:
    """About how long one step takes: its share of the exercise by its questions, three minutes at least."""
    steps = [one for part in exercise.parts for one in part.turns]
    share = len(turn.fields) / max(1, sum(len(one.fields) for one in steps))
    return exercise.minutes if len(steps) == 1 else max(3, round(exercise.minutes * share))


# What has to be settled when assigning


def asks_roles(document: Exercise) -> bool:
    """True when it makes a difference who was hurt: in who begins, what is asked, or how it is worded."""
    turns = document.turns.values()
    fields = [field for turn in turns for field in turn.fields]
    return (
        any(part.first in {"injured", "involved"} for part in document.parts)
        or any(turn.roles for turn in turns)
        or any(field.roles or not isinstance(field.label, str) for field in fields)
    )


def asks_end(document: Exercise) -> str:
    """How the end of a round is settled: by a day, by a number of days, or (empty) by the appointment it leads to."""
    if document.cadence == "once":
        return "good_by"
    return "" if isinstance(document.cadence, Every) and document.cadence.every is None else "open_days"


def is_for_both(document: Exercise) -> bool:
    """True when it cannot be given to one partner alone: the other acts in it, or it is written to be read."""
    return any(_asks_other(part) or (part.legs == "one" and _reaches_other(part)) for part in document.parts)


def _reaches_other(part: Part) -> bool:
    kinds = {group.visibility for turn in part.turns for group in turn.groups}
    return any(WIDTH[kind] > WIDTH["counselor"] for kind in kinds)


def said_of_one_alone(document: Exercise) -> str:
    """What the counselor is told before it is given to one partner alone; empty where that makes no difference."""
    kinds = {group.visibility for turn in document.turns.values() for group in turn.groups}
    said = []
    if kinds & {"sealed", "partner"}:
        said.append("Given to one alone, what the two would read of each other comes to you only.")
    if "release" in kinds:
        said.append("Given to one alone, the other can read what its author agrees to and you release.")
    return " ".join(said)


def has_sealed(document: Exercise) -> bool:
    """True when words wait for each other, so that a moment of opening has to be chosen."""
    return any(group.visibility == "sealed" for turn in document.turns.values() for group in turn.groups)


def smaller(document: Exercise, times: int | None) -> list[str]:
    """Ways to make it smaller, the smallest first; each can be said to the couple as it stands."""
    turns = list(document.turns.values())
    half = max(5, document.minutes // 2 // 5 * 5)
    ways = []
    if len(turns) > 1:
        ways.append(f"only “{turns[0].title}” this time, the rest at your next appointment")
    if document.minutes > half:
        ways.append(f"{half} minutes by the clock, and stop wherever you are")
    if times is None or times > 2:
        ways.append("two rounds at first, then look again")
    return ways or ["the first question only, on paper if that is easier"]
