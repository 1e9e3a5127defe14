"""Background work of homework, pulled from rows: rounds that have come due, rounds whose time is over."""

from datetime import datetime

from sqlalchemy import select

from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework import actions
from clinic.homework.models import Assignment, Round


def due(now: datetime) -> int:
    """Make what is missing and close what is over, in one transaction; returns how many rounds were touched.

    Running it twice, late, or on two machines changes nothing more: rounds are unique by assignment and date.
    """
    made = sum(len(actions.open_due_rounds(assignment, now)) for assignment in _active())
    over = list(db.session.scalars(select(Round).where(Round.closed_at.is_(None), Round.closes_at <= now)))
    for round_ in over:
        actions.sync(round_, now)
    db.session.commit()
    return made + len(over)


def _active() -> list[Assignment]:
    running = select(Assignment).join(Couple, Couple.id == Assignment.couple_id)
    at_work = (Couple.paused_at.is_(None), Couple.closed_at.is_(None), Assignment.state == "active")
    return list(db.session.scalars(running.where(*at_work)))
