"""Reads of documents: staff of a couple fetch what was made for it, whoever it was made for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, false, literal, or_, select
from sqlalchemy.orm import defer

from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.documents.models import Document
from clinic.extensions import db

SHOWN = 60


def visible_to(viewer: Viewer) -> Select[Document]:
    """Documents of the couples that staff may see. Clients get theirs on paper.

    Not those that hold words of one whose side is closed, beside what reached the other.
    """
    if not viewer.is_staff:
        return select(Document).where(false())
    seen = couples.visible_to(viewer).with_only_columns(Couple.id)
    closed = select(Partner.id).where(Partner.couple_id == Document.couple_id, Partner.closed_at.is_not(None))
    return select(Document).where(
        Document.couple_id.in_(seen), ~closed.where(holds_words_of(Partner)).exists()
    )


def holds_words_of(partner: type[Partner] | Partner) -> ColumnElement[bool]:
    """Documents that can hold words of this partner which never reached the other: the counselors', and the own."""
    own = literal("partner_") + cast(partner.position, String)
    return or_(Document.audience == "counselor", Document.audience == own)


def get_for(viewer: Viewer, document_id: UUID) -> Document | None:
    """One document, with what is in it."""
    return db.session.scalar(visible_to(viewer).where(Document.id == document_id))


def latest(viewer: Viewer, couple: Couple | None = None, limit: int = SHOWN) -> Sequence[Document]:
    """The newest documents, of one couple or of all, without what is in them."""
    rows = visible_to(viewer).options(defer(Document.content_sealed), defer(Document.pdf_sealed))
    if couple is not None:
        rows = rows.where(Document.couple_id == couple.id)
    return db.session.scalars(rows.order_by(Document.asked_at.desc()).limit(limit)).all()


def couples_of(documents: Sequence[Document]) -> dict[UUID, Couple]:
    """The couples of documents that were already fetched for the viewer, with the keys of their names."""
    ids = {one.couple_id for one in documents}
    found = db.session.scalars(select(Couple).where(Couple.id.in_(ids))).all() if ids else []
    couples.names_of(found)
    return {one.id: one for one in found}
