"""What stands out in each of the six practices: words that a couple understands, or nothing."""

from datetime import date, timedelta

from clinic.exercises import library
from clinic.exercises.practices import TRUST_PRACTICES
from clinic.progress.lines import Line
from clinic.progress.points import Point, Shared, Tally, Trend, gap
from clinic.progress.practices import practices

START = date(2026, 3, 2)
NAMES = {1: "Mara", 2: "Jonas"}


def points(*values: float) -> tuple[Point, ...]:
    return tuple(Point(on=START + timedelta(weeks=week), value=value) for week, value in enumerate(values))


def stands_out(slug: str, *trends: Trend, facts: str = "") -> str:
    """What a report says of the practice of one exercise."""
    exercise = library.shipped()[slug]
    told = {exercise.trust_practice: facts}
    rows = practices([], [Line(exercise, "x", trend) for trend in trends], NAMES, told)  # type: ignore[arg-type]
    return rows[list(TRUST_PRACTICES).index(exercise.trust_practice)].headline


def test_pulse_is_told_with_both_ways_and_the_distance() -> None:
    first, second = points(3.2, 4, 6.3), points(6.5, 6.5, 7)
    pulse = Trend(title="Trust pulse", first=first, second=second, gap=gap(first, second))
    assert stands_out("weekly_checkin", pulse) == (
        "Trust pulse: Mara from 3.2 to 6.3, Jonas from 6.5 to 7; 3.3 apart at first, now 0.7"
    )


def test_yes_or_no_is_told_as_how_many_times() -> None:
    held = Trend(title="Talks held", measure="part", first=points(100, 0), tallies=(Tally(times=9, of=12),))
    assert stands_out("calm_conversation_plan", held) == "Talks held: 9 of 12"


def test_never_so_does_not_stand_out() -> None:
    held = Trend(title="Talks held", measure="part", first=points(0, 0), tallies=(Tally(times=0, of=2),))
    assert stands_out("calm_conversation_plan", held) == ""


def test_count_without_a_direction_says_nothing_and_facts_come_first() -> None:
    count = Trend(title="Victories", measure="count", has_direction=False, first=points(1, 1, 1))
    assert stands_out("victories_log", count) == ""
    assert (
        stands_out("victories_log", count, facts="39 small wins written down") == "39 small wins written down"
    )


def test_single_answer_goes_no_way() -> None:
    assert stands_out("impact_statement", Trend(title="Ready to be heard", first=points(6))) == ""


def test_choices_of_both_are_named_and_many_are_counted() -> None:
    few, many = (
        Trend(title="Chosen by both", measure="count", shared=(Shared(on=START, picks=picks),))
        for picks in (("Telling early",), ("a", "b", "c", "d"))
    )
    assert stands_out("trust_definitions", few) == "Chosen by both: Telling early"
    assert stands_out("trust_definitions", many) == "Chosen by both: 4"
