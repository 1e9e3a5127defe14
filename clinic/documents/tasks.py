"""Background work of documents, pulled from rows: claim one that waits, print it, keep it."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import current_app

from clinic import clock, vault
from clinic.documents import actions, rules
from clinic.documents.models import Document
from clinic.extensions import db
from reports.document import Paper
from reports.pdf import Renderer, RenderFailed

log = logging.getLogger("goldseam.documents")

AT_ONCE = 20
"""So many documents a wake-up at most: the other work of the house comes in between."""


def due(now: datetime) -> int:
    """Make the documents that wait, one after the other; returns how many were taken on."""
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


# The press


def renderer() -> Renderer:
    """The renderer of this process: the press that `clinic serve` keeps, or one of its own."""
    held: Renderer | None = current_app.extensions.get("renderer")
    if held is None:
        settings = current_app.config["SETTINGS"]
        at = current_app.config.get("PRESS_AT")
        held = current_app.extensions["renderer"] = Renderer(settings.fonts_dir, Path(at) if at else None)
    return held
