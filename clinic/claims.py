"""Work that waits in rows (waiting, rendering, ready, failed), and how one of many workers takes it on."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult

from clinic.extensions import db

HOLDS = timedelta(minutes=5)
"""A worker that has not answered by then is gone; longer than the limits of any document."""


Work = TypeVar("Work")
"""A table with `state`, `asked_at` and `claimed_at`."""


def claim(table: type[Work], now: datetime) -> Work | None:
    """Take the next row that waits, or one whose worker is gone; two that ask at once get different ones.

    The claim is a compare-and-set in the database, so that a doubled wake-up makes nothing twice.
    """
    of: Any = table
    stale = (of.state == "rendering") & (of.claimed_at <= now - HOLDS)
    due = select(of).where(or_(of.state == "waiting", stale)).order_by(of.asked_at).limit(1)
    row = db.session.scalar(due)
    if row is None:
        return None
    seen = (of.id == row.id, of.state == row.state)
    taken = update(of).where(*seen, of.claimed_at.is_not_distinct_from(row.claimed_at))
    result = db.session.execute(taken.values(state="rendering", claimed_at=now))
    return row if isinstance(result, CursorResult) and result.rowcount == 1 else None


def is_ours(row: Any, claimed_at: datetime) -> bool:
    """True while nobody else has taken the row over."""
    return bool(row.state == "rendering" and row.claimed_at == claimed_at)
