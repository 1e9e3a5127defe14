"""Reads of the table of versions: which documents can be assigned, and the document that a row holds."""

from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, or_, select

from clinic.access import Viewer
from clinic.exercises.alone import given_alone
from clinic.exercises.answers import room_for
from clinic.exercises.document import Exercise
from clinic.exercises.models import ExerciseVersion
from clinic.extensions import db

READER = msgspec.json.Decoder(Exercise)
"""Made once, at the start: two threads that first prepared the types at the same moment were seen to crash."""


def visible_to(viewer: Viewer) -> Select[ExerciseVersion]:
    """The shipped versions and the practice's own."""
    mine = or_(ExerciseVersion.practice_id.is_(None), ExerciseVersion.practice_id == viewer.practice_id)
    return select(ExerciseVersion).where(mine)


def latest(viewer: Viewer) -> list[ExerciseVersion]:
    """The newest version of each exercise, by slug."""
    rows = db.session.scalars(visible_to(viewer).order_by(ExerciseVersion.slug, ExerciseVersion.version))
    return list({row.slug: row for row in rows}.values())


def get_for(viewer: Viewer, slug: str) -> ExerciseVersion | None:
    """The newest version with that slug; the practice's own wins over the shipped one."""
    newest = visible_to(viewer).where(ExerciseVersion.slug == slug)
    order = (ExerciseVersion.practice_id.is_not(None).desc(), ExerciseVersion.version.desc())
    return db.session.scalar(newest.order_by(*order).limit(1))


def version(id_: UUID) -> ExerciseVersion:
    """The version that an assignment is pinned to."""
    return db.session.get_one(ExerciseVersion, id_)


def document_of(row: Any, *, alone: bool = False) -> Exercise:
    """The document in a row, or as it is when one partner has it alone; made once for each hash."""
    return _given_alone(row.hash) if alone else _document(row.hash)


_documents: dict[str, Exercise] = {}
"""By hash; a version never changes, so that no row needs to bring its body along."""


def _document(hash_: str) -> Exercise:
    if hash_ not in _documents:
        rows = db.session.execute(select(ExerciseVersion.hash, ExerciseVersion.body))
        _documents.update((row.hash, READER.decode(row.body)) for row in rows if row.hash not in _documents)
    return _documents[hash_]


@lru_cache(maxsize=512)
def _given_alone(hash_: str) -> Exercise:
    return given_alone(_document(hash_))


def most_room() -> int:
    """How many characters the longest turn of all exercises has room for; worked out once for each set of versions."""
    return _most_room(frozenset(db.session.scalars(select(ExerciseVersion.hash))))


@lru_cache(maxsize=8)
def _most_room(hashes: frozenset[str]) -> int:
    documents = map(_document, hashes)
    return max((room_for(one, turn) for one in documents for turn in one.turns.values()), default=0)
