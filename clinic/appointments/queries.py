"""Reads of appointments."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from clinic.appointments.models import Appointment
from clinic.extensions import db


def next_at(couple_ids: Collection[UUID], now: datetime) -> dict[UUID, datetime]:
    """When each of these couples meets next, for the caseload of who works with them; one statement."""
    rows = db.session.execute(
        select(Appointment.couple_id, func.min(Appointment.starts_at))
        .where(Appointment.couple_id.in_(couple_ids), Appointment.starts_at >= now, Appointment.state == "scheduled")
        .group_by(Appointment.couple_id)
    )
    return {couple_id: starts_at for couple_id, starts_at in rows}
