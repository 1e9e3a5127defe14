"""The table behind the charts: a week is one column for all lines, and no number is lost on the way."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from clinic.progress.points import Trend, gap, series
from reports.numbers import ACROSS, blocks

START = date(2026, 3, 2)


def trend(days: list[int], second: list[int] | None = None, title: str = "a") -> Trend:
    """A line with a point on each of the days after a Monday."""
    first, other = (
        series((START + timedelta(days=day), float(day % 10)) for day in some)
        for some in (days, second or [])
    )
    return Trend(title=title, first=first, second=other, gap=gap(first, other))


def test_lines_of_different_days_share_the_column_of_their_week() -> None:
    (block,) = blocks([trend([6, 13])], [trend([1, 9], title="b")])
    assert block.days == (START + timedelta(days=6), START + timedelta(days=13))
    assert [group.rows[0].values for group in block.groups] == [(6.0, 3.0), (1.0, 9.0)]


def test_second_day_in_a_week_has_a_column_of_its_own() -> None:
    (block,) = blocks([trend([1, 3])], [trend([2], title="b")])
    assert [group.rows[0].values for group in block.groups] == [(1.0, 3.0), (2.0, None)]


def test_distance_stands_below_the_large_line_alone() -> None:
    (block,) = blocks([trend([1], [1])], [trend([1], [1], title="b")])
    assert [[row.position for row in group.rows] for group in block.groups] == [[1, 2, None], [1, 2]]


def test_nothing_drawn_has_no_table() -> None:
    assert blocks([], []) == ()


@given(st.lists(st.sets(st.integers(0, 400), min_size=1), min_size=1, max_size=4))
def test_no_number_is_lost_and_none_is_moved_in_time(lines: list[set[int]]) -> None:
    drawn = [trend(sorted(days), title=str(place)) for place, days in enumerate(lines)]
    made = blocks(drawn[:1], drawn[1:])
    assert all(len(block.days) <= ACROSS for block in made)
    for one in drawn:
        rows = [group.rows[0] for block in made for group in block.groups if group.title == one.title]
        assert [value for row in rows for value in row.values if value is not None] == [
            p.value for p in one.first
        ]
