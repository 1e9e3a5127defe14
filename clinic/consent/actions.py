"""Verbs of consent: sign in their own account, record what was signed on paper, take it back."""

import base64
from datetime import date, datetime

from clinic import audit, claims, clock
from clinic.access import Viewer
from clinic.consent import queries
from clinic.consent.models import ConsentSignature
from clinic.couples import queries as couples
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.practice.models import ConsentDocument


class ConsentError(Exception):
    """An act that is not possible; the message says what to do."""


def sign(
    viewer: Viewer, partner: Partner, document: ConsentDocument, name: str, now: datetime
) -> ConsentSignature:
    """A partner signs a version that was read to its end, in their own account."""
    if partner.id not in viewer.partner_ids:
        raise ConsentError("Each of you signs in your own account.")
    return _signed(viewer, partner, document, now, name=name.strip())


def record_on_paper(
    viewer: Viewer, partner: Partner, document: ConsentDocument, name: str, paper_on: date, now: datetime
) -> ConsentSignature:
    """A counselor has the signed paper in hand."""
    if viewer.staff_id is None:
        raise ConsentError("Only a counselor records what was signed on paper.")
    if not _first_day(document, partner) <= paper_on <= clock.local_day(now, partner.couple.zone):
        raise ConsentError("Choose the day that stands on the paper: it lies between this version and today.")
    return _signed(
        viewer, partner, document, now, name=name.strip(), paper_on=paper_on, recorded_by_id=viewer.staff_id
    )


def _first_day(document: ConsentDocument, partner: Partner) -> date:
    return clock.local_day(document.published_at or document.saved_at, partner.couple.zone)


def _signed(
    viewer: Viewer, partner: Partner, document: ConsentDocument, now: datetime, **how: object
) -> ConsentSignature:
    """Bound to the very text: its hash stands in the signature and in the trail."""
    if document.practice_id != partner.practice_id or document.number is None:
        raise ConsentError("That is no paper of this practice.")
    signature = ConsentSignature(
        practice_id=partner.practice_id,
        partner_id=partner.id,
        document_id=document.id,
        document=document,
        kind=document.kind,
        number=document.number,
        text_hash=document.text_hash,
        signed_at=now,
        state="waiting",
        **how,
    )
    db.session.add(signature)
    told = {"kind": document.kind, "number": document.number, "text": document.text_hash}
    audit.record(viewer, "record signature" if signature.recorded_by_id else "sign", signature, **told)
    partner.couple.attention_at = now
    return signature


def withdraw(viewer: Viewer, partner: Partner, now: datetime) -> None:
    """A partner does not agree any more: what is open closes, and nothing unopened ever opens.

    The policy on what one tells alone stays signed: it goes on for what was written under it.
    """
    if viewer.staff_id is None and partner.id not in viewer.partner_ids:
        raise ConsentError("Each of you decides in your own account.")
    standing = queries.standing_consents(partner.id)
    if not standing:
        raise ConsentError("There is no consent to take back.")
    for one in standing:
        one.withdrawn_at, one.withdrawal_recorded_by_id = now, viewer.staff_id
        audit.record(viewer, "withdraw consent", one)
    couples.above().sever(viewer, partner.couple, now)
    couples.above().weigh(partner.couple_id, now)
    partner.couple.attention_at = now


# Certificates


def claim(now: datetime) -> ConsentSignature | None:
    """Take the next signature whose certificate waits, or one whose maker is gone."""
    return claims.claim(ConsentSignature, now)


def keep(signature: ConsentSignature, claimed_at: datetime, pdf: bytes) -> None:
    """Keep the finished page, sealed for the one who signed."""
    if claims.is_ours(signature, claimed_at):
        signature.pdf, signature.state = base64.b64encode(pdf).decode(), "ready"


def fail(signature: ConsentSignature, claimed_at: datetime) -> None:
    """It could not be made; whoever asks for it has it tried again."""
    if claims.is_ours(signature, claimed_at):
        signature.state = "failed"


def again(viewer: Viewer, signature: ConsentSignature) -> None:
    """Try once more to make a certificate that failed."""
    if signature.state == "failed":
        signature.state, signature.claimed_at = "waiting", None
        audit.record(viewer, "ask for certificate again", signature)


def pages_of(signature: ConsentSignature) -> bytes:
    """The certificate, opened for whoever reads."""
    return base64.b64decode(signature.pdf or "")
