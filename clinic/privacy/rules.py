"""Rules of how long: when the time of a record is over, and how far ahead that is told."""

from datetime import date, datetime, timedelta
from typing import Literal

from clinic import clock

Cause = Literal["request", "retention"]
Scope = Literal["couple", "partner_1", "partner_2"]

AHEAD = timedelta(days=90)
"""What comes due within this time stands on the page of retention."""

UNDO_DAYS = range(1, 91)
YEARS = range(1, 51)


class RightsError(Exception):
    """An act that is not possible now; the message says what to do."""


def kept_until(left_at: datetime, zone: str, years: int) -> date:
    """The day on which a record may go: so many years after the end of care, that of the leap day a day later."""
    ended = clock.local_day(left_at, zone)
    try:
        return ended.replace(year=ended.year + years)
    except ValueError:
        return date(ended.year + years, 3, 1)


def scope_of(position: int) -> Scope:
    """The name of one partner's own part."""
    return "partner_1" if position == 1 else "partner_2"
