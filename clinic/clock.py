"""The one provider of the present: every rule and action takes `now` from here, so that time can be moved."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_ENDS = time(3, 0)
"""A local day ends at 03:00: what is written at 00:20 still belongs to yesterday."""

_moved: ContextVar[datetime | None] = ContextVar("moved_clock", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _moved.get() or datetime.now(UTC)


@contextmanager
def moved_to(instant: datetime) -> Iterator[None]:
    """Let the clock stand at `instant` (aware) inside the block; the demo and the tests make history with it."""
    token = _moved.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _moved.reset(token)


def local_day(instant: datetime, zone: str) -> date:
    """The local date that `instant` belongs to in `zone`, with the day ending at 03:00."""
    local = instant.astimezone(ZoneInfo(zone))
    return local.date() - timedelta(days=1) if local.time() < DAY_ENDS else local.date()


def day_starts(day: date, zone: str) -> datetime:
    """The first instant (UTC) of a local day; wall-clock arithmetic, so it holds over a change to summer time."""
    return datetime.combine(day, DAY_ENDS, ZoneInfo(zone)).astimezone(UTC)


def midnight(day: date, zone: str) -> datetime:
    """The first instant (UTC) of a day of the calendar: what stands under a date in full goes by it."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def day_ends(day: date, zone: str) -> datetime:
    """The last instant (UTC, exclusive) of a local day: 03:00 of the next one."""
    return day_starts(day + timedelta(days=1), zone)


def last_day(until: datetime, zone: str) -> date:
    """The local day that is the last one of what ends at `until` (exclusive), as `day_ends` gives it."""
    return local_day(until - timedelta(microseconds=1), zone)
