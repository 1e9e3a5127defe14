"""Background work that keeps the record safe: the heads of the trail noted apart, and a backup when one is due."""

import logging
from datetime import datetime, timedelta

from flask import current_app

from clinic import anchors, audit, backup, vault
from clinic.config import Settings
from clinic.extensions import db

log = logging.getLogger("goldseam.practice")


def due(now: datetime) -> int:
    """Note where the chains end; back up when the newest backup is older than the practice wants."""
    settings: Settings = current_app.config["SETTINGS"]
    heads = audit.heads(db.session.connection())
    db.session.rollback()
    return anchors.note(settings.anchor_file, heads, now) + _back_up(settings, now)


def _back_up(settings: Settings, now: datetime) -> int:
    """One backup when it is due, outside of any transaction; what fails is tried again at the next look."""
    file = settings.database_file
    if file is None or not is_due(settings, now):
        return 0
    backup.make(file, settings.backup_dir, vault.master(), now)
    backup.thin(settings.backup_dir, settings.backup_keep)
    return 1


def is_due(settings: Settings, now: datetime) -> bool:
    """True when backups are made here and the newest is too old."""
    if not settings.backs_up:
        return False
    newest = backup.all_in(settings.backup_dir)[-1:]
    return not newest or now - backup.made_at(newest[0]) >= timedelta(hours=settings.backup_hours)
