"""A counselor's appointments of one day, with what is marked to be brought up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from clinic import clock
from clinic.access import Viewer
from clinic.appointments.models import AgendaItem, Appointment
from clinic.couples.models import Couple, Partner
from clinic.extensions import db


@dataclass(frozen=True)
class Meeting:
    """One of today's appointments, with how many answers are marked to be brought up."""

    appointment: Appointment
    couple: Couple
    partner: Partner | None
    marked: int


def met_today(viewer: Viewer, zone: str, now: datetime) -> list[tuple[Appointment, int]]:
    """The viewer's own appointments of the calendar's day, each with how many answers are marked for it."""
    day = now.astimezone(ZoneInfo(zone)).date()
    marked = (
        select(func.count(AgendaItem.id))
        .where(AgendaItem.couple_id == Appointment.couple_id, AgendaItem.done_at.is_(None))
        .scalar_subquery()
    )
    rows = (
        select(Appointment, marked)
        .where(
            Appointment.staff_id == viewer.staff_id, Appointment.state.in_(("scheduled", "held", "no_show"))
        )
        .where(
            Appointment.starts_at >= clock.midnight(day, zone),
            Appointment.starts_at < clock.midnight(day + timedelta(days=1), zone),
        )
        .order_by(Appointment.starts_at)
    )
    return [(row, count) for row, count in db.session.execute(rows)]


def ends(row: Appointment) -> datetime:
    """When it is over."""
    return row.starts_at + timedelta(minutes=row.minutes)


def meeting(row: Appointment, couple: Couple, marked: int) -> Meeting:
    """An appointment with the couple that it is with."""
    partner = next((one for one in couple.partners if one.id == row.partner_id), None)
    return Meeting(row, couple, partner, marked)
