"""Background work of appointments, pulled from rows: rounds that prepare the next one, and what goes to it."""

from datetime import datetime

from clinic.appointments import actions, queries
from clinic.extensions import db, transactions


def due(now: datetime) -> int:
    """Make what is missing, in one transaction; returns how many rounds and points of the agenda were made.

    Whether something is missing is only read: nobody who writes waits for a look that finds nothing.
    """
    with transactions(write=False):
        is_due = bool(queries.to_prepare(None, now) or queries.unmet())
        db.session.commit()
    made = len(actions.prepare(None, now)) + len(actions.bring_up_unmet(now)) if is_due else 0
    db.session.commit()
    return made
