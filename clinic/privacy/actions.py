"""Verbs of copies: ask for one, claim it, keep what came of it, and let it go when its week is over."""

import base64
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from clinic import audit, claims
from clinic.access import Viewer
from clinic.extensions import db
from clinic.privacy import queries
from clinic.privacy.models import OwnCopy
from clinic.privacy.rules import RightsError as RightsError  # what this file raises

KEPT_FOR = timedelta(days=7)
"""A copy is one more place where private words lie: it is gone after this time, and can be made again."""


def ask(viewer: Viewer, paper: str, now: datetime) -> OwnCopy:
    """Put down that somebody wants a copy of the own record; one at a time."""
    if any(one.state in {"waiting", "rendering"} for one in queries.latest(viewer)):
        raise RightsError("A copy is being made already.")
    copy = OwnCopy(
        practice_id=viewer.practice_id, person_id=viewer.person_id, paper=paper, asked_at=now, state="waiting"
    )
    db.session.add(copy)
    audit.record(viewer, "ask for own copy", copy)
    return copy


def claim(now: datetime) -> OwnCopy | None:
    """Take the next copy that waits, or one whose maker is gone."""
    return claims.claim(OwnCopy, now)


def step(copy: OwnCopy, claimed_at: datetime, data: str | None = None, pdf: bytes | None = None) -> bool:
    """Keep what is made so far; False when somebody else took it over meanwhile."""
    if not claims.is_ours(copy, claimed_at):
        return False
    copy.steps += 1
    if data is not None:
        copy.data = data
    if pdf is not None:
        copy.pdf = base64.b64encode(pdf).decode()
    return True


def finish(copy: OwnCopy, claimed_at: datetime, now: datetime, *, is_made: bool) -> None:
    """It is there, or it could not be made."""
    if claims.is_ours(copy, claimed_at):
        copy.state, copy.ready_at = ("ready", now) if is_made else ("failed", None)


def note_taken(viewer: Viewer, copy: OwnCopy, form: str) -> None:
    """Its owner has taken it: as data or as pages."""
    audit.record(viewer, "take own copy", copy, form=form)


def delete_old(now: datetime) -> int:
    """Delete copies whose time is over; how many there were."""
    old = list(db.session.scalars(select(OwnCopy.id).where(OwnCopy.asked_at <= now - KEPT_FOR)))
    if old:
        db.session.execute(delete(OwnCopy).where(OwnCopy.id.in_(old)))
    return len(old)
