"""Reads of appointments: joint ones are both partners', an individual one is that partner's own matter."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from clinic.access import Viewer
from clinic.appointments.models import AgendaItem, Appointment
from clinic.appointments.rules import CANCELED
from clinic.appointments.summary import Entry
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises.document import Again, Field
from clinic.extensions import asked_once, db
from clinic.homework import queries as homework
from clinic.homework.models import Assignment, Round, Turn
from clinic.practice.models import PRESENT
from clinic.reflections import queries as reflections
from clinic.reflections.models import Reflection


def visible_to(viewer: Viewer) -> Select[Appointment]:
    """Staff: those of the couples they may see. A client: the couple's joint ones and the own individual ones."""
    if viewer.is_staff or viewer.is_system:
        return select(Appointment).where(Appointment.couple_id.in_(_ids(couples.visible_to(viewer))))
    if not viewer.is_client:
        return select(Appointment).where(false())
    together = couples.visible_to(viewer).where(Couple.separated_at.is_(None))
    joint = and_(Appointment.kind == "joint", Appointment.couple_id.in_(_ids(together)))
    return select(Appointment).where(or_(joint, Appointment.partner_id.in_(viewer.partner_ids)))


def _ids(of: Select[Couple]) -> Select[tuple[UUID]]:
    return of.with_only_columns(Couple.id)


def get_for(viewer: Viewer, appointment_id: UUID) -> Appointment | None:
    """One appointment that this viewer may know of."""
    return db.session.scalar(visible_to(viewer).where(Appointment.id == appointment_id))


def work_for(viewer: Viewer, appointment_id: UUID) -> Appointment | None:
    """One appointment of a couple in which this viewer may act."""
    workable = _ids(couples.workable_by(viewer))
    return db.session.scalar(
        select(Appointment).where(Appointment.id == appointment_id, Appointment.couple_id.in_(workable))
    )


def next_at() -> ColumnElement[datetime]:
    """When a couple meets next, as a column of a statement about couples: for the caseload of who works with them."""
    return (
        select(func.min(Appointment.starts_at))
        .where(
            Appointment.couple_id == Couple.id,
            Appointment.starts_at >= PRESENT,
            Appointment.state == "scheduled",
        )
        .correlate(Couple)
        .scalar_subquery()
    )


def next_for(viewer: Viewer, couple_id: UUID, now: datetime) -> Appointment | None:
    """The next appointment that this viewer may know of."""
    coming = visible_to(viewer).where(Appointment.couple_id == couple_id, Appointment.state == "scheduled")
    return db.session.scalar(
        coming.where(Appointment.starts_at >= now).order_by(Appointment.starts_at).limit(1)
    )


def between(viewer: Viewer, start: datetime, end: datetime) -> Sequence[Appointment]:
    """The appointments of one who works here, in order; canceled ones are gone."""
    own = visible_to(viewer).where(Appointment.staff_id == viewer.staff_id)
    when = (Appointment.starts_at >= start, Appointment.starts_at < end)
    is_on = Appointment.state.not_in(CANCELED)
    return db.session.scalars(own.where(*when, is_on).order_by(Appointment.starts_at)).all()


@asked_once
def of_couple(viewer: Viewer, couple_id: UUID) -> Sequence[Appointment]:
    """All appointments of a couple that this viewer may know of, the latest first."""
    rows = visible_to(viewer).where(Appointment.couple_id == couple_id)
    return db.session.scalars(rows.order_by(Appointment.starts_at.desc())).all()


def joint_ahead(couple_id: UUID, now: datetime) -> Sequence[Appointment]:
    """The appointments with both that are still to come."""
    rows = select(Appointment).where(Appointment.couple_id == couple_id, Appointment.kind == "joint")
    coming = rows.where(Appointment.state == "scheduled", Appointment.starts_at > now)
    return db.session.scalars(coming.order_by(Appointment.starts_at)).all()


def feed_of(owner: Viewer, start: datetime, *, has_individual: bool) -> list[Entry] | None:
    """What a calendar shows: of who works here the own appointments, of a client the joint ones and, if chosen, those
    alone. Canceled ones are in it as canceled. None for who is neither any more."""
    assert owner.person_id is not None
    whole = owner if owner.is_staff else replace(owner, sides=couples.sides_of(owner.person_id))
    if not whole.is_staff and not whole.is_client:
        return None
    rows = visible_to(whole).where(Appointment.starts_at >= start)
    if owner.is_staff:
        rows = rows.where(Appointment.staff_id == owner.staff_id)
    elif not has_individual:
        rows = rows.where(Appointment.kind == "joint")
    found = db.session.scalars(rows.order_by(Appointment.starts_at, Appointment.id)).all()
    return [Entry(one.id, one.starts_at, one.minutes, one.zone, one.state in CANCELED) for one in found]


# Rounds that belong to appointments


def prepared_for(appointment: Appointment) -> Sequence[Round]:
    """The rounds that were made for an appointment."""
    return db.session.scalars(select(Round).where(Round.appointment_id == appointment.id)).all()


def to_prepare(couple_id: UUID | None, now: datetime) -> list[tuple[Assignment, Appointment]]:
    """Assignments whose round before the next appointment is missing; of one couple, or of all that are at work.

    Four statements, however many they are: the background asks every few seconds.
    """
    given = _preparing(couple_id)
    if not given:
        return []
    made = select(Round.assignment_id, Round.appointment_id).where(
        Round.assignment_id.in_([one.id for one in given]), Round.appointment_id.is_not(None)
    )
    there = {tuple(row) for row in db.session.execute(made)}
    coming = _coming({one.couple_id for one in given}, now)
    nearest = [(one, _next_to_prepare(one, coming[one.couple_id])) for one in given]
    return [(one, next_) for one, next_ in nearest if next_ and (one.id, next_.id) not in there]


def _preparing(couple_id: UUID | None) -> Sequence[Assignment]:
    """Active assignments that have a round before each appointment."""
    running = (
        select(Assignment).join(Couple, Couple.id == Assignment.couple_id).where(Assignment.state == "active")
    )
    before = Assignment.cadence["appointment"].as_integer().is_not(None)
    running = running.where(before, Couple.paused_at.is_(None), Couple.closed_at.is_(None))
    running = running.options(selectinload(Assignment.recipients))
    running = running.order_by(Assignment.assigned_at, Assignment.slug)
    return db.session.scalars(
        running.where(Assignment.couple_id == couple_id) if couple_id else running
    ).all()


def _coming(couple_ids: Collection[UUID], now: datetime) -> dict[UUID, list[Appointment]]:
    rows = select(Appointment).where(Appointment.couple_id.in_(couple_ids), Appointment.state == "scheduled")
    found: dict[UUID, list[Appointment]] = defaultdict(list)
    for row in db.session.scalars(rows.where(Appointment.starts_at > now).order_by(Appointment.starts_at)):
        found[row.couple_id].append(row)
    return found


def _next_to_prepare(assignment: Assignment, coming: Sequence[Appointment]) -> Appointment | None:
    """The next appointment that an assignment prepares: a joint one, or one of its only recipient."""
    recipients = {one.partner_id for one in assignment.recipients}
    own = recipients if len(recipients) == 1 else set()
    return next((one for one in coming if one.kind == "joint" or one.partner_id in own), None)


# What to bring up


def agenda_of(viewer: Viewer, couple_id: UUID) -> Sequence[AgendaItem]:
    """What the counselors want to bring up with a couple, in the order in which it was marked; staff only."""
    return db.session.scalars(
        _agenda(viewer)
        .where(AgendaItem.couple_id == couple_id, AgendaItem.done_at.is_(None))
        .order_by(AgendaItem.marked_at)
    ).all()


def words_on(viewer: Viewer, agenda: Sequence[AgendaItem]) -> dict[UUID, tuple[Turn, Reflection | None]]:
    """By item, the turn that it is about and what stands there now, none when it was taken back or closed."""
    whole = joinedload(Turn.round).joinedload(Round.assignment).lazyload(Assignment.recipients)
    about = select(Turn).where(Turn.id.in_([item.turn_id for item in agenda])).options(whole)
    turns = {turn.id: turn for turn in db.session.scalars(about)}
    sent = reflections.standing_for(viewer, turns.values())
    return {item.id: (turns[item.turn_id], sent.get(item.turn_id)) for item in agenda}


def agenda_item_for(viewer: Viewer, item_id: UUID) -> AgendaItem | None:
    """One of them, of a couple in which this viewer may act."""
    workable = _ids(couples.workable_by(viewer))
    return db.session.scalar(
        select(AgendaItem).where(AgendaItem.id == item_id, AgendaItem.couple_id.in_(workable))
    )


def brought_to(viewer: Viewer, couple_id: UUID) -> list[tuple[Reflection, Field, Any]]:
    """Answers that their document marks for the agenda, sent for an appointment that is still to come; staff only."""
    if not viewer.is_staff:
        return []
    coming = of_couple(viewer, couple_id)
    ids = [one.id for one in coming if one.state == "scheduled"]
    return [
        (row, asked, answer)
        for row in reflections.sent_for(viewer, ids)
        for asked in homework.document_for(row.turn.round).turns[row.turn.key].fields
        if asked.marks == "agenda" and (answer := reflections.as_sent(row).answers.get(asked.key)) is not None
    ]


def _agenda(viewer: Viewer) -> Select[AgendaItem]:
    if not viewer.is_staff:
        return select(AgendaItem).where(false())
    return select(AgendaItem).where(AgendaItem.couple_id.in_(_ids(couples.visible_to(viewer))))


def unmet() -> list[tuple[Turn, str]]:
    """Last tries that did not come to what their loop waits for and are on no list yet, with the field that says so.

    None of one whose words end, or have ended: what was on a list of theirs went with them.
    """
    on_list = select(AgendaItem.id).where(AgendaItem.turn_id == Turn.id)
    tried = select(Turn).where(Turn.attempt > 1, Turn.state == "sent", Turn.is_kept.is_(False))
    tried = tried.where(~on_list.exists(), Turn.partner_id.not_in(couples.CLOSED))
    found = [(turn, _asked(turn)) for turn in db.session.scalars(tried)]
    return [(turn, next(iter(loop.until))) for turn, loop in found if loop and _was_last(turn, loop)]


def _asked(turn: Turn) -> Again | None:
    return homework.document_for(turn.round).turns[turn.key].again


def _was_last(turn: Turn, loop: Again) -> bool:
    """True for the last try of a loop that goes to an appointment, when it was not met."""
    sent = [event for event in turn.round.events if event.turn_id == turn.id and event.kind == "sent"]
    is_met = bool(sent and sent[-1].detail.get("met"))
    return loop.otherwise == "to_appointment" and turn.attempt == loop.attempts and not is_met


def turn_to_bring_up(viewer: Viewer, turn_id: UUID) -> Turn | None:
    """A turn with words, of a couple in which this viewer may act."""
    workable = _ids(couples.workable_by(viewer))
    turn = db.session.scalar(select(Turn).where(Turn.id == turn_id, Turn.couple_id.in_(workable)))
    return turn if turn is not None and reflections.standing_for(viewer, [turn]) else None
