"""Verbs of documents: ask for one, claim it, keep what came of it, try again."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from clinic import audit, claims
from clinic.access import Viewer
from clinic.couples.models import Couple
from clinic.documents.models import Document
from clinic.extensions import db


class DocumentError(Exception):
    """An act that is not possible now; the message says what to do."""


@dataclass(frozen=True)
class Order:
    """What is asked for: `content` is the frozen summary as plain values, `content_hash` its hash."""

    kind: str
    audience: str
    paper: str
    from_on: date
    to_on: date
    content: Mapping[str, Any]
    content_hash: str


def ask(viewer: Viewer, couple: Couple, order: Order, now: datetime) -> Document:
    """Put a document down to be made; its content is frozen from here on."""
    document = Document(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        kind=order.kind,
        audience=order.audience,
        paper=order.paper,
        from_on=order.from_on,
        to_on=order.to_on,
        asked_by_id=viewer.staff_id,
        asked_at=now,
        state="waiting",
        content=dict(order.content),
        content_hash=order.content_hash,
    )
    db.session.add(document)
    audit.record(viewer, "ask for document", document, audience=order.audience, content=order.content_hash)
    return document


def again(viewer: Viewer, document: Document, now: datetime) -> None:
    """Try once more to make a document that failed, from the same frozen content."""
    if document.state != "failed":
        raise DocumentError("It is being made already.")
    document.state, document.failure, document.claimed_at = "waiting", None, None
    audit.record(viewer, "ask again", document)


# Making


def claim(now: datetime) -> Document | None:
    """Take the next document that waits, or one whose renderer is gone."""
    return claims.claim(Document, now)


def keep(document: Document, claimed_at: datetime, pdf: bytes, now: datetime) -> bool:
    """Keep the finished pages, sealed; False when somebody else took the document over meanwhile."""
    if not _is_ours(document, claimed_at):
        return False
    document.pdf = base64.b64encode(pdf).decode()
    document.state, document.ready_at, document.failure = "ready", now, None
    return True


def fail(document: Document, claimed_at: datetime, sentence: str) -> bool:
    """Note why it could not be made, in a fixed sentence without a word of the document."""
    if not _is_ours(document, claimed_at):
        return False
    document.state, document.failure = "failed", sentence
    return True


def _is_ours(document: Document, claimed_at: datetime) -> bool:
    return claims.is_ours(document, claimed_at)


def pages_of(document: Document) -> bytes:
    """The PDF, opened for whoever reads."""
    return base64.b64decode(document.pdf or "")
