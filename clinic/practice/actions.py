"""Verbs of the practice: found it, write its letterhead, its papers and its crisis resources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clinic import audit
from clinic.access import SYSTEM, Viewer
from clinic.extensions import db
from clinic.practice import library, queries, rules
from clinic.practice.models import ConsentDocument, Practice

LETTERHEAD = ("name", "address", "phone", "email", "web", "sender", "zone", "paper", "locale")


class PracticeError(Exception):
    """An act that is not possible; the message says what to do."""


def found(
    name: str, zone: str = "Etc/UTC", paper: str = "A4", *, now: datetime, **letterhead: Any
) -> Practice:
    """A new practice; its people come after it. Its papers are the finished ones until it publishes its own."""
    _must_be_a_zone(zone)
    letterhead.setdefault("locale", library.locale_of(zone))
    practice = Practice(name=name, zone=zone, paper=paper, **letterhead)
    db.session.add(practice)
    db.session.flush()
    audit.record(house_of(practice), "found", practice)
    for kind, form in (("consent", ""), ("secrets", "limited")):
        shipped = Written(kind, library.papers()[form or kind], form)  # type: ignore[arg-type]  # two of the known ones
        publish_text(house_of(practice), practice, shipped, "now", now)
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


def set_terms(viewer: Viewer, practice: Practice, undo_days: int, retention_years: int) -> None:
    """How long an erasure can be undone, and how long records are kept after the end of care."""
    practice.undo_days, practice.retention_years = undo_days, retention_years
    audit.record(viewer, "set terms", practice, undo_days=undo_days, retention_years=retention_years)


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


# Papers that clients sign


@dataclass(frozen=True)
class Written:
    """A text for one of the papers, and which form of a policy it is."""

    kind: rules.Kind
    text: str
    form: str = ""


def save_draft(viewer: Viewer, practice: Practice, written: Written, now: datetime) -> ConsentDocument:
    """Keep what the owner wrote; nobody signs it before it is published."""
    draft = queries.draft_of(practice, written.kind)
    if draft is None:
        draft = ConsentDocument(practice_id=practice.id, kind=written.kind, number=None)
        db.session.add(draft)
    text = rules.normalized(written.text)
    draft.form, draft.text, draft.saved_at = written.form, text, now
    draft.text_hash, draft.label = rules.text_hash(text), rules.label_of(text)
    audit.record(viewer, "save draft", draft, kind=written.kind)
    return draft


def let_go_of_draft(viewer: Viewer, draft: ConsentDocument) -> None:
    """The draft is not needed; what was published stays."""
    audit.record(viewer, "let go of draft", draft, kind=draft.kind)
    db.session.delete(draft)


def publish(
    viewer: Viewer,
    practice: Practice,
    draft: ConsentDocument,
    grace: rules.Grace,
    effective_at: datetime,
    now: datetime,
) -> None:
    """Make the draft the next version. From here on it never changes, nor what it asks of those who signed before."""
    versions = queries.versions_of(practice, draft.kind)
    if said := rules.mistakes(draft.kind, draft.text):  # type: ignore[arg-type]  # one of the two
        raise PracticeError(" ".join(said))
    if versions and versions[0].text_hash == draft.text_hash and versions[0].form == draft.form:
        raise PracticeError("This is word for word the version that was published last.")
    if versions and versions[0].effective_at is not None and effective_at < versions[0].effective_at:
        raise PracticeError("An earlier version is still to come into force; this one cannot come before it.")
    draft.number = (versions[0].number or 0) + 1 if versions else 1
    draft.published_at, draft.published_by_id = now, viewer.staff_id
    draft.effective_at, draft.earlier_until = effective_at, rules.earlier_until(grace, effective_at)
    audit.record(viewer, "publish", draft, kind=draft.kind, number=draft.number, text=draft.text_hash)
    db.session.flush()
    db.session.expire(practice, ["policy", "policy_version"])


def publish_text(
    viewer: Viewer, practice: Practice, written: Written, grace: rules.Grace, now: datetime
) -> ConsentDocument:
    """Write a text and publish it in one act, in force from now on."""
    draft = save_draft(viewer, practice, written, now)
    db.session.flush()
    publish(viewer, practice, draft, grace, now, now)
    return draft
