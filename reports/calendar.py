"""The feed of a calendar program (RFC 5545): "Appointment", when, and in which zone. Nothing that anybody wrote."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from clinic.appointments.summary import Entry

TITLE = "Appointment"
LOOKS_AGAIN = timedelta(hours=6)


def calendar_feed(entries: Sequence[Entry], now: datetime) -> bytes:
    """The whole calendar; what was canceled stands in it as canceled, so that programs take it away."""
    calendar = Calendar()
    calendar.add("prodid", "-//Notes//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("refresh-interval", LOOKS_AGAIN, parameters={"value": "DURATION"})
    for entry in entries:
        calendar.add_component(_event(entry, now))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(entry: Entry, now: datetime) -> Event:
    starts = entry.starts_at.astimezone(ZoneInfo(entry.zone))
    event = Event()
    event.add("uid", str(entry.id))
    event.add("dtstamp", now)
    event.add("dtstart", starts)
    # A length and no end: within the hour that comes twice, the end would read as earlier than the start.
    event.add("duration", timedelta(minutes=entry.minutes))
    event.add("summary", TITLE)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if entry.is_canceled else "CONFIRMED")
    return event
