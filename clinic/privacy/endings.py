"""How words end: a request or the end of their time, a period in which everything is closed, then they are shredded."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from clinic import audit, vault
from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import reminders
from clinic.homework.models import Assignment, Turn
from clinic.practice import queries as practices
from clinic.privacy import queries, shredding
from clinic.privacy.models import Ending, OwnCopy
from clinic.privacy.rules import Cause, RightsError
from clinic.reflections import actions as reflections
from clinic.reflections.actions import Author
from clinic.reflections.openings import NotNow


def close(viewer: Viewer, partner: Partner, cause: Cause, reason: str, now: datetime) -> Ending:
    """Begin to end a partner's words: closed at once to everybody, and shredded when the practice's period is over."""
    _must_be_possible(partner, cause, now)
    practice = practices.by_id(partner.practice_id)
    _keep_from_opening(viewer, partner, now)
    partner.closed_at = now
    db.session.flush()
    reminders.weigh(now, couple_id=partner.couple_id)
    db.session.execute(delete(OwnCopy).where(OwnCopy.person_id == partner.person_id))
    ending = Ending(
        practice_id=partner.practice_id,
        couple_id=partner.couple_id,
        partner_id=partner.id,
        cause=cause,
        reason=reason,
        asked_by_id=viewer.staff_id,
        asked_at=now,
        due_at=now + timedelta(days=practice.undo_days),
    )
    db.session.add(ending)
    audit.record(viewer, "begin to end", ending, cause=cause, partner=str(partner.id))
    return ending


def _must_be_possible(partner: Partner, cause: Cause, now: datetime) -> None:
    if partner.closed_at is not None:
        raise RightsError("The words of this one end already, or have ended.")
    if queries.holds_on(partner):
        raise RightsError("A legal hold keeps this record. Nothing of it can end before the hold is lifted.")
    if cause == "retention" and not queries.is_over(partner, now):
        raise RightsError("The time for which this record is kept is not over yet.")


def _keep_from_opening(viewer: Viewer, partner: Partner, now: datetime) -> None:
    """What waits to open stays with the counselor, as if its author had kept it: to the other it looks unanswered."""
    waiting = select(Turn).where(Turn.couple_id == partner.couple_id, Turn.awaits_opening)
    mine = waiting.where(or_(Turn.partner_id == partner.id, Turn.sent_by_id == partner.id))
    with vault.house("ending"):
        for turn in db.session.scalars(mine).all():
            roles = {one.partner_id: one.role for one in turn.round.assignment.recipients}
            author = Author(viewer, partner.id, turn, roles.get(partner.id, "mutual"))
            for fields in ((), tuple(one.key for one in author.asked.fields)):
                try:
                    reflections.narrow(author, fields, now)
                    break
                except NotNow:  # a part of it has opened: then what has not, answer by answer
                    continue


def undo(viewer: Viewer, ending: Ending, now: datetime) -> None:
    """Nothing ends: the side is open again, with everything that its partner wrote."""
    if ending.state != "closed":
        raise RightsError("This cannot be undone any more.")
    partner = db.session.get_one(Partner, ending.partner_id)
    partner.closed_at = None
    ending.state, ending.settled_at, ending.settled_by_id = "undone", now, viewer.staff_id
    audit.record(viewer, "undo ending", ending, partner=str(partner.id))


def shred_due(now: datetime) -> int:
    """Shred what was not undone in time and is under no hold, each in a transaction of its own; how many."""
    done = 0
    for id_ in queries.due_endings(now):
        ending = db.session.get_one(Ending, id_)
        partner = db.session.get_one(Partner, ending.partner_id)
        if ending.state == "closed" and not queries.holds_on(partner):
            ending.state, ending.settled_at = "shredded", now
            shredding.shred_partner(partner, now)
            done += 1
        db.session.commit()
    return done


# The end of care


def end_care(
    viewer: Viewer, couple: Couple, partners: Collection[Partner], on: datetime, now: datetime
) -> None:
    """Care ends for both, or for one of two who separated; from that day the time of each record runs."""
    if len(partners) < 2 and couple.separated_at is None:
        raise RightsError("Care ends for both. When they separate, it can end for each on another day.")
    if couple.separated_at is None:
        couples.above().sever(viewer, couple, now)
    for partner in partners:
        if partner.left_at is None:
            partner.left_at = on
            audit.record(viewer, "end care", partner)
    _end_alone(viewer, couple, now)
    if all(one.left_at for one in couple.partners):
        couple.closed_at = now


def _end_alone(viewer: Viewer, couple: Couple, now: datetime) -> None:
    """What was given to somebody alone ends with that one's care."""
    gone = {one.id for one in couple.partners if one.left_at}
    rows = select(Assignment).where(Assignment.couple_id == couple.id)
    for assignment in db.session.scalars(rows.where(Assignment.state.in_(("active", "paused")))).all():
        if {one.partner_id for one in assignment.recipients} <= gone:
            with suppress(homework.HomeworkError):  # its last round has closed by itself
                homework.end(viewer, assignment, now)


def take_up(viewer: Viewer, couple: Couple, now: datetime) -> None:
    """Care goes on: no time runs. What had ended stays ended; new exercises can be given."""
    if couple.partners and any(one.closed_at for one in couple.partners):
        raise RightsError("Words of this record end, or have ended. Undo that first, or begin a new record.")
    for partner in couple.partners:
        partner.left_at = None
    couple.closed_at = None
    audit.record(viewer, "take up care", couple)
