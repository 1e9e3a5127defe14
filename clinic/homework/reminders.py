"""Reminders: one mail at most for a round and a person who asked for it, and none that the other could have caused.

Whether there is something to do is folded as that person's own pages fold it, and only parts count that were open from
the beginning of the round: whether and when the other writes is told by no mail. It is decided once, at a moment that
follows from the round and the person's quiet hours alone; what changes until the mail is out takes it back.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from clinic import mail
from clinic.accounts.models import Contact
from clinic.accounts.rules import awake_at
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.homework import queries, rules
from clinic.homework.models import Recipient, Round
from clinic.mail import Letter, Order


def has_to_do(round_: Round, partner_id: UUID, now: datetime) -> bool:
    """True while this partner has an own part to write that waits for nobody, and that is done when it is sent."""
    if round_.assignment.state != "active" or round_.closed_at is not None:
        return False
    folded = queries.state_of(round_, now, partner=partner_id)
    theirs = [folded.turns[turn] for who, turn, act in folded.acts if who == partner_id and act == "write"]
    return any(
        one.actors == (partner_id,)
        and one.turn.repeat is None
        and one.since is not None
        and one.since <= round_.opens_at
        for one in theirs
    )


# What is due


def undecided(now: datetime) -> Sequence[Row[Any]]:
    """Round, recipient and contact of whom to remind by now, where nothing was decided yet; only read."""
    decided = select(Letter.id).where(
        Letter.kind == "reminder", Letter.event_id == Round.id, Letter.owner_id == Contact.person_id
    )
    rows = (
        select(Round.id, Round.opens_at, Round.closes_at, Partner.id.label("partner_id"))
        .add_columns(Contact.person_id, Contact.quiet_from, Contact.quiet_till, Contact.zone)
        .join(Recipient, Recipient.assignment_id == Round.assignment_id)
        .join(Partner, Partner.id == Recipient.partner_id)
        .join(Contact, Contact.person_id == Partner.person_id)
        .where(Contact.has_reminders, Partner.confirmed_at.is_not(None), Partner.left_at.is_(None))
        .where(Partner.closed_at.is_(None))
        .where(Round.closed_at.is_(None), Round.opens_at <= now, Round.closes_at > now)
        .where(Round.closes_at <= now + rules.REMINDS_BEFORE, ~decided.exists())
        .order_by(Round.closes_at, Round.opens_at)
    )
    return [row for row in db.session.execute(rows) if _moment(row) <= now]


def _moment(row: Row[Any]) -> datetime:
    due_at = rules.reminder_at(row.opens_at, row.closes_at)
    return awake_at(due_at, (row.quiet_from, row.quiet_till), row.zone)


def decide(now: datetime) -> int:
    """Put the mails into the outbox that are due; where there is nothing to do, note that none comes."""
    rows = undecided(now)
    for row in rows:
        _decide(row, now)
    return len(rows)


def _decide(row: Row[Any], now: datetime) -> None:
    round_ = db.session.get_one(Round, row.id)
    contact = db.session.scalars(select(Contact).where(Contact.person_id == row.person_id)).one()
    letter = mail.post(
        Order(
            practice_id=round_.assignment.practice_id,
            kind="reminder",
            event_id=round_.id,
            to=("person", row.person_id),
            address=contact.address or "",
            expires_at=row.closes_at,
            couple_id=round_.couple_id,
        ),
        now,
    )
    db.session.flush()
    if letter is not None and not (contact.address and has_to_do(round_, row.partner_id, now)):
        mail.cancel(now, Letter.id == letter.id)


# What stops it


def weigh(now: datetime, *, couple_id: UUID | None = None, round_: Round | None = None) -> None:
    """Take back what waits and has no reason any more: in a couple, in a round, or anywhere.

    Every act that may end the reason calls it in its own transaction. It asks the same question as before the mail was
    put into the outbox, so that an act which changes nothing for its reader takes nothing back.
    """
    with db.session.no_autoflush:  # a round is folded while it is being made
        waiting = db.session.scalars(_waiting(couple_id, round_)).all()
    for letter in waiting:
        row = round_ or db.session.get_one(Round, letter.event_id)
        if not any(has_to_do(row, one, now) for one in _sides(row.couple_id, letter.owner_id)):
            mail.cancel(now, Letter.id == letter.id)


def _waiting(couple_id: UUID | None, round_: Round | None) -> Any:
    rows = select(Letter).where(Letter.kind == "reminder", Letter.state.in_(mail.OPEN))
    if couple_id is not None:
        rows = rows.where(Letter.couple_id == couple_id)
    return rows if round_ is None else rows.where(Letter.event_id == round_.id)


def _sides(couple_id: UUID, person_id: UUID) -> Sequence[UUID]:
    mine = select(Partner.id).where(Partner.couple_id == couple_id, Partner.person_id == person_id)
    return db.session.scalars(mine.where(Partner.closed_at.is_(None))).all()
