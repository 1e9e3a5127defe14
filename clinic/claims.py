"""Work that waits in rows (waiting, at work, done or failed), and how one of many workers takes it on."""

from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.engine import CursorResult

from clinic.extensions import db

HOLDS = timedelta(minutes=5)
"""A worker that has not answered by then is gone; longer than the limits of any document."""


Work = TypeVar("Work")
"""A table with `state`, `asked_at` and `claimed_at`."""


def claim(
    table: type[Work], now: datetime, *which: ColumnElement[bool], at_work: str = "rendering"
) -> Work | None:
    """Take the next row that waits, or one whose worker is gone; two that ask at once get different ones.

    The claim is a compare-and-set in the database, so that a doubled wake-up makes nothing twice.
    """
    of: Any = table
    due = select(of).where(is_free(table, now, at_work), *which).order_by(of.asked_at).limit(1)
    row = db.session.scalar(due)
    if row is None:
        return None
    seen = (of.id == row.id, of.state == row.state)
    taken = update(of).where(*seen, of.claimed_at.is_not_distinct_from(row.claimed_at))
    result = db.session.execute(taken.values(state=at_work, claimed_at=now))
    return row if isinstance(result, CursorResult) and result.rowcount == 1 else None


def is_free(table: type[Any], now: datetime, at_work: str = "rendering") -> ColumnElement[bool]:
    """True for rows that wait, and for those whose worker is gone."""
    return or_(table.state == "waiting", (table.state == at_work) & (table.claimed_at <= now - HOLDS))


def is_ours(row: Any, claimed_at: datetime, at_work: str = "rendering") -> bool:
    """True while nobody else has taken the row over."""
    return bool(row.state == at_work and row.claimed_at == claimed_at)
