"""Pure rules of homework: on which local dates rounds fall, their frame, and who does which leg."""

import calendar
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any
from uuid import UUID

import msgspec

from clinic import clock
from clinic.exercises.document import Every, Exercise, Part, Span
from clinic.exercises.turns import Leg

MAIN_AT_ONCE = 2
"""More active exercises of weight `main` than this for one partner bring a warning."""

CONFIDENT = 7
"""Below this confidence (0 to 10) the plan should be made smaller."""

NOT_CLOSING = timedelta(days=3650)


def cadence_of(stored: Any) -> str | Every:
    """The cadence as it is kept with an assignment: a word or a table."""
    return stored if isinstance(stored, str) else msgspec.convert(stored, Every)


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
    return next((day for day in islice(_rhythm(cadence.every, starts_on), cadence.times) if day > after), None)


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


def frame(local_on: date, open_for: Span, zone: str) -> tuple[datetime, datetime]:
    """When a round opens and closes (UTC): whole local days by the wall clock, hours by the clock's ticking."""
    opens_at = clock.day_starts(local_on, zone)
    closes_at = clock.day_starts(local_on + timedelta(days=open_for.days), zone) + timedelta(hours=open_for.hours)
    return opens_at, closes_at


def legs_for(document: Exercise, cast: Mapping[UUID, str], first: UUID | None = None) -> list[Leg]:
    """The legs of an assignment: `cast` is the role of each recipient (one or two), `first` who goes first.

    Raises ValueError when the document needs somebody that the cast does not have.
    """
    return [leg for index, part in enumerate(document.parts) for leg in _legs_of(index, part, cast, first)]


def _legs_of(index: int, part: Part, cast: Mapping[UUID, str], first: UUID | None) -> Iterator[Leg]:
    people = _in_order(part, cast, first)
    if part.legs in {"in_turn"} and len(people) < 2:
        raise ValueError("This exercise needs both partners.")
    for person in people[:1] if part.legs == "one" else people:
        other = next((one for one in people if one != person), None) if part.legs != "solo" else None
        yield Leg(index, person, other, cast[person])


def _in_order(part: Part, cast: Mapping[UUID, str], first: UUID | None) -> Sequence[UUID]:
    """The recipients, the one who begins at the head: by the document's role, else by the counselor's choice."""
    people = list(cast)
    by_role = [person for person in people if cast[person] == part.first]
    head = by_role[0] if by_role else (first if first in cast else people[0])
    return [head, *(person for person in people if person != head)]
