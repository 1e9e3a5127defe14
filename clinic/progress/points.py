"""Answers over time as plain frozen values: points, what both picked, and the trend that is drawn or told of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Position: TypeAlias = Literal[1, 2]

Measure: TypeAlias = Literal["scale", "count", "part"]

LEAST_POINTS = 3
"""So many answers of one person make a line; fewer are told in a sentence."""

LEAST_MOVE = 0.1
"""A line that never leaves so much of its scale is told in a sentence as well: there is nothing to see in it."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One answer on one local day."""

    on: date
    value: float

    @property
    def tenth(self) -> str:
        """The number, to a tenth where it has one."""
        return f"{round(self.value, 1):g}"

    @property
    def said(self) -> str:
        """The number and its day."""
        return f"{self.tenth} on {_spoken(self.on)}"


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What both picked from the same list on one day, in the words of the list; often nothing."""

    on: date
    picks: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """As a sentence."""
        if not self.picks:
            return f"On {_spoken(self.on)} nothing stood on both lists."
        return f"On both lists on {_spoken(self.on)}: {'; '.join(self.picks)}."


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Where the two stood furthest from each other on one day, of the rows that both answered; several at a tie."""

    on: date
    rows: tuple[
        tuple[str, float, float], ...
    ]  # as the list says it, the first one's number, the second one's

    def said(self, names: Mapping[Position, str]) -> str:
        """As a sentence."""
        each = (
            f"{row} ({names.get(1, '')} {first:g}, {names.get(2, '')} {second:g})"
            for row, first, second in self.rows
        )
        return f"Furthest apart on {_spoken(self.on)}: {'; '.join(each)}."


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How often something was so, of how many times; `by` is set where the two tell it differently."""

    times: int
    of: int
    by: Position | None = None

    def said(self, names: Mapping[Position, str]) -> str:
        """As in "3 of 4", or "1 of 2 as Mara saw it"."""
        return f"{self.times} of {self.of}" + (f" as {names.get(self.by, '')} saw it" if self.by else "")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One day of a trend with what either line has there; `at` is its place from 0 (first day) to 1 (last day)."""

    on: date
    at: float
    first: float | None
    second: float | None
    gap: float | None
    is_unopened: bool


@dataclass(frozen=True, kw_only=True)
class Trend:
    """One question over time: a line for each partner whom the audience may see; the gap where both have a point.

    `unopened` are rounds that this audience knows to have closed without opening: no point for either. On a day of
    `restarts` the wording changed, and the line begins anew. `shared` is what both picked, where no number says it;
    `tallies` say of a yes or no how often it was a yes; `apart` where the two were furthest from each other.
    """

    title: str
    hint: str = ""
    low: float = 0
    high: float = 10
    low_word: str = ""
    high_word: str = ""
    first: tuple[Point, ...] = ()
    second: tuple[Point, ...] = ()
    gap: tuple[Point, ...] = ()
    unopened: tuple[date, ...] = ()
    restarts: tuple[date, ...] = ()
    note: str = ""
    shared: tuple[Shared, ...] = ()
    measure: Measure = "scale"
    has_direction: bool = True  # a count without one is no line to follow
    tallies: tuple[Tally, ...] = ()
    apart: tuple[Apart, ...] = ()

    @property
    def is_told(self) -> bool:
        """True when it has anything to tell."""
        return bool(self.first or self.second or self.shared)

    @property
    def is_drawn(self) -> bool:
        """True when there are points enough for a chart."""
        return max(len(self.first), len(self.second)) >= LEAST_POINTS

    @property
    def has_drawn_gap(self) -> bool:
        """True when the two can be compared on days enough for a chart."""
        return len(self.gap) >= LEAST_POINTS

    @property
    def is_worth_drawing(self) -> bool:
        """True when paper is well spent on it: it moved, and it is followed on a scale or toward less or more."""
        is_followed = self.measure == "scale" or (self.measure == "count" and self.has_direction)
        return is_followed and self.is_drawn and self._moved

    @property
    def _moved(self) -> bool:
        values = [[point.value for point in points] for _, points in self.lines if points]
        return any(max(line) - min(line) >= LEAST_MOVE * (self.high - self.low) for line in values)

    def told(self, names: Mapping[Position, str]) -> str:
        """In few words what its numbers come to; nothing of counts, whose sum says little."""
        if self.shared:
            return " ".join(one.said for one in self.shared)
        if self.measure == "part":
            is_enough = self.has_direction and any(tally.of > 1 for tally in self.tallies)
            return f"{', '.join(tally.said(names) for tally in self.tallies)}." if is_enough else ""
        if self.measure == "count":
            return ""
        return " ".join((f"{self.ways(names)}.", *self._apart(names))) if self.is_drawn else self.said(names)

    def ways(self, names: Mapping[Position, str]) -> str:
        """How far each line went: "Mara from 3.5 to 6.3, Jonas still 6"."""
        return ", ".join(
            f"{names.get(position, '')} {_way(points)}" for position, points in self.lines if points
        )

    def said(self, names: Mapping[Position, str]) -> str:
        """All its numbers in a sentence for each partner, and what both picked."""
        told = (
            f"{names.get(position, '')}: {', then '.join(point.said for point in points)}."
            for position, points in self.lines
            if points
        )
        return " ".join((*told, *(one.said for one in self.shared), *self._apart(names)))

    def _apart(self, names: Mapping[Position, str]) -> tuple[str, ...]:
        """The last time only: where they stand now is what the next appointment is about."""
        return tuple(one.said(names) for one in self.apart[-1:])

    @property
    def lines(self) -> tuple[tuple[Position, tuple[Point, ...]], ...]:
        """Both lines with whose they are."""
        return (1, self.first), (2, self.second)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every day of the chart in order, for its drawing and for the table of its numbers."""
        days = sorted({point.on for point in (*self.first, *self.second)} | set(self.unopened))
        return tuple(self._column(day, days) for day in days)

    def strokes(self, position: Position) -> tuple[tuple[Column, ...], ...]:
        """The line of one partner in pieces: it is broken where a round did not open and where the wording changed."""
        pieces: list[list[Column]] = [[]]
        for column in self.columns:
            if column.is_unopened or column.on in self.restarts:
                pieces.append([])
            if (column.first if position == 1 else column.second) is not None:
                pieces[-1].append(column)
        return tuple(tuple(piece) for piece in pieces if piece)

    def _column(self, day: date, days: list[date]) -> Column:
        span = (days[-1] - days[0]).days
        return Column(
            on=day,
            at=(day - days[0]).days / span if span else 0.5,
            first=_value(self.first, day),
            second=_value(self.second, day),
            gap=_value(self.gap, day),
            is_unopened=day in self.unopened,
        )


def series(rows: Iterable[tuple[date, float | None]]) -> tuple[Point, ...]:
    """Order answers by day; a missing answer gives no point, and of two on one day the later row stands."""
    by_day = {day: value for day, value in rows if value is not None}
    return tuple(Point(on=day, value=by_day[day]) for day in sorted(by_day))


def gap(first: Iterable[Point], second: Iterable[Point]) -> tuple[Point, ...]:
    """Measure the distance on the days on which both have a point, to a tenth; other days have none."""
    other = {point.on: point.value for point in second}
    shared = (point for point in first if point.on in other)
    return tuple(Point(on=point.on, value=round(abs(point.value - other[point.on]), 1)) for point in shared)


def _spoken(on: date) -> str:
    return f"{on:%B} {on.day}"


def _way(points: tuple[Point, ...]) -> str:
    """From the first answer to the last: "from 3.5 to 6.3", "still 6", or the only one."""
    first, last = points[0].tenth, points[-1].tenth
    if len(points) == 1:
        return first
    return f"still {last}" if first == last else f"from {first} to {last}"


def _value(points: tuple[Point, ...], day: date) -> float | None:
    return next((point.value for point in points if point.on == day), None)
