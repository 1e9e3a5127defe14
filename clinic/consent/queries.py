"""Reads of signatures. A partner reads the own ones and nobody else's; staff those of the couples they may see."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased, defer

from clinic.access import Viewer
from clinic.consent.models import ConsentSignature
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.practice.models import ConsentDocument
from clinic.practice.rules import KINDS, TITLES, Kind


def visible_to(viewer: Viewer) -> Select[ConsentSignature]:
    """The own signatures of a client; for staff those of the couples they may see."""
    rows = select(ConsentSignature).options(defer(ConsentSignature.pdf_sealed))
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        theirs = select(Partner.id).where(Partner.couple_id.in_(seen))
        return rows.where(ConsentSignature.partner_id.in_(theirs))
    if viewer.is_client:
        return rows.where(ConsentSignature.partner_id.in_(viewer.partner_ids))
    return rows.where(false())


def get_for(viewer: Viewer, signature_id: UUID) -> ConsentSignature | None:
    """One signature, when this viewer may read it."""
    return db.session.scalar(visible_to(viewer).where(ConsentSignature.id == signature_id))


# What counts: the rule stands here once, as a statement that also tells until when


def _lapses_at(signed: Any) -> ScalarSelect[datetime | None]:
    """When a signature stops counting, since a newer version asks anew; NULL while none does."""
    later = select(func.min(ConsentDocument.earlier_until)).where(
        ConsentDocument.practice_id == signed.practice_id,
        ConsentDocument.kind == signed.kind,
        ConsentDocument.number > signed.number,
    )
    return later.correlate(signed).scalar_subquery()


def has_signed(partner_id: Any, now: Any) -> ColumnElement[bool]:
    """True in a statement for a partner whose signatures on both papers count at that moment."""
    return and_(*(_counts(kind, partner_id, now) for kind in KINDS))


def _counts(kind: Kind, partner_id: Any, now: Any) -> ColumnElement[bool]:
    signed = aliased(ConsentSignature)
    lapses_at = _lapses_at(signed)
    standing = select(signed.id).where(
        signed.partner_id == partner_id,
        signed.kind == kind,
        signed.withdrawn_at.is_(None),
        or_(lapses_at.is_(None), lapses_at > now),
    )
    return standing.correlate_except(signed).exists()


def of_last_consent(column: Any, partner_id: Any) -> ScalarSelect[Any]:
    """A column of the consent that a partner signed last."""
    rows = select(column).where(ConsentSignature.partner_id == partner_id, ConsentSignature.kind == "consent")
    return rows.order_by(ConsentSignature.signed_at.desc()).limit(1).scalar_subquery()


@dataclass(frozen=True)
class Signed:
    """A signature with the day until which it counts; None where no newer version asks anew."""

    signature: ConsentSignature
    lapses_at: datetime | None

    def counts(self, now: datetime) -> bool:
        return self.signature.withdrawn_at is None and (self.lapses_at is None or now < self.lapses_at)


def signed_by(viewer: Viewer, partner_ids: Collection[UUID]) -> dict[UUID, list[Signed]]:
    """Every signature of these partners that the viewer may read, the newest first; one statement."""
    chosen = visible_to(viewer).where(ConsentSignature.partner_id.in_(partner_ids))
    newest_first = (ConsentSignature.signed_at.desc(), ConsentSignature.kind.desc())
    rows = chosen.add_columns(_lapses_at(ConsentSignature)).order_by(*newest_first)
    found: dict[UUID, list[Signed]] = {one: [] for one in partner_ids}
    for signature, lapses_at in db.session.execute(rows):
        found[signature.partner_id].append(Signed(signature, lapses_at))
    return found


@dataclass(frozen=True)
class Paper:
    """One paper of the practice and what one partner's signature on it is worth today."""

    kind: Kind
    document: ConsentDocument  # the version in force
    signed: Signed | None  # the newest signature that was not taken back
    at: datetime

    @property
    def title(self) -> str:
        return TITLES[self.kind]

    @property
    def state(self) -> str:
        """current: this very version; earlier: an older one, which counts still; lapsed; none."""
        if self.signed is None:
            return "none"
        if self.signed.signature.document_id == self.document.id:
            return "current"
        return "earlier" if self.signed.counts(self.at) else "lapsed"


def papers_of(
    in_force: Mapping[str, ConsentDocument], signed: Sequence[Signed], now: datetime
) -> list[Paper]:
    """Both papers as they are in force, for one partner."""
    return [Paper(kind, in_force[kind], _newest(signed, kind), now) for kind in KINDS if kind in in_force]


def _newest(signed: Sequence[Signed], kind: Kind) -> Signed | None:
    standing = [one for one in signed if one.signature.kind == kind and one.signature.withdrawn_at is None]
    return max(standing, key=lambda one: (one.signature.number, one.signature.signed_at), default=None)


def standing_consents(partner_id: UUID) -> Sequence[ConsentSignature]:
    """The signatures under the consent to couple work that a partner has not taken back."""
    rows = select(ConsentSignature).where(
        ConsentSignature.partner_id == partner_id,
        ConsentSignature.kind == "consent",
        ConsentSignature.withdrawn_at.is_(None),
    )
    return db.session.scalars(rows).all()
