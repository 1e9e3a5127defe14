"""Reads of the practice: its row for its own people, and whom to call in danger."""

from datetime import date
from uuid import UUID

from sqlalchemy import Select, false, select

from clinic.access import Viewer
from clinic.extensions import db
from clinic.practice import library
from clinic.practice.models import Practice

ELSEWHERE = ("Emergency", "Use your local emergency number", "")
"""What stands where neither the practice nor its locale names a line."""


def visible_to(viewer: Viewer) -> Select[Practice]:
    """Everybody who signs in knows the own practice and no other."""
    if viewer.practice_id is None:
        return select(Practice).where(false())
    return select(Practice).where(Practice.id == viewer.practice_id)


def practice_of(viewer: Viewer) -> Practice | None:
    """The viewer's own practice."""
    return db.session.scalar(visible_to(viewer))


def by_id(practice_id: UUID) -> Practice:
    """The practice of a row that the caller was allowed to see."""
    return db.session.get_one(Practice, practice_id)


def only_one() -> Practice | None:
    """The practice of this house when there is exactly one: its phone may stand on the sign-in page."""
    first_two = db.session.scalars(select(Practice).limit(2)).all()
    return first_two[0] if len(first_two) == 1 else None


def crisis_lines(practice: Practice) -> list[tuple[str, str, str]]:
    """(name, number, note) of whom to call: the practice's own, else the locale's."""
    if practice.crisis:
        return [(line["name"], line["number"], line.get("note", "")) for line in practice.crisis]
    found = [(line.name, line.number, line.note) for line in library.lines_of(practice.locale)]
    return found or [ELSEWHERE]


def last_verified(practice: Practice) -> date | None:
    """The oldest day on which its lines were verified; None when one of them never was."""
    days = [line.get("last_verified") for line in practice.crisis or []]
    if practice.crisis is None:
        days = [
            line.last_verified and line.last_verified.isoformat()
            for line in library.lines_of(practice.locale)
        ]
    return min((date.fromisoformat(day) for day in days if day), default=None) if all(days) else None
