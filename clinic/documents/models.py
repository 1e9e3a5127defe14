"""The table of documents: asked for, rendered apart, kept sealed as they were issued."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from clinic.extensions import Base
from clinic.vault import Sealed


class Document(Base):
    """One document for one audience. Only staff fetch it; paper is how the audience gets it."""

    __tablename__ = "document"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    kind: Mapped[str]  # progress_report
    audience: Mapped[str]  # counselor | couple | partner_1 | partner_2
    paper: Mapped[str]
    from_on: Mapped[date]
    to_on: Mapped[date]
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")  # waiting | rendering | ready | failed
    claimed_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    failure: Mapped[str | None]  # a fixed sentence, never a text of the document
    content_hash: Mapped[str | None]
    content_sealed: Mapped[bytes]  # the frozen summary
    content: Sealed[dict[str, Any]] = Sealed("content_sealed", "practice", "practice_id")
    pdf_sealed: Mapped[bytes | None]  # base64
    pdf: Sealed[str | None] = Sealed("pdf_sealed", "practice", "practice_id")
    __table_args__ = (
        Index("ix_document_couple", "couple_id", "asked_at"),
        Index("ix_document_state", "state", "asked_at"),
    )
