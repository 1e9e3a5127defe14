"""The table of copies: asked for by a client, made in the background, kept sealed under their own key for a week."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.extensions import Base
from clinic.vault import Sealed


class OwnCopy(Base):
    """One copy of one person's own record. Nobody else ever fetches it; it is deleted when its week is over."""

    __tablename__ = "own_copy"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    paper: Mapped[str]
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")  # waiting | rendering | ready | failed
    claimed_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    steps: Mapped[int] = mapped_column(default=0)  # of the three: gathered, written down, printed
    data_sealed: Mapped[bytes | None]  # JSON, see docs/own-record.md
    data: Sealed[str | None] = Sealed("data_sealed", "person", "person_id")
    pdf_sealed: Mapped[bytes | None]  # base64
    pdf: Sealed[str | None] = Sealed("pdf_sealed", "person", "person_id")
    __table_args__ = (Index("ix_own_copy_state", "state", "asked_at"),)
