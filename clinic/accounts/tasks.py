"""Background work of accounts: whose names were typed for a new passphrase, and the mail that is due."""

import logging
from datetime import datetime
from email.message import EmailMessage

from flask import current_app
from sqlalchemy import select

from clinic import claims, clock, mail, vault
from clinic.accounts import letters, queries, rules
from clinic.accounts.models import ResetRequest
from clinic.config import Settings
from clinic.extensions import db, transactions
from clinic.mail import Letter
from clinic.practice import queries as practices

log = logging.getLogger("goldseam.mail")

AT_ONCE = 50
"""Mails in one look; the others of the background wait meanwhile."""


def due(now: datetime) -> int:
    """Answer requests, send what is due; returns how many were dealt with.

    Whether there is something to do is only read: nobody who writes waits for a look that finds nothing.
    """
    settings: Settings = current_app.config["SETTINGS"]
    with transactions(write=False):
        is_asked = db.session.scalar(select(ResetRequest.id).limit(1)) is not None
        has_old = mail.is_any_old(now)
        db.session.commit()
    answered = letters.answer_requests(now) if is_asked else 0
    if has_old:
        mail.delete_old(now)
    db.session.commit()
    return answered + (_send_due(mail.server_of(settings), now) if settings.sends_mail else 0)


def _send_due(server: mail.Server, now: datetime) -> int:
    """One after the other, until there is none, or the server does not take one: the next look tries again."""
    for sent in range(AT_ONCE):
        with transactions(write=False):
            is_due = mail.is_any_due(now)
            db.session.commit()
        if not is_due or not _send_next(server, now):
            return sent
    return AT_ONCE


def _send_next(server: mail.Server, now: datetime) -> bool:
    """Take one and hand it over, outside of any transaction; False when it will have to be tried again."""
    claimed = mail.claim(now)
    if claimed is None:
        db.session.rollback()
        return False
    letter_id = claimed.id
    message = _message_or_none(claimed, now)
    db.session.commit()
    if message is None:
        return True
    try:
        mail.send(server, message)
        came = "sent"
    except mail.MailError as error:
        log.warning("A mail was not taken: %s.", error)
        came = "refused" if isinstance(error, mail.Refused) else "waiting"
    _note(db.session.get_one(Letter, letter_id), now, came)
    db.session.commit()
    return came != "waiting"


def _message_or_none(letter: Letter, now: datetime) -> EmailMessage | None:
    """The mail as it goes out; None when its time is over, or when it is quiet where it goes."""
    if letter.expires_at <= now:
        _give_up(letter, now)
        return None
    if (awake := _awake(letter, now)) > now:
        mail.put_off(letter, awake)
        return None
    letter.tries += 1
    settings: Settings = current_app.config["SETTINGS"]
    with vault.house("mail"):
        return mail.message_of(letter, practices.by_id(letter.practice_id).signs_as, settings, now)


def _awake(letter: Letter, at: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours for what can wait; a way in cannot."""
    contact = queries.contact_of(letter.owner_id) if letter.kind == "reminder" else None
    return rules.awake_at(at, (contact.quiet_from, contact.quiet_till), contact.zone) if contact else at


def _note(letter: Letter, claimed_at: datetime, came: str) -> None:
    """What came of it; nothing when it was canceled, or taken over, while it was on its way."""
    if not claims.is_ours(letter, claimed_at, "sending"):
        return
    if came == "sent":
        mail.settle(letter, "sent", clock.now())
    elif came == "refused":
        _give_up(letter, clock.now())
    else:
        mail.put_off(letter, mail.next_try(letter, clock.now()))


def _give_up(letter: Letter, now: datetime) -> None:
    """Nobody is told whose it was but whose it is, on their own page; the practice learns that there was one."""
    mail.settle(letter, "failed", now)
    contact = queries.contact_of(letter.owner_id)
    if contact is not None and letter.kind != "address":
        contact.failed_at = now
    log.error("A mail was given up. Look at the settings of mail: clinic doctor.")
