"""Background work of reflections, pulled from rows: words whose moment of opening has come."""

from datetime import datetime

from sqlalchemy import select

from clinic.extensions import db
from clinic.homework.models import Round, Turn
from clinic.reflections import actions


def due(now: datetime) -> int:
    """Perform every opening that is due (a hold that ended, a ceiling that rose); returns how many."""
    waiting = list(db.session.scalars(select(Round.id).where(Round.turns.any(Turn.awaits_opening))))
    return sum(_open_in(round_id, now) for round_id in waiting)


def _open_in(round_id: object, now: datetime) -> int:
    """One round, one transaction: read again under the lock, so that two workers never open twice."""
    db.session.commit()
    done = actions.perform_openings(db.session.get_one(Round, round_id), now)
    db.session.commit()
    return done
