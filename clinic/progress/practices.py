"""The six practices as a report tells them: what was given, what was done, and what stands out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from clinic.exercises import answers as shapes
from clinic.exercises.document import TrustPractice
from clinic.exercises.practices import TRUST_PRACTICES
from clinic.progress.lines import Line
from clinic.progress.points import Position, Trend
from clinic.progress.rules import TAIL, RoundGiven, Seen
from clinic.progress.summary import PracticeRow


@dataclass(frozen=True)
class Ratings:
    """Counselor's copy only: ratings (0 to 10) by trust practice."""

    quality: Mapping[TrustPractice, Sequence[float]] = field(default_factory=dict)
    usefulness: Mapping[TrustPractice, Sequence[float]] = field(default_factory=dict)


def practices(
    rounds: Sequence[RoundGiven],
    drawn: Sequence[Line],
    names: Mapping[Position, str],
    ratings: Ratings | None = None,
) -> tuple[PracticeRow, ...]:
    """A row for each of the six, also for one that is still ahead."""
    return tuple(_row(key, rounds, drawn, names, ratings or Ratings()) for key in TRUST_PRACTICES)


def _row(
    key: TrustPractice,
    rounds: Sequence[RoundGiven],
    drawn: Sequence[Line],
    names: Mapping[Position, str],
    ratings: Ratings,
) -> PracticeRow:
    own = [one for one in rounds if one.exercise.trust_practice == key]
    said = (_headline(line.trend, names) for line in drawn if line.exercise.trust_practice == key)
    return PracticeRow(
        name=TRUST_PRACTICES[key].title,
        assigned=len(own),
        done=sum(one.is_done for one in own),
        headline=next((one for one in said if one), ""),
        quality=_mean(ratings.quality.get(key)),
        usefulness=_mean(ratings.usefulness.get(key)),
    )


def _headline(trend: Trend, names: Mapping[Position, str]) -> str:
    """How far the lines moved; of a list, how many stood on both the last time."""
    if trend.shared:
        return f"{trend.title}: {len(trend.shared[-1].picks)}"
    moved = [
        f"{names.get(position, '')} {round(points[0].value, 1):g} to {round(points[-1].value, 1):g}"
        for position, points in trend.lines
        if len(points) > 1
    ]
    return f"{trend.title}: {', '.join(moved)}" if moved else ""


def _mean(values: Sequence[float] | None) -> float | None:
    return round(fmean(values), 1) if values else None


def usefulness(words: Iterable[Seen]) -> dict[TrustPractice, list[float]]:
    """How useful it was, from the closing questions, by practice."""
    found: dict[TrustPractice, list[float]] = {}
    for seen in words:
        value = shapes.number_in(seen.answers.get("usefulness")) if seen.group == TAIL else None
        if value is not None:
            found.setdefault(seen.exercise.trust_practice, []).append(value)
    return found
