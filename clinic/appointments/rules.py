"""Pure rules of appointments: wall clocks, and which state may follow which."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SETTLED = ("held", "no_show", "canceled", "late_canceled")

CANCELED = ("canceled", "late_canceled")

LATE = timedelta(hours=24)
"""A cancellation within this span counts as late."""


def instant(day: date, at: time, zone: str) -> datetime | None:
    """The moment of a wall clock, or None when the clock skips it (the night on which summer time begins)."""
    local = datetime.combine(day, at, ZoneInfo(zone))
    back = local.astimezone(ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
    return local if back.replace(tzinfo=None) == local.replace(tzinfo=None) else None


def ended_at(starts_at: datetime, minutes: int) -> datetime:
    """When it is over; what was sent by then belongs to it."""
    return starts_at + timedelta(minutes=minutes)
