"""The table of signatures: who signed which version of which paper, how, and the certificate of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from clinic.couples.models import Partner
from clinic.extensions import Base
from clinic.practice.models import ConsentDocument
from clinic.vault import Sealed


class ConsentSignature(Base):
    """One partner's own signature on one version. Its words lie under that partner's key, the certificate's too.

    Given in their own account, on paper (`paper_on`) as a counselor recorded it, or in words alone, as it was recorded
    before the practice had papers (`name` is None).
    """

    __tablename__ = "consent_signature"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    partner_id: Mapped[UUID] = mapped_column(ForeignKey("partner.id"))
    document_id: Mapped[UUID] = mapped_column(ForeignKey("consent_document.id"))
    kind: Mapped[str]  # of the document, as is its number: what counts today is asked in one statement
    number: Mapped[int]
    text_hash: Mapped[str]
    name_sealed: Mapped[bytes | None]
    name: Sealed[str | None] = Sealed("name_sealed", "partner", "partner_id")  # as it was typed
    signed_at: Mapped[datetime]  # on paper: when it was recorded
    paper_on: Mapped[date | None]
    recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    withdrawn_at: Mapped[datetime | None]
    withdrawal_recorded_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    state: Mapped[str] = mapped_column(default="waiting")  # of its certificate, as of a document; or none
    claimed_at: Mapped[datetime | None]
    pdf_sealed: Mapped[bytes | None]  # base64
    pdf: Sealed[str | None] = Sealed("pdf_sealed", "partner", "partner_id")
    asked_at = synonym("signed_at")  # the certificate is asked for by signing
    document: Mapped[ConsentDocument] = relationship(lazy="joined", innerjoin=True)
    partner: Mapped[Partner] = relationship()
    __table_args__ = (
        Index("ix_consent_signature_partner", "partner_id", "kind", "number"),
        Index("ix_consent_signature_state", "state", "signed_at"),
    )
