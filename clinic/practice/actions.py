"""Verbs of the practice: found it, write its letterhead, its policy and its crisis resources."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinic import audit
from clinic.access import SYSTEM, Viewer
from clinic.extensions import db
from clinic.practice import library
from clinic.practice.models import Practice

LETTERHEAD = ("name", "address", "phone", "email", "web", "sender", "zone", "paper", "locale")


class PracticeError(Exception):
    """An act that is not possible; the message says what to do."""


def found(name: str, zone: str = "Etc/UTC", paper: str = "A4", **letterhead: Any) -> Practice:
    """A new practice; its people come after it."""
    _must_be_a_zone(zone)
    letterhead.setdefault("locale", library.locale_of(zone))
    practice = Practice(name=name, zone=zone, paper=paper, **letterhead)
    db.session.add(practice)
    db.session.flush()
    audit.record(house_of(practice), "found", practice)
    return practice


def house_of(practice: Practice) -> Viewer:
    """The house itself, acting for a practice."""
    return replace(SYSTEM, practice_id=practice.id)


def write_letterhead(viewer: Viewer, practice: Practice, **values: str) -> None:
    """Change how the practice shows itself; the trail names what changed, not the words."""
    _must_be_a_zone(values.get("zone", practice.zone))
    changed = [name for name in LETTERHEAD if name in values and getattr(practice, name) != values[name]]
    for name in changed:
        setattr(practice, name, values[name])
    if changed:
        audit.record(viewer, "write letterhead", practice, changed=changed)


def write_policy(viewer: Viewer, practice: Practice, text: str) -> None:
    """Put a new version of the policy in force; what was written before keeps the version it was written under."""
    if text == practice.policy:
        return
    practice.policy, practice.policy_version = text, practice.policy_version + 1
    audit.record(viewer, "write policy", practice, version=practice.policy_version)


def list_crisis_lines(viewer: Viewer, practice: Practice, lines: Sequence[dict[str, str]]) -> None:
    """Use these resources instead of the locale's; an empty list goes back to those."""
    practice.crisis = [dict(line) for line in lines] or None
    audit.record(viewer, "list crisis lines", practice, lines=len(lines))


def keep_recovery_key(viewer: Viewer, practice: Practice, now: datetime | None) -> None:
    """Somebody has shown that the recovery key lies on paper; None when a new key has to be shown again."""
    practice.recovery_kept_at = now
    audit.record(viewer, "keep recovery key" if now else "change master key", practice)


def _must_be_a_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PracticeError(f"{zone} is not the name of a time zone. Try one like Europe/Vienna.") from error
