"""Background work of appointments, pulled from rows: rounds that prepare the next one, and what goes to it."""

from datetime import datetime

from clinic.appointments import actions
from clinic.extensions import db


def due(now: datetime) -> int:
    """Make what is missing, in one transaction; returns how many rounds and points of the agenda were made."""
    made = len(actions.prepare(None, now)) + len(actions.bring_up_unmet(now))
    db.session.commit()
    return made
