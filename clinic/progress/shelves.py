"""Pure: long lists as they are read, a month on a shelf of its own; passages by their exercise first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Generic, TypeVar

from clinic.progress.rules import Passage

T = TypeVar("T")


@dataclass(frozen=True)
class Shelf(Generic[T]):
    """What belongs to one month, in the order in which it came."""

    month: date
    rows: Sequence[T]

    @property
    def title(self) -> str:
        return f"{self.month:%B} {self.month.year}"


def by_month(rows: Iterable[T], on: Callable[[T], date]) -> list[Shelf[T]]:
    """Rows that are sorted by their day, a shelf for each month."""
    return [Shelf(month, list(run)) for month, run in groupby(rows, lambda row: on(row).replace(day=1))]


@dataclass(frozen=True)
class Quotable:
    """What can be quoted of one exercise."""

    exercise: str
    months: Sequence[Shelf[Passage]]

    @property
    def keys(self) -> list[str]:
        return [one.key for shelf in self.months for one in shelf.rows]


def by_exercise(passages: Iterable[Passage]) -> list[Quotable]:
    """Passages that are sorted by their day, by exercise; the one that was answered last comes first."""
    found: dict[str, list[Passage]] = {}
    for one in passages:
        found.setdefault(one.exercise, []).append(one)
    return [Quotable(title, by_month(run, lambda one: one.on)) for title, run in found.items()]
