"""Background work of reflections, pulled from rows: words whose moment of opening has come."""

from datetime import datetime

from sqlalchemy import select

from clinic.extensions import db
from clinic.homework.models import Round, Turn
from clinic.reflections import actions


def due(now: datetime) -> int:
    """Perform every opening that is due (a hold that ended, a ceiling that rose); returns how many."""
    waiting = select(Round).where(Round.turns.any(Turn.awaits_opening))
    done = 0
    for round_ in db.session.scalars(waiting):
        done += actions.perform_openings(round_, now)
        db.session.commit()
    return done
