"""What a backup cannot know: what people took back, kept closer, called back or ended after it was made.

So a practice that comes back is held: nothing opens by itself, nobody is signed in, and nothing that was on its way is.
"""

from datetime import datetime

from sqlalchemy import select

from clinic.access import Viewer
from clinic.accounts import actions as accounts
from clinic.accounts.models import UserSession
from clinic.couples import actions as couples
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework.models import Turn
from clinic.practice import actions as practices
from clinic.practice import queries as practice_reads
from clinic.reflections import actions as reflections
from clinic.reflections import queries


def hold_all(now: datetime) -> int:
    """Pause every couple in care, call back every release on its way, end every sign-in; how many couples are held."""
    houses = {one.id: practices.house_of(one) for one in practice_reads.all_of_them()}
    for session in db.session.scalars(select(UserSession).where(UserSession.revoked_at.is_(None))).all():
        accounts.revoke(houses[session.account.person.practice_id], session, now)
    in_care = select(Couple).where(Couple.closed_at.is_(None))
    held = [_hold(houses[couple.practice_id], couple, now) for couple in db.session.scalars(in_care).all()]
    return sum(held)


def _hold(house: Viewer, couple: Couple, now: datetime) -> bool:
    """False for one that was paused already."""
    was_paused = couple.paused_at is not None
    couples.pause(house, couple, now)
    waiting = select(Turn).where(Turn.couple_id == couple.id, Turn.awaits_opening)
    for turn in db.session.scalars(waiting).all():
        if queries.released_at(turn):
            reflections.call_back(house, turn, now)
    return not was_paused
