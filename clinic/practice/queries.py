"""Reads of the practice: its row for its own people, the papers that they sign, and whom to call in danger."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, select

from clinic import clock
from clinic.access import Viewer
from clinic.extensions import db
from clinic.practice import library, rules
from clinic.practice.models import ConsentDocument, Practice
from clinic.practice.summary import Letterhead

ELSEWHERE = ("Emergency", "Use your local emergency number", "")
"""What stands where neither the practice nor its locale names a line."""


def visible_to(viewer: Viewer) -> Select[Practice]:
    """Everybody who signs in knows the own practice and no other."""
    if viewer.practice_id is None:
        return select(Practice).where(false())
    return select(Practice).where(Practice.id == viewer.practice_id)


def practice_of(viewer: Viewer) -> Practice | None:
    """The viewer's own practice."""
    return db.session.get(Practice, viewer.practice_id) if viewer.practice_id else None


def by_id(practice_id: UUID) -> Practice:
    """The practice of a row that the caller was allowed to see."""
    return db.session.get_one(Practice, practice_id)


def all_of_them() -> list[Practice]:
    """Every practice of this database; for the commands of whoever runs it."""
    return list(db.session.scalars(select(Practice).order_by(Practice.name)))


def only_one() -> Practice | None:
    """The practice of this house when there is exactly one: its phone may stand on the sign-in page."""
    first_two = db.session.scalars(select(Practice).limit(2)).all()
    return first_two[0] if len(first_two) == 1 else None


def crisis_lines(practice: Practice) -> list[tuple[str, str, str]]:
    """(name, number, note) of whom to call: the practice's own, else the locale's; never an empty list."""
    return [(row["name"], row["number"], row["note"]) for row in crisis_rows(practice)] or [ELSEWHERE]


def crisis_rows(practice: Practice) -> list[dict[str, Any]]:
    """The same with the day on which each was verified: name, number, note, last_verified (a date or None)."""
    if practice.crisis is None:
        return [asdict(line) for line in library.lines_of(practice.locale)]
    return [{"note": "", **row, "last_verified": _day(row.get("last_verified"))} for row in practice.crisis]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def last_verified(practice: Practice) -> date | None:
    """The oldest day on which its lines were verified; None when one of them never was."""
    days = [row["last_verified"] for row in crisis_rows(practice)]
    return min(days, default=None) if all(days) else None


def stale_since(practice: Practice, now: datetime) -> date | None:
    """The day on which its lines were verified when that is too long ago; None when it is not, or never was."""
    day = last_verified(practice)
    is_stale = day is not None and clock.local_day(now, practice.zone) - day > rules.VERIFIED_FOR
    return day if is_stale else None


def letterhead_of(practice: Practice) -> Letterhead:
    """The practice as it signs its papers."""
    return Letterhead(
        practice=practice.name,
        address=tuple(line for line in practice.address.splitlines() if line.strip()),
        phone=practice.phone,
        email=practice.email,
        web=practice.web,
    )


# Papers that clients sign


def documents_visible_to(viewer: Viewer) -> Select[ConsentDocument]:
    """What the own practice published, for everybody who signs in there; drafts are the owners'."""
    if viewer.practice_id is None:
        return select(ConsentDocument).where(false())
    own = select(ConsentDocument).where(ConsentDocument.practice_id == viewer.practice_id)
    return own if viewer.admitted("owners") else own.where(ConsentDocument.published_at.is_not(None))


def document_for(viewer: Viewer, document_id: UUID) -> ConsentDocument | None:
    """One version, when this viewer may read it."""
    return db.session.scalar(documents_visible_to(viewer).where(ConsentDocument.id == document_id))


def draft_of(practice: Practice, kind: str) -> ConsentDocument | None:
    """The draft of the next version, if there is one; for the owner's pages."""
    return db.session.scalar(_of(practice, kind).where(ConsentDocument.published_at.is_(None)))


def versions_of(practice: Practice, kind: str) -> Sequence[ConsentDocument]:
    """Every version that was published, the newest first."""
    rows = _of(practice, kind).where(ConsentDocument.published_at.is_not(None))
    return db.session.scalars(rows.order_by(ConsentDocument.number.desc())).all()


def _of(practice: Practice, kind: str) -> Select[ConsentDocument]:
    return select(ConsentDocument).where(
        ConsentDocument.practice_id == practice.id, ConsentDocument.kind == kind
    )


def in_force(practice_id: UUID, now: datetime) -> dict[str, ConsentDocument]:
    """The version of each paper that is in force; one statement."""
    rows = select(ConsentDocument).where(
        ConsentDocument.practice_id == practice_id, ConsentDocument.effective_at <= now
    )
    return {row.kind: row for row in db.session.scalars(rows.order_by(ConsentDocument.number))}


def policies_by_number(practice_id: UUID, numbers: Iterable[int]) -> dict[int, ConsentDocument]:
    """Versions of the policy under which something was written."""
    rows = select(ConsentDocument).where(
        ConsentDocument.practice_id == practice_id,
        ConsentDocument.kind == "secrets",
        ConsentDocument.number.in_(set(numbers)),
    )
    return {row.number or 0: row for row in db.session.scalars(rows)}
