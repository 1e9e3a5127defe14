"""Background work of homework, pulled from rows: what has come due, what time has changed, whom to remind."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import selectinload

from clinic.couples.models import Couple
from clinic.extensions import db, transactions
from clinic.homework import actions, reminders, rules
from clinic.homework.models import Assignment, Round, Turn
from clinic.safety import queries as safety


def due(now: datetime) -> int:
    """Make what is missing and close what is over, in one transaction; returns how many rounds were touched.

    Running it twice, late, or on two machines changes nothing more: rounds are unique by assignment and date. Whether
    there is something to do is only read: nobody who writes waits for a look that finds nothing.
    """
    with transactions(write=False):
        behind = [one.id for one in db.session.execute(_RUNNING) if actions.is_behind(one, one.newest, now)]
        moved = db.session.scalars(select(Round.id).where(Round.closed_at.is_(None), _has_moved(now))).all()
        to_remind = current_app.config["SETTINGS"].sends_mail and bool(reminders.undecided(now))
        db.session.commit()
    touched = (_make_missing(behind, now) if behind else 0) + (_let_move(moved, now) if moved else 0)
    touched += reminders.decide(now) if to_remind else 0
    db.session.commit()
    return touched


def _make_missing(behind: Sequence[UUID], now: datetime) -> int:
    """In the order in which they were given: the order of rows tells nothing that a random id has decided."""
    given = select(Assignment).where(Assignment.id.in_(behind))
    found = db.session.scalars(given.order_by(Assignment.assigned_at, Assignment.slug)).all()
    return sum(len(actions.open_due_rounds(assignment, now)) for assignment in found)


def _let_move(moved: Sequence[UUID], now: datetime) -> int:
    there = select(Round).where(Round.id.in_(moved), Round.closed_at.is_(None))
    there = there.options(selectinload(Round.turns), selectinload(Round.events))
    rounds = db.session.scalars(there.order_by(Round.closes_at, Round.number)).all()
    ceilings = safety.ceilings_of({round_.couple_id for round_ in rounds}, now)
    for round_ in rounds:
        actions.sync(round_, now, ceiling=ceilings[round_.couple_id])
    return len(rounds)


def _has_moved(now: datetime) -> ColumnElement[bool]:
    """True for rounds in which time alone has changed something since they were folded last."""
    opens = and_(Turn.state == "waiting", Turn.since <= now)
    ends = and_(Turn.state.in_(rules.TO_WRITE), Turn.until <= now)
    return or_(Round.closes_at <= now, Round.turns.any(or_(opens, ends)))


_newest = select(func.max(Round.local_on)).where(Round.assignment_id == Assignment.id)
_RUNNING = (
    select(Assignment.id, Assignment.zone, Assignment.cadence, Assignment.starts_on, Assignment.resumed_on)
    .add_columns(_newest.scalar_subquery().label("newest"))
    .join(Couple, Couple.id == Assignment.couple_id)
    .where(Couple.paused_at.is_(None), Couple.closed_at.is_(None), Assignment.state == "active")
)
"""When every running assignment has its rounds, and the local date of the newest one; looked at every few seconds."""
