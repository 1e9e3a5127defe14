"""Lines over time, computed from answers that an audience may read: pure, and the same for screen and paper."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Any

from clinic.exercises import answers as shapes
from clinic.exercises.compared import Numbers, furthest, numbers_in, on_both, place_of
from clinic.exercises.document import Exercise, Field
from clinic.exercises.document import Trend as Asked
from clinic.progress.points import Apart, Measure, Point, Position, Shared, Tally, Trend, gap, series

Bucket = tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """One answer that the audience may read. `source` is turn.field; `on` the local day of its round."""

    source: str
    author: Position  # whose leg it belongs to
    other: Position | None
    number: int  # of the round within its assignment
    assignment: str
    on: date
    given_on: date
    order: tuple[int, int]  # attempt, entry
    value: Any
    wording: str = ""


def drawn(
    asked: Asked, exercise: Exercise, answers: Iterable[Answer], unopened: Iterable[date] = ()
) -> Trend:
    """One trend of a document with a line for each partner; an answer that was not given has no point."""
    own = [one for one in answers if _names(asked, one.source)]
    days = _days(asked, own)
    first, second = (_line(asked, exercise, own, position, days) for position in (1, 2))
    each = "each" in asked.lines
    low, high = _ends_of(asked, exercise, (*first, *second))
    words = _words_of(asked, exercise)
    return Trend(
        title=asked.title,
        low=low,
        high=high,
        low_word=words[0],
        high_word=words[1],
        first=first if each else (),
        second=second if each else (),
        gap=gap(first, second) if each and "gap" in asked.lines else (),
        unopened=tuple(sorted(set(unopened) - set(days.values()))) if first or second else (),
        restarts=tuple(_restarts(own, asked, days)),
        note=asked.note,
        shared=tuple(_shared(asked, exercise, own, days)) if "overlap" in asked.lines else (),
        measure=_measure(asked),
        has_direction=asked.better != "neither",
        tallies=_tallies(asked, exercise, own) if _measure(asked) == "part" else (),
        apart=tuple(_apart(asked, exercise, own, days)) if each and "gap" in asked.lines else (),
    )


# Buckets: what makes one point


def _bucket(asked: Asked, one: Answer) -> tuple[str, int] | Bucket | date:
    match asked.per:
        case "round":
            return one.assignment, one.number
        case "week":
            year, week, _ = one.on.isocalendar()
            return year, week
        case "day":
            return one.given_on


def _days(asked: Asked, answers: Sequence[Answer]) -> dict[Any, date]:
    """The day on which each bucket's point stands: that of its first round, the same for both lines."""
    days: dict[Any, date] = {}
    for one in answers:
        bucket, day = _bucket(asked, one), one.given_on if asked.per == "day" else one.on
        days[bucket] = min(day, days.get(bucket, day))
    return days


def _line(
    asked: Asked, exercise: Exercise, answers: Sequence[Answer], position: Position, days: Mapping[Any, date]
) -> tuple[Point, ...]:
    found: dict[Any, list[Answer]] = {}
    for one in sorted(answers, key=lambda a: (a.on, a.number, a.order)):
        if (one.author if asked.of == "author" else one.other) == position:
            found.setdefault(_bucket(asked, one), []).append(one)
    return series((days[bucket], _point(asked, exercise, given)) for bucket, given in found.items())


def _point(asked: Asked, exercise: Exercise, answers: Sequence[Answer]) -> float | None:
    """The value of one bucket, or None when too few of the questions were answered."""
    counted = [(one.source, number) for one in answers for number in _numbers(asked, exercise, one)]
    if not counted or len({source for source, _ in counted}) < asked.needs:
        return None
    return round(_taken(asked, [number for _, number in counted]), 2)


def _taken(asked: Asked, numbers: Sequence[float]) -> float:
    match asked.take:
        case "mean":
            return fmean(numbers)
        case "first":
            return numbers[0]
        case "last":
            return numbers[-1]
        case "count":
            return float(len(numbers))
        case "sum":
            return math.fsum(numbers)
        case "share":
            return 100 * sum(number > 0 for number in numbers) / len(numbers)


# A yes or no


def _measure(asked: Asked) -> Measure:
    """What its numbers are: places on a scale, a count, or part of the times that it was so."""
    if asked.take in {"count", "sum"}:
        return "count"
    return "part" if asked.take == "share" or asked.points else "scale"


def _tallies(asked: Asked, exercise: Exercise, answers: Sequence[Answer]) -> tuple[Tally, ...]:
    """How often it was so. What both were asked about is told once, unless they tell it differently."""
    given: dict[Any, dict[Position, list[float]]] = {}
    for place, one in enumerate(sorted(answers, key=lambda a: (a.on, a.number, a.order))):
        for number in _numbers(asked, exercise, one):
            given.setdefault(_time_of(asked, one, place), {}).setdefault(one.author, []).append(number)
    times = [{by: _is_so(asked, told) for by, told in accounts.items()} for accounts in given.values()]
    if all(len(set(accounts.values())) == 1 for accounts in times):
        return (_tally([any(accounts.values()) for accounts in times]),) if times else ()
    each: tuple[Position, ...] = (1, 2)
    return tuple(_tally([accounts[by] for accounts in times if by in accounts], by) for by in each)


def _time_of(asked: Asked, one: Answer, place: int) -> Any:
    """What counts as one time: a round that both tell of, an entry of a log, or what one found in the end."""
    if asked.take != "share":
        return _bucket(asked, one), one.author
    return _bucket(asked, one) if asked.per == "round" else place


def _is_so(asked: Asked, numbers: Sequence[float]) -> bool:
    if asked.take == "share":
        return all(number > 0 for number in numbers)
    return _taken(asked, numbers) >= max((asked.points or {}).values(), default=1.0)


def _tally(times: Sequence[bool], by: Position | None = None) -> Tally:
    return Tally(times=sum(times), of=len(times), by=by)


# Numbers


def _numbers(asked: Asked, exercise: Exercise, one: Answer) -> Iterator[float]:
    """The numbers in one answer: none when it was declined, one for each row of a column of rows."""
    field, column = place_of(exercise, _full_source(asked, one.source))
    if one.value is None or shapes.is_declined(one.value) or shapes.is_raw(one.value):
        return
    if column is not None:
        values = [row["answers"].get(column.key) for row in one.value if isinstance(row, dict)]
    else:
        values = one.value if field.kind == "rows" else [one.value]
    for value in values:
        number = _number(asked, field, value)
        if number is not None:
            yield _turned(field, number) if one.source in _reversed(asked) else number


def _number(asked: Asked, field: Field, value: Any) -> float | None:
    if value is None:
        return None
    number = shapes.number_in(value)
    if asked.points is not None:
        picks = [asked.points[pick] for pick in shapes.picked(value) if pick in asked.points]
        number = fmean(picks) if picks else None
    if number is None and asked.take in {"count", "share"} and asked.points is None:
        return 1.0
    return 1.0 if asked.take == "count" else number


def _turned(field: Field, number: float) -> float:
    """A reversed question counts from the other end of its scale."""
    low, high = (field.least or 0.0, field.most or 0.0) if field.kind == "number" else (0.0, 10.0)
    return low + high - number


def _names(asked: Asked, source: str) -> bool:
    return any(_without_column(one) == source for one in asked.source)


def _reversed(asked: Asked) -> set[str]:
    return {_without_column(one) for one in asked.reverse}


def _full_source(asked: Asked, source: str) -> str:
    return next(one for one in asked.source if _without_column(one) == source)


def _without_column(source: str) -> str:
    return ".".join(source.split(".")[:2])


# The frame of a chart


def _ends_of(asked: Asked, exercise: Exercise, points: Sequence[Point]) -> tuple[float, float]:
    """The scale's own ends where there is one, so that a line is never made steeper than it was."""
    if asked.take == "share":
        return 0.0, 100.0
    if asked.points and asked.take not in {"sum", "count"}:
        return min(0.0, *asked.points.values()), max(asked.points.values())
    fields = [place_of(exercise, one) for one in asked.source]
    if asked.take in {"mean", "first", "last"} and all(
        (column or field).kind == "scale" for field, column in fields
    ):
        return 0.0, 10.0
    return 0.0, float(max(5, 5 * math.ceil(max((point.value for point in points), default=0) / 5)))


def _words_of(asked: Asked, exercise: Exercise) -> tuple[str, str]:
    """The words at the ends of the scale, when all that is counted shares them."""
    places = [place_of(exercise, one) for one in asked.source]
    ends = {tuple((column or field).ends or ("", "")) for field, column in places}
    if len(ends) != 1 or asked.take not in {"mean", "first", "last"} or asked.points or asked.reverse:
        return "", ""
    low, high = ends.pop()
    return low, high


def _restarts(answers: Sequence[Answer], asked: Asked, days: Mapping[Any, date]) -> Iterator[date]:
    """Days on which the wording was another one than before."""
    last = ""
    for one in sorted(answers, key=lambda a: (a.on, a.number, a.order)):
        if last and one.wording != last:
            yield days[_bucket(asked, one)]
        last = one.wording


# What both picked


def _shared(
    asked: Asked, exercise: Exercise, answers: Sequence[Answer], days: Mapping[Any, date]
) -> Iterator[Shared]:
    """What stands on both lists, for the days on which the audience may read both; in the order of the options."""
    picks: dict[Any, dict[Position, set[str]]] = {}
    for one in answers:
        if picked := set(shapes.picked(one.value)):
            picks.setdefault(_bucket(asked, one), {}).setdefault(one.author, set()).update(picked)
    fields = [place_of(exercise, source)[0] for source in asked.source]
    for bucket, sides in sorted(picks.items(), key=lambda one: days[one[0]]):
        if len(sides) == 2:
            both = (pick for field in fields for pick in on_both(field, sides[1], sides[2]))
            yield Shared(on=days[bucket], picks=tuple(dict.fromkeys(both)))


def _apart(
    asked: Asked, exercise: Exercise, answers: Sequence[Answer], days: Mapping[Any, date]
) -> Iterator[Apart]:
    """Of a column of rows: the rows on which the two were furthest apart, among those that both answered."""
    told: dict[Any, dict[Position, Numbers]] = {}
    for one in answers:
        _field, column = place_of(exercise, _full_source(asked, one.source))
        if column and (numbers := numbers_in(column, one.value)):
            told.setdefault(_bucket(asked, one), {}).setdefault(one.author, {}).update(numbers)
    for bucket, sides in sorted(told.items(), key=lambda one: days[one[0]]):
        if len(sides) == 2 and (rows := furthest(sides[1], sides[2])):
            yield Apart(on=days[bucket], rows=rows)
