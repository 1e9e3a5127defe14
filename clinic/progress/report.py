"""Reads that only a report asks for: appointments as its audience knows them, ratings, and who signs."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, or_, select

from clinic import clock
from clinic.access import Viewer
from clinic.accounts.models import StaffMember
from clinic.appointments.models import Appointment
from clinic.couples.models import Couple
from clinic.exercises.document import TrustPractice
from clinic.exercises.queries import document_of
from clinic.extensions import db
from clinic.homework.models import Assignment, Round
from clinic.progress.queries import POSITIONS
from clinic.progress.summary import Audience, Period
from clinic.reflections.models import RoundReview


def appointments_for(
    viewer: Viewer, couple: Couple, audience: Audience, period: Period
) -> Sequence[Appointment]:
    """Appointments of the period that this audience knows of: an individual one is its partner's alone."""
    starts = clock.day_starts(period.starts_on, couple.zone)
    ends = clock.day_ends(period.ends_on, couple.zone)
    rows = _appointments(couple, audience).where(
        Appointment.starts_at >= starts, Appointment.starts_at < ends
    )
    return db.session.scalars(rows.order_by(Appointment.starts_at)).all()


def next_appointment(viewer: Viewer, couple: Couple, audience: Audience, now: datetime) -> Appointment | None:
    """The next one that this audience knows of."""
    rows = _appointments(couple, audience).where(
        Appointment.starts_at > now, Appointment.state == "scheduled"
    )
    return db.session.scalar(rows.order_by(Appointment.starts_at).limit(1))


def _appointments(couple: Couple, audience: Audience) -> Select[Appointment]:
    rows = select(Appointment).where(Appointment.couple_id == couple.id)
    if audience == "counselor":
        return rows
    own = [one.id for one in couple.partners if one.position == POSITIONS.get(audience)]
    return rows.where(or_(Appointment.kind == "joint", Appointment.partner_id.in_(own)))


def quality_of(viewer: Viewer, couple: Couple, period: Period) -> dict[TrustPractice, list[float]]:
    """The counselors' ratings of the period, 0 to 4 told as 0 to 10, by practice."""
    rows = db.session.execute(
        select(RoundReview, Assignment)
        .join(Round, Round.id == RoundReview.round_id)
        .join(Assignment, Assignment.id == Round.assignment_id)
        .where(RoundReview.couple_id == couple.id, RoundReview.quality_sealed.is_not(None))
        .where(Round.local_on.between(period.starts_on, period.ends_on))
    )
    found: dict[TrustPractice, list[float]] = {}
    for review, assignment in rows:
        key = document_of(assignment.version).trust_practice
        found.setdefault(key, []).extend(2.5 * value for value in (review.quality or {}).values())
    return found


def signature_of(viewer: Viewer) -> str:
    """Who writes, with the credential."""
    member = db.session.get(StaffMember, viewer.staff_id) if viewer.staff_id else None
    return ", ".join(part for part in (member.name, member.credential) if part) if member else ""
