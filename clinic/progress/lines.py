"""Lines over time in the order in which they are read: the trust pulse, then practice by practice."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from clinic.exercises.document import Exercise
from clinic.exercises.practices import TRUST_PRACTICES
from clinic.progress import trends
from clinic.progress.points import Trend
from clinic.progress.rules import RoundGiven, Seen, fields_of, tells_kinds

PULSE = ("weekly_checkin", "pulse")
"""The line that comes before all others: how much trust, asked of both every week."""

AT_A_GLANCE = 3
"""So many further lines are drawn on a couple's page."""


@dataclass(frozen=True)
class Line:
    """One trend with the exercise that it is of."""

    exercise: Exercise
    key: str
    trend: Trend

    @property
    def is_pulse(self) -> bool:
        return (self.exercise.slug, self.key) == PULSE

    @property
    def last_on(self) -> date:
        """The day of its last point."""
        return max(point.on for point in (*self.trend.first, *self.trend.second))


def lines(words: Iterable[Seen], rounds: Iterable[RoundGiven]) -> tuple[Line, ...]:
    """Every trend that has something to tell: the pulse, then by the six practices and the order of the documents."""
    by_slug: dict[str, list[Seen]] = {}
    for seen in words:
        by_slug.setdefault(seen.exercise.slug, []).append(seen)
    closed = [one for one in rounds if one.is_unopened]
    found = [line for own in by_slug.values() for line in _of_one(own, closed)]
    practices = list(TRUST_PRACTICES)
    return tuple(
        sorted(
            found,
            key=lambda one: (
                not one.is_pulse,
                practices.index(one.exercise.trust_practice),
                one.exercise.slug,
            ),
        )
    )


def _of_one(words: Sequence[Seen], closed: Sequence[RoundGiven]) -> Iterator[Line]:
    """The trends of one exercise, whose words are given; its newest version names them."""
    exercise = max((one.exercise for one in words), key=lambda one: one.version)
    unopened = [one.on for one in closed if one.exercise.slug == exercise.slug]
    answers = [answer for seen in words for answer in _answers(seen)]
    for asked in exercise.trends:
        if any(tells_kinds(exercise, source) for source in asked.source):
            continue
        trend = trends.drawn(asked, exercise, answers, unopened)
        if trend.is_told:
            yield Line(exercise, asked.key, trend)


def _answers(seen: Seen) -> Iterator[trends.Answer]:
    for asked, value in fields_of(seen):
        yield trends.Answer(
            source=f"{seen.key}.{asked.key}",
            author=seen.author,
            other=seen.other,
            number=seen.number,
            assignment=str(seen.assignment_id),
            on=seen.on,
            given_on=seen.given_on,
            order=(seen.attempt, seen.entry),
            value=value,
            wording=seen.wording,
        )


@dataclass(frozen=True)
class Glance:
    """What is looked at between two appointments, and the rest."""

    pulse: Trend | None
    drawn: tuple[Trend, ...]
    more: tuple[Trend, ...]


def glance(found: Sequence[Line]) -> Glance:
    """The pulse, then one line each of the exercises that were heard from last; all others stay folded."""
    first: dict[str, Line] = {}
    for line in found:
        if line.trend.is_drawn and not line.is_pulse:
            first.setdefault(line.exercise.slug, line)
    last = sorted(first.values(), key=lambda line: line.last_on, reverse=True)[:AT_A_GLANCE]
    return Glance(
        pulse=next((line.trend for line in found if line.is_pulse), None),
        drawn=tuple(line.trend for line in last),
        more=tuple(line.trend for line in found if line not in last and not line.is_pulse),
    )
