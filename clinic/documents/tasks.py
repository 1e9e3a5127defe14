"""Background work of documents, pulled from rows: claim one that waits, print it, keep it; certificates, too."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app

from clinic import clock, vault
from clinic.accounts.models import StaffMember
from clinic.consent import actions as consent
from clinic.consent.models import ConsentSignature
from clinic.documents import actions, rules
from clinic.documents.models import Document
from clinic.documents.summary import Certificate, Piece
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.practice.rules import TITLES, blocks
from reports.document import Paper
from reports.pdf import Renderer, RenderFailed

log = logging.getLogger("goldseam.documents")

AT_ONCE = 20
"""So many documents a wake-up at most: the other work of the house comes in between."""


def due(now: datetime) -> int:
    """Make the documents and certificates that wait, one after the other; returns how many were taken on."""
    return _documents(now) + _certificates(now)


def _documents(now: datetime) -> int:
    for done in range(AT_ONCE):
        claimed = actions.claim(now)
        if claimed is None:
            db.session.rollback()
            return done
        id_, name, paper = claimed.id, rules.KINDS[claimed.kind][1], claimed.paper
        db.session.commit()
        _make(id_, name, paper, now)  # type: ignore[arg-type]  # the form offers the two papers only
    return AT_ONCE


def _make(id_: UUID, name: str, paper: Paper, claimed_at: datetime) -> None:
    """Print outside of any transaction, then keep what came of it in a short one."""
    content = _content_of(id_)
    try:
        pdf, failure = renderer().render(name, content, paper), ""
    except RenderFailed as error:
        pdf, failure = b"", str(error)
    except Exception as error:  # whatever went wrong ends this document only
        log.error("A document could not be made (%s).", type(error).__name__)
        pdf, failure = b"", rules.FAILED
    document = db.session.get_one(Document, id_)
    if failure:
        actions.fail(document, claimed_at, failure)
    else:
        actions.keep(document, claimed_at, pdf, clock.now())
    db.session.commit()


def _content_of(id_: UUID) -> dict[str, Any]:
    with vault.house("print"):
        content = dict(db.session.get_one(Document, id_).content)
    db.session.rollback()
    return content


# Certificates: the house makes them from what was signed, and seals them for the one who signed


def _certificates(now: datetime) -> int:
    for done in range(AT_ONCE):
        claimed = consent.claim(now)
        if claimed is None:
            db.session.rollback()
            return done
        id_ = claimed.id
        db.session.commit()
        _certify(id_, now)
    return AT_ONCE


def _certify(id_: UUID, claimed_at: datetime) -> None:
    """Print outside of any transaction, then keep what came of it in a short one."""
    try:
        summary, paper = _certificate_of(id_)
        pdf = renderer().render("certificate", summary, paper)  # type: ignore[arg-type]  # one of the two papers
    except Exception as error:  # a message could quote a name: only its type is told
        log.error("A certificate could not be made (%s).", type(error).__name__)
        db.session.rollback()
        consent.fail(db.session.get_one(ConsentSignature, id_), claimed_at)
    else:
        consent.keep(db.session.get_one(ConsentSignature, id_), claimed_at, pdf)
    db.session.commit()


def _certificate_of(id_: UUID) -> tuple[Certificate, str]:
    with vault.house("certify"):
        row = db.session.get_one(ConsentSignature, id_)
        practice, document = practices.by_id(row.practice_id), row.document
        seen_by = db.session.get_one(StaffMember, row.recorded_by_id).name if row.recorded_by_id else ""
        certificate = Certificate(
            letterhead=practices.letterhead_of(practice),
            title=TITLES[document.kind],  # type: ignore[index]  # one of the two
            number=row.number,
            text=document.text,
            pieces=tuple(Piece(kind=one.kind, lines=one.lines) for one in blocks(document.text)),
            text_hash=row.text_hash,
            name=row.name or "",
            partner=row.partner.name,
            signed_at=row.signed_at,
            zone=practice.zone,
            effective_at=document.effective_at or row.signed_at,
            paper_on=row.paper_on,
            seen_by=seen_by,
        )
        paper = practice.paper
    db.session.rollback()
    return certificate, paper


# The press


def renderer() -> Renderer:
    """The renderer of this process: the press that `clinic serve` keeps, or one of its own."""
    held: Renderer | None = current_app.extensions.get("renderer")
    if held is None:
        settings = current_app.config["SETTINGS"]
        at = current_app.config.get("PRESS_AT")
        held = current_app.extensions["renderer"] = Renderer(settings.fonts_dir, Path(at) if at else None)
    return held
