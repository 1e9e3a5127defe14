"""Background work of reflections, pulled from rows: words whose moment of opening has come."""

import logging
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from clinic import vault
from clinic.extensions import db, transactions
from clinic.homework import queries as rounds
from clinic.homework.models import Round, Turn
from clinic.reflections import actions
from clinic.safety import queries as safety

log = logging.getLogger("goldseam.jobs")


def due(now: datetime) -> int:
    """Perform every opening that is due (a hold that ended, a ceiling that rose); returns how many."""
    return sum(_tried(round_id, now) for round_id in _with_something_due(now))


def _with_something_due(now: datetime) -> list[UUID]:
    """Most rounds that wait go on waiting: that is only read, and nobody who writes waits for it."""
    waiting = select(Round).where(Round.turns.any(Turn.awaits_opening))
    with transactions(write=False):
        waiting = waiting.options(selectinload(Round.turns), selectinload(Round.events))
        found = db.session.scalars(waiting.order_by(Round.opens_at, Round.number)).all()
        ceilings = safety.ceilings_of({one.couple_id for one in found}, now) if found else {}
        ids = [one.id for one in found if rounds.state_of(one, now, ceiling=ceilings[one.couple_id]).due]
        db.session.commit()
    return ids


def _tried(round_id: UUID, now: datetime) -> int:
    """Words that somebody at the database damaged keep their own round closed, and no other."""
    try:
        return _open_in(round_id, now)
    except vault.VaultError as error:
        db.session.rollback()
        log.error("A round could not open (%s).", type(error).__name__)
        return 0


def _open_in(round_id: UUID, now: datetime) -> int:
    """One round, one transaction: folded again under the lock, so that two workers never open twice."""
    done = actions.perform_openings(db.session.get_one(Round, round_id), now)
    db.session.commit()
    return done
