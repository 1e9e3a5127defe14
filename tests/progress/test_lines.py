"""Which lines a counselor sees first, and in which order a report tells them."""

from datetime import date, timedelta

from clinic.exercises import library
from clinic.progress.lines import Line, glance
from clinic.progress.points import Point, Trend

START = date(2026, 3, 2)


def line(slug: str, key: str, points: int, last: int = 0) -> Line:
    """A line of the first partner that ends `last` days after the start."""
    days = [START + timedelta(days=last - 7 * back) for back in reversed(range(points))]
    return Line(
        library.shipped()[slug], key, Trend(title=key, first=tuple(Point(on=day, value=1) for day in days))
    )


PULSE = line("weekly_checkin", "pulse", 8)
TALKS = line("weekly_checkin", "talks", 8, 3)
VOICES = line("calm_conversation_plan", "voices", 3, 9)
CALM = line("calm_conversation_plan", "calm", 3, 9)
WAVES = line("feelings_log", "intensity", 5, 1)
WINS = line("victories_log", "victories", 4, 6)
EARLY = line("session_prep", "mood", 2, 20)
ALL = (PULSE, TALKS, CALM, VOICES, WAVES, EARLY, WINS)


def test_pulse_comes_first_and_three_further_lines_at_most() -> None:
    shown = glance(ALL)
    assert shown.pulse is PULSE.trend
    assert [one.title for one in shown.drawn] == ["calm", "victories", "talks"]


def test_everything_else_is_folded_and_nothing_is_lost() -> None:
    shown = glance(ALL)
    assert [one.title for one in shown.more] == ["voices", "intensity", "mood"]
    assert len(shown.drawn) + len(shown.more) + 1 == len(ALL)


def test_without_a_pulse_the_others_stand_alone() -> None:
    assert glance((WAVES,)).pulse is None
    assert glance(()).drawn == ()
