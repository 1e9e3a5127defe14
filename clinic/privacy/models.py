"""Tables of rights: copies of what is one's own; how words end, and what holds that up; records asked for or given."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
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


OPEN = text("settled_at IS NULL")


class OfCouple:
    """What all tables of this file share that are about a couple, or one partner in it. Only staff read them."""

    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    couple_id: Mapped[UUID] = mapped_column(ForeignKey("couple.id"))


class Ending(OfCouple, Base):
    """The words of one partner end: asked for, a period in which it can be undone, then they are shredded."""

    __tablename__ = "ending"
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"), index=True)
    cause: Mapped[str]  # request | retention
    reason_sealed: Mapped[bytes]
    reason: Sealed[str] = Sealed("reason_sealed", "practice", "practice_id")
    asked_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="closed")  # closed | undone | shredded
    settled_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    settled_at: Mapped[datetime | None]
    wiped_at: Mapped[datetime | None]  # when the journal of the database held nothing of it any more
    __table_args__ = (
        Index("ix_ending_due", "state", "due_at"),
        Index("uq_ending_open", "partner_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )


class LegalHold(OfCouple, Base):
    """Records that must be kept, whoever wants them gone, until somebody lifts it; of one partner or of both."""

    __tablename__ = "legal_hold"
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))
    reason_sealed: Mapped[bytes]
    reason: Sealed[str] = Sealed("reason_sealed", "practice", "practice_id")
    from_on: Mapped[date]
    placed_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    placed_at: Mapped[datetime]
    lifted_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    lifted_at: Mapped[datetime | None]
    lifted_because_sealed: Mapped[bytes | None]
    lifted_because: Sealed[str | None] = Sealed("lifted_because_sealed", "practice", "practice_id")
    __table_args__ = (Index("ix_legal_hold_couple_id", "couple_id"),)


class RecordsRequest(OfCouple, Base):
    """Somebody asks for records: who, what for, who authorized it, what was left out, decided, and given."""

    __tablename__ = "records_request"
    scope: Mapped[str]  # couple | partner_1 | partner_2: the joint record, or one's own part
    asker_sealed: Mapped[bytes]
    asker: Sealed[str] = Sealed("asker_sealed", "practice", "practice_id")
    purpose_sealed: Mapped[bytes]
    purpose: Sealed[str] = Sealed("purpose_sealed", "practice", "practice_id")
    asked_on: Mapped[date]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    recorded_at: Mapped[datetime]
    authorized_1_on: Mapped[date | None]
    authorized_2_on: Mapped[date | None]
    left_out_sealed: Mapped[bytes | None]
    left_out: Sealed[list[dict[str, str]] | None] = Sealed("left_out_sealed", "practice", "practice_id")
    decision: Mapped[str] = mapped_column(default="")  # given | refused; empty as long as it is open
    decided_because_sealed: Mapped[bytes | None]
    decided_because: Sealed[str | None] = Sealed("decided_because_sealed", "practice", "practice_id")
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    decided_at: Mapped[datetime | None]
    document_id: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))  # gone with the words in it
    given_hash: Mapped[str | None]  # of the content as it was given
    __table_args__ = (Index("ix_records_request_couple", "couple_id", "recorded_at"),)


class Disclosure(OfCouple, Base):
    """What the practice gave because a law demanded it. `told` is the line in the client's trail, under their key."""

    __tablename__ = "disclosure"
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partner.id"))  # whose words; empty: of both
    owner_kind: Mapped[str]  # partner | couple: whose trail it stands in
    owner_id: Mapped[UUID]
    basis_sealed: Mapped[bytes]
    basis: Sealed[str] = Sealed("basis_sealed", "practice", "practice_id")
    reason_sealed: Mapped[bytes]
    reason: Sealed[str] = Sealed("reason_sealed", "practice", "practice_id")
    recipient_sealed: Mapped[bytes]
    recipient: Sealed[str] = Sealed("recipient_sealed", "practice", "practice_id")
    given_sealed: Mapped[bytes]
    given: Sealed[str] = Sealed("given_sealed", "practice", "practice_id")
    given_on: Mapped[date]
    recorded_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_member.id"))
    recorded_at: Mapped[datetime]
    told_sealed: Mapped[bytes | None]
    told: Sealed[str | None] = Sealed("told_sealed", "@owner_kind", "owner_id")
    untold_because_sealed: Mapped[bytes | None]
    untold_because: Sealed[str | None] = Sealed("untold_because_sealed", "practice", "practice_id")
    __table_args__ = (
        Index("ix_disclosure_owner", "owner_id", "given_on"),
        Index("ix_disclosure_couple", "couple_id", "recorded_at"),
    )
