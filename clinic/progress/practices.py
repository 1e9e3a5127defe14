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


SHORT = 80
"""A second thing stands out beside the first only where both together are no longer."""

NAMED_PICKS = 3
"""So many choices of both are named; of more, their number."""


def practices(
    rounds: Sequence[RoundGiven],
    drawn: Sequence[Line],
    names: Mapping[Position, str],
    facts: Mapping[TrustPractice, str] | None = None,
    ratings: Ratings | None = None,
) -> tuple[PracticeRow, ...]:
    """A row for each of the six, also for one that is still ahead; `facts` are what no line tells."""
    found: dict[TrustPractice, list[str]] = {key: [said] for key, said in (facts or {}).items() if said}
    for line in drawn:
        found.setdefault(line.exercise.trust_practice, []).append(_stands_out(line.trend, names))
    return tuple(_row(key, rounds, found.get(key, []), ratings or Ratings()) for key in TRUST_PRACTICES)


def _row(
    key: TrustPractice, rounds: Sequence[RoundGiven], said: Sequence[str], ratings: Ratings
) -> PracticeRow:
    own = [one for one in rounds if one.exercise.trust_practice == key]
    return PracticeRow(
        name=TRUST_PRACTICES[key].title,
        assigned=len(own),
        done=sum(one.is_done for one in own),
        headline=_brief([one for one in said if one]),
        quality=_mean(ratings.quality.get(key)),
        usefulness=_mean(ratings.usefulness.get(key)),
    )


def _brief(said: Sequence[str]) -> str:
    both = ". ".join(said[:2])
    return both if len(both) <= SHORT else said[0]


def _stands_out(trend: Trend, names: Mapping[Position, str]) -> str:
    """What a line comes to: how often it was so, what both chose, or how far it went; a bare sum says nothing."""
    if trend.shared:
        picks = trend.shared[-1].picks
        return f"{trend.title}: {', '.join(picks) if 0 < len(picks) <= NAMED_PICKS else len(picks)}"
    if trend.measure == "part":
        said = trend.told(names).rstrip(".")
        return f"{trend.title}: {said}" if said and any(tally.times for tally in trend.tallies) else ""
    is_way = max(len(points) for _, points in trend.lines) > 1
    if not is_way or (trend.measure == "count" and not (trend.has_direction and trend.is_drawn)):
        return ""
    return f"{trend.title}: {trend.ways(names)}{_apart(trend)}"


def _apart(trend: Trend) -> str:
    """How far apart the two were at first, and are now."""
    if not trend.has_drawn_gap:
        return ""
    first, last = trend.gap[0].tenth, trend.gap[-1].tenth
    return f"; still {last} apart" if first == last else f"; {first} apart at first, now {last}"


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
