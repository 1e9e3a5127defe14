"""Verbs of appointments: schedule, move, cancel, hold; the rounds that prepare them; what to bring up."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from clinic import audit
from clinic.access import Viewer
from clinic.appointments import queries, rules
from clinic.appointments.models import AgendaItem, Appointment
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Round, Turn
from clinic.reflections import actions as reflections


class AppointmentError(Exception):
    """An act that is not possible; the message says what to do."""


@dataclass(frozen=True)
class Slot:
    """When and with whom: `partner_id` makes it an individual appointment. `starts_at` is aware."""

    starts_at: datetime
    zone: str
    minutes: int = 50
    partner_id: UUID | None = None


def schedule(viewer: Viewer, couple: Couple, slot: Slot, now: datetime) -> Appointment:
    """A new appointment; what prepares it is made at once."""
    if viewer.staff_id is None:
        raise AppointmentError("Only a counselor schedules an appointment.")
    if slot.partner_id is None and couple.separated_at is not None:
        raise AppointmentError("They are separated: meet each of them alone.")
    _must_come(slot.starts_at, now)
    appointment = Appointment(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        staff_id=viewer.staff_id,
        kind="individual" if slot.partner_id else "joint",
        partner_id=slot.partner_id,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        zone=slot.zone,
    )
    db.session.add(appointment)
    audit.record(viewer, "schedule", appointment)
    prepare(couple.id, now)
    return appointment


def _must_come(starts_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise AppointmentError("That moment has gone by. Choose one that is still to come.")


def move(viewer: Viewer, appointment: Appointment, slot: Slot, now: datetime) -> None:
    """Another time for the same meeting; its preparation moves along."""
    _must_be_scheduled(appointment)
    _must_come(slot.starts_at, now)
    appointment.starts_at = slot.starts_at.astimezone(UTC)
    appointment.minutes, appointment.zone = slot.minutes, slot.zone
    for round_ in queries.prepared_for(appointment):
        homework.move_round(round_, appointment.starts_at, now)
    audit.record(viewer, "move", appointment)
    prepare(appointment.couple_id, now)


def _must_be_scheduled(appointment: Appointment) -> None:
    if appointment.state != "scheduled":
        raise AppointmentError("This appointment has been settled already.")


def cancel(viewer: Viewer, appointment: Appointment, now: datetime) -> None:
    """It does not take place; within a day before it, that is late. Its preparation closes for whoever has it."""
    _must_be_scheduled(appointment)
    is_late = now > appointment.starts_at - rules.LATE
    _settle(viewer, appointment, "late_canceled" if is_late else "canceled", now)
    _close_preparation(appointment, now)
    prepare(appointment.couple_id, now)


def miss(viewer: Viewer, appointment: Appointment, now: datetime) -> None:
    """Nobody came."""
    _must_have_begun(appointment, now)
    _settle(viewer, appointment, "no_show", now)


def hold(viewer: Viewer, appointment: Appointment, now: datetime) -> int:
    """It took place. After a joint one, sealed words that waited for it open; returns how many."""
    _must_have_begun(appointment, now)
    _settle(viewer, appointment, "held", now)
    if appointment.kind != "joint":
        return 0
    took_place_at = min(now, rules.ended_at(appointment.starts_at, appointment.minutes))
    touched = homework.note_appointment(appointment.couple_id, took_place_at, now)
    return sum(reflections.perform_openings(round_, now) for round_ in touched)


def _must_have_begun(appointment: Appointment, now: datetime) -> None:
    _must_be_scheduled(appointment)
    if now < appointment.starts_at:
        raise AppointmentError("It has not begun yet.")


def _settle(viewer: Viewer, appointment: Appointment, state: str, now: datetime) -> None:
    appointment.state, appointment.settled_at = state, now
    audit.record(viewer, state.replace("_", " "), appointment)


def sever(viewer: Viewer, couple: Couple, now: datetime) -> None:
    """The two work together no longer: what they had open closes, and their joint appointments do not take place."""
    homework.sever(couple, now)
    for appointment in queries.joint_ahead(couple.id, now):
        _settle(viewer, appointment, "canceled", now)
        _close_preparation(appointment, now)
    prepare(couple.id, now)


# Preparation


def _close_preparation(appointment: Appointment, now: datetime) -> None:
    for round_ in queries.prepared_for(appointment):
        homework.note(round_, "closed", now)


def prepare(couple_id: UUID | None, now: datetime) -> list[Round]:
    """Make the rounds before the next appointment that are missing: of one couple or of all; each once."""
    return [
        homework.open_round_before(assignment, appointment.id, appointment.starts_at, now)
        for assignment, appointment in queries.to_prepare(couple_id, now)
    ]


# What to bring up


def bring_up(viewer: Viewer, turn: Turn, field: str, now: datetime) -> AgendaItem:
    """Mark an answer for the next appointment; what was marked and done before is open again."""
    if viewer.staff_id is None:
        raise AppointmentError("Only a counselor marks what to bring up.")
    item = db.session.scalar(
        select(AgendaItem).where(AgendaItem.turn_id == turn.id, AgendaItem.field == field)
    )
    if item is None:
        item = AgendaItem(
            couple_id=turn.couple_id,
            turn_id=turn.id,
            field=field,
            marked_by_id=viewer.staff_id,
            marked_at=now,
        )
        db.session.add(item)
    elif item.done_at is not None:
        item.marked_by_id, item.marked_at, item.done_at = viewer.staff_id, now, None
    audit.record(viewer, "bring up", item)
    return item


def bring_up_unmet(now: datetime) -> list[AgendaItem]:
    """What three tries did not settle goes to the appointment, in the name of the counselor who gave the exercise."""
    items = []
    for turn, field in queries.unmet():
        given = turn.round.assignment
        for_counselor = Viewer(practice_id=given.practice_id, staff_id=given.assigned_by_id)
        items.append(bring_up(for_counselor, turn, field, now))
    return items


def talked_about(viewer: Viewer, item: AgendaItem, now: datetime) -> None:
    """It was brought up."""
    if item.done_at is None:
        item.done_at = now
        audit.record(viewer, "talked about", item)
