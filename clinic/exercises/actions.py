"""Import of documents into the table of versions: wording that was answered is never edited."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from clinic.exercises.document import Exercise, canonical
from clinic.exercises.models import ExerciseVersion
from clinic.extensions import db


class ChangedWording(ValueError):
    """A version that is already in the table came with other content: its number must go up."""


def import_documents(documents: Iterable[Exercise], now: datetime) -> list[ExerciseVersion]:
    """Add the versions that are not there yet; returns what was added. Running it twice changes nothing."""
    known = {
        (row.slug, row.version): row
        for row in db.session.scalars(select(ExerciseVersion).where(ExerciseVersion.practice_id.is_(None)))
    }
    return [_import(one, now) for one in documents if not _is_known(one, known.get((one.slug, one.version)))]


def _is_known(document: Exercise, row: ExerciseVersion | None) -> bool:
    if row is not None and row.hash != document.hash:
        raise ChangedWording(
            f"{document.slug}: version {document.version} is in use with other content; "
            f"give it version {document.version + 1}."
        )
    return row is not None


def _import(document: Exercise, now: datetime) -> ExerciseVersion:
    row = ExerciseVersion(
        practice_id=None,
        slug=document.slug,
        version=document.version,
        hash=document.hash,
        title=document.title,
        body=canonical(document),
        imported_at=now,
    )
    db.session.add(row)
    return row
