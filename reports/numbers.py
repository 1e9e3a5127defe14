"""The numbers behind the charts of a report as one table: weeks side by side, as many as the paper is wide."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TypeAlias

from clinic.progress.points import Column, Position, Trend

ACROSS = 13
"""So many weeks stand side by side, a quarter of a year; the next ones follow below."""

Week: TypeAlias = tuple[int, int, int]  # year and week, and which one of a line's days in that week


@dataclass(frozen=True)
class Numbers:
    """One line of figures; without a position it is the distance between the two."""

    position: Position | None
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class Group:
    """What was asked, with the figures of whom the reader may see."""

    title: str
    rows: tuple[Numbers, ...]


@dataclass(frozen=True)
class Block:
    """Some weeks side by side."""

    days: tuple[date, ...]
    groups: tuple[Group, ...]


def blocks(large: Sequence[Trend], small: Sequence[Trend]) -> tuple[Block, ...]:
    """Every number of the drawn lines, by week; the distance for those of which it is drawn, too."""
    drawn = [(trend, _by_week(trend)) for trend in (*large, *small)]
    days: dict[Week, date] = {}
    for _, columns in drawn:
        for week, column in columns.items():
            days.setdefault(week, column.on)
    return tuple(
        Block(
            days=tuple(days[week] for week in weeks),
            groups=tuple(
                Group(trend.title, tuple(_rows(trend, columns, weeks, with_gap=trend in large)))
                for trend, columns in drawn
                if any(week in columns for week in weeks)
            ),
        )
        for weeks in _cut(sorted(days))
    )


def _by_week(trend: Trend) -> dict[Week, Column]:
    """Lines that are asked on different days of a week share its place; a second day of one line has its own."""
    found: dict[Week, Column] = {}
    for (year, week), columns in groupby(trend.columns, key=lambda column: column.on.isocalendar()[:2]):
        found.update({(year, week, place): column for place, column in enumerate(columns)})
    return found


def _rows(
    trend: Trend, columns: dict[Week, Column], weeks: Sequence[Week], *, with_gap: bool
) -> Iterator[Numbers]:
    there = [columns.get(week) for week in weeks]
    if trend.first:
        yield Numbers(1, tuple(column.first if column else None for column in there))
    if trend.second:
        yield Numbers(2, tuple(column.second if column else None for column in there))
    if trend.gap and with_gap:
        yield Numbers(None, tuple(column.gap if column else None for column in there))


def _cut(weeks: Sequence[Week]) -> Iterator[Sequence[Week]]:
    """Blocks of about the same width."""
    wide = math.ceil(len(weeks) / max(1, math.ceil(len(weeks) / ACROSS)))
    yield from (weeks[start : start + wide] for start in range(0, len(weeks), max(1, wide)))
