"""Reads of the practice: its row for its own people, and whom to call in danger."""

from dataclasses import asdict
from datetime import date
from typing import Any
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
