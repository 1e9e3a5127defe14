"""The table of versions: every document that was ever used, canonical and hashed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.extensions import Base


class ExerciseVersion(Base):
    """One version of one document; shipped ones belong to no practice. `body` is the canonical JSON."""

    __tablename__ = "exercise_version"
    practice_id: Mapped[UUID | None] = mapped_column(ForeignKey("practice.id"))
    slug: Mapped[str]
    version: Mapped[int]
    hash: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    body: Mapped[bytes] = mapped_column(deferred=True)  # `queries.document_of` keeps what is in it
    imported_at: Mapped[datetime]
    __table_args__ = (Index("uq_exercise_version_slug", "practice_id", "slug", "version", unique=True),)
