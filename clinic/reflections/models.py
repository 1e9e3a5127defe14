"""Tables of what people write: one sealed blob for each audience; what opened lies under the key of its reader."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.extensions import Base
from clinic.homework.models import Turn
from clinic.vault import Sealed

Answers = dict[str, Any]
"""Answers by field key, JSON-able; see clinic/exercises/answers.py."""


class Draft(Base):
    """Unsent words of one partner for one turn. A save names the version that it saw."""

    __tablename__ = "draft"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turn.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime]
    body_sealed: Mapped[bytes]
    body: Sealed[Answers] = Sealed("body_sealed", "partner", "partner_id")
    __table_args__ = (UniqueConstraint("turn_id", "partner_id"),)
    # A save names in its own statement the version that it saw: what came between reading and writing is noticed.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012  # as SQLAlchemy has it


class KeptText(Base):
    """A text that could not become the draft (another window, an expired sign-in, an error), until its author chose."""

    __tablename__ = "kept_text"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turn.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), index=True)
    kept_at: Mapped[datetime]
    cause: Mapped[str]  # window | sign_in | error
    place: Mapped[str] = mapped_column(default="write")  # write | add | say: the form that it came from
    page: Mapped[str] = mapped_column(
        default=""
    )  # made by the script of an open page: its later text takes the place
    body_sealed: Mapped[bytes]
    body: Sealed[Answers] = Sealed("body_sealed", "partner", "partner_id")
    __table_args__ = (Index("ix_kept_text_turn", "turn_id", "partner_id", "kept_at"),)


class NoteToCounselor(Base):
    """Not now, too much, or something else: what a partner says to the counselor about a turn, beside its answers."""

    __tablename__ = "note_to_counselor"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turn.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    kind: Mapped[str]  # not_now | too_much | something_else
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    read_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    text_sealed: Mapped[bytes]
    text: Sealed[str] = Sealed("text_sealed", "partner", "partner_id")
    turn: Mapped[Turn] = relationship(lazy="joined", innerjoin=True)
    __table_args__ = (Index("ix_note_to_counselor_unread", "couple_id", "read_at"),)


class Reflection(Base):
    """A sent turn, or a later revision of it, or (`is_addition`) a dated addition after it opened."""

    __tablename__ = "reflection"
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turn.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    revision: Mapped[int]
    is_addition: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime]
    wording: Mapped[str]  # hash of the exercise version and the locale that was answered
    policy_version: Mapped[int]
    readers_sealed: Mapped[bytes]  # the sentence about readers as it stood above the answers
    readers: Sealed[str] = Sealed("readers_sealed", "partner", "partner_id")
    entered_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    withdrawn_at: Mapped[datetime | None]
    turn: Mapped[Turn] = relationship(lazy="joined", innerjoin=True)
    words: Mapped[list["Words"]] = relationship(back_populates="reflection", lazy="selectin")
    __table_args__ = (
        UniqueConstraint("turn_id", "revision"),
        Index("ix_reflection_couple", "couple_id", "sent_at"),
    )


class Words(Base):
    """The answers of one group: one audience, one moment of opening. Joint words lie under the couple's key."""

    __tablename__ = "words"
    reflection_id: Mapped[UUID] = mapped_column(ForeignKey("reflection.id"))
    group: Mapped[str]
    visibility: Mapped[str]
    owner_kind: Mapped[str]  # partner | couple
    owner_id: Mapped[UUID]
    answers_sealed: Mapped[bytes]
    answers: Sealed[Answers] = Sealed("answers_sealed", "@owner_kind", "owner_id")
    reflection: Mapped[Reflection] = relationship(back_populates="words")
    __table_args__ = (UniqueConstraint("reflection_id", "group"),)


class Opening(Base):
    """The act by which words became readable for the partner, with the words as they were, under the reader's key."""

    __tablename__ = "opening"
    words_id: Mapped[UUID | None] = mapped_column(ForeignKey("words.id"))
    turn_id: Mapped[UUID] = mapped_column(ForeignKey("turn.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    group: Mapped[str]
    revision: Mapped[int]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    at: Mapped[datetime]
    mode: Mapped[str]
    answers_sealed: Mapped[bytes]
    answers: Sealed[Answers] = Sealed("answers_sealed", "partner", "to_id", whose="author_id")
    turn: Mapped[Turn] = relationship(lazy="joined", innerjoin=True)
    words: Mapped[Words | None] = relationship(viewonly=True)
    __table_args__ = (
        UniqueConstraint("turn_id", "group", "revision", "to_id"),
        Index("ix_opening_reader", "to_id", "at"),
    )


class Reply(Base):
    """What the counselor answered one partner about a round; each partner reads the own one only."""

    __tablename__ = "reply"
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    to_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    at: Mapped[datetime]
    is_to_both: Mapped[bool] = mapped_column(default=False)
    text_sealed: Mapped[bytes]
    text: Sealed[str] = Sealed("text_sealed", "partner", "to_id")
    __table_args__ = (Index("ix_reply_reader", "to_id", "at"),)


class RoundReview(Base):
    """The counselors' side of a round: private note, quality of the work by partner, which answers meet."""

    __tablename__ = "round_review"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), unique=True)
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))
    note_sealed: Mapped[bytes | None]
    note: Sealed[str | None] = Sealed("note_sealed", "practice", "practice_id")
    quality_sealed: Mapped[bytes | None]  # {partner id: 0 to 4}
    quality: Sealed[dict[str, int] | None] = Sealed("quality_sealed", "practice", "practice_id")
    meets_sealed: Mapped[bytes | None]  # turn.field of texts that the counselor marked as meeting
    meets: Sealed[list[str] | None] = Sealed("meets_sealed", "practice", "practice_id")
    by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    at: Mapped[datetime]
