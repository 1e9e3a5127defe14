"""Background work of rights: copies, gathered, written down and printed; and words whose period to undo is over."""

import logging
from datetime import datetime

import msgspec
from flask import current_app

from clinic import clock, shredded, vault
from clinic.documents.tasks import renderer
from clinic.extensions import db, wipe
from clinic.practice import queries as practices
from clinic.privacy import actions, endings, queries, shredding
from clinic.privacy.models import Ending, OwnCopy
from clinic.privacy.summary import OwnRecord
from reports import own_record

log = logging.getLogger("goldseam.privacy")


def due(now: datetime) -> int:
    """End what is due; make the next copy that waits; delete those whose time is over."""
    gone = endings.shred_due(now) + _shred_again(now)
    _wipe(now)
    gone, claimed = gone + actions.delete_old(now), actions.claim(now)
    db.session.commit()
    if claimed is None:
        return gone
    _make(claimed, now)
    return gone + 1


def _shred_again(now: datetime) -> int:
    """Whatever brought back a key that is on the list: an old copy of the database, or a death between list and row."""
    listed = shredded.read(*current_app.config["SETTINGS"].shredded_files)
    gone = shredding.shred_again(listed, now)
    db.session.commit()
    return gone


def _wipe(now: datetime) -> None:
    """What was deleted is overwritten in the database at once, and lies in its journal until nobody reads there."""
    rows = queries.unwiped()
    ids = [row.id for row in rows]
    db.session.rollback()
    if ids and wipe():
        for id_ in ids:
            db.session.get_one(Ending, id_).wiped_at = now
        db.session.commit()


def _make(copy: OwnCopy, claimed_at: datetime) -> None:
    """Three steps, each kept as it is done; printing happens outside of any transaction."""
    try:
        record = _gathered(copy, claimed_at)
        paper, id_ = copy.paper, copy.id
        db.session.rollback()
        pdf = own_record.own_record_pdf(renderer(), record, paper)  # type: ignore[arg-type]  # one of the two papers
        copy = db.session.get_one(OwnCopy, id_)
        is_made = actions.step(copy, claimed_at, pdf=pdf)
    except Exception as error:  # a message could quote a text: only its type is told
        log.error("A copy could not be made (%s).", type(error).__name__)
        db.session.rollback()
        is_made = False
    actions.finish(db.session.get_one(OwnCopy, copy.id), claimed_at, clock.now(), is_made=is_made)
    db.session.commit()


def _gathered(copy: OwnCopy, claimed_at: datetime) -> OwnRecord:
    """Read as its owner, with no more keys than on the owner's own pages."""
    owner = queries.owner_of(copy)
    with vault.reading(owner, "privacy.copy"):
        record = queries.record_of(
            owner, practices.letterhead_of(practices.by_id(copy.practice_id)), claimed_at
        )
        actions.step(copy, claimed_at)
        db.session.commit()
    actions.step(copy, claimed_at, data=msgspec.json.format(msgspec.json.encode(record), indent=2).decode())
    db.session.commit()
    return record
