"""Background work of homework, pulled from rows: rounds that have come due, turns and rounds that time has changed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework import actions, rules
from clinic.homework.models import Assignment, Round, Turn


def due(now: datetime) -> int:
    """Make what is missing and close what is over, in one transaction; returns how many rounds were touched.

    Running it twice, late, or on two machines changes nothing more: rounds are unique by assignment and date.
    """
    newest = _newest_days()
    behind = [one for one in _active() if actions.is_behind(one, newest.get(one.id), now)]
    made = sum(len(actions.open_due_rounds(assignment, now)) for assignment in behind)
    moved = list(db.session.scalars(select(Round).where(Round.closed_at.is_(None), _has_moved(now))))
    for round_ in moved:
        actions.sync(round_, now)
    db.session.commit()
    return made + len(moved)


def _has_moved(now: datetime) -> ColumnElement[bool]:
    """True for rounds in which time alone has changed something since they were folded last."""
    opens = and_(Turn.state == "waiting", Turn.since <= now)
    ends = and_(Turn.state.in_(rules.TO_WRITE), Turn.until <= now)
    return or_(Round.closes_at <= now, Round.turns.any(or_(opens, ends)))


def _active() -> list[Assignment]:
    running = select(Assignment).join(Couple, Couple.id == Assignment.couple_id)
    at_work = (Couple.paused_at.is_(None), Couple.closed_at.is_(None), Assignment.state == "active")
    return list(db.session.scalars(running.where(*at_work)))


def _newest_days() -> dict[UUID, date]:
    """The local date of the newest round of every running assignment, in one statement."""
    newest = (
        select(Round.assignment_id, func.max(Round.local_on))
        .join(Assignment, Assignment.id == Round.assignment_id)
        .where(Assignment.state == "active")
        .group_by(Round.assignment_id)
    )
    return {row[0]: row[1] for row in db.session.execute(newest)}
