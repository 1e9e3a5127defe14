"""What goes out to a person: where they want mail, the link of their calendar, and the way to a new passphrase."""

import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, select, update

from clinic import audit, mail
from clinic.access import Viewer
from clinic.accounts import queries, rules
from clinic.accounts.models import Account, CalendarLink, Contact, ResetLink, ResetRequest
from clinic.extensions import Busy, db, transactions
from clinic.vault import Owner

TOLD_FOR = timedelta(days=3)
"""How long it is tried to tell an earlier address."""


class LetterError(Exception):
    """An act that is not possible; the message says what to do."""


class NoSuchZone(LetterError):
    """There is no time zone of that name."""


@dataclass(frozen=True)
class Wishes:
    """When somebody wants mail. Quiet from and till alike: at any hour."""

    has_reminders: bool
    quiet: tuple[time, time]
    zone: str


def _contact(viewer: Viewer, zone: str) -> Contact:
    found = queries.contact_of(viewer.person_id)
    if found is None:
        starts, ends = rules.QUIET
        found = Contact(person_id=viewer.person_id, quiet_from=starts, quiet_till=ends, zone=zone)
        db.session.add(found)
    return found


def write_address(viewer: Viewer, address: str | None, zone: str, now: datetime) -> None:
    """Where mail goes from now on; an earlier address is told, in neutral words, that it is not the one any more.

    What waits for the earlier address does not go there any more. `zone` is the person's until they say another.
    """
    contact = _contact(viewer, zone)
    before = contact.address
    if before == address:
        return
    _forget_waiting(contact.person_id, now)
    contact.address, contact.failed_at = address, None
    contact.has_reminders = contact.has_reminders and address is not None
    audit.record(viewer, "write address", contact)
    if before is not None and viewer.practice_id is not None:
        # The event is this change; there is no row for it but the line of the trail.
        to: Owner = ("person", contact.person_id)
        mail.post(mail.Order(viewer.practice_id, "address", uuid4(), to, before, now + TOLD_FOR), now)


def write_wishes(viewer: Viewer, wishes: Wishes, now: datetime) -> None:
    """Reminders on or off, and when it is quiet. Switched off, what waits does not go out."""
    try:
        ZoneInfo(wishes.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise NoSuchZone(
            f"{wishes.zone} is not the name of a time zone. Try one like Europe/Vienna."
        ) from error
    contact = _contact(viewer, wishes.zone)
    if wishes.has_reminders and contact.address is None:
        raise LetterError("Say first where they should go.")
    contact.has_reminders, contact.zone = wishes.has_reminders, wishes.zone
    contact.quiet_from, contact.quiet_till = wishes.quiet
    if not wishes.has_reminders:
        mail.cancel(now, mail.Letter.owner_id == contact.person_id, mail.Letter.kind == "reminder")
    audit.record(viewer, "choose mail", contact)


def _forget_waiting(person_id: UUID, now: datetime) -> None:
    mail.cancel(now, mail.Letter.owner_id == person_id, mail.Letter.kind != "address")


def shut(viewer: Viewer, person_id: UUID, now: datetime) -> None:
    """Somebody cannot sign in any more, or not with what was known so far: no link to a new passphrase is good any
    more, and no mail goes out."""
    _forget_waiting(person_id, now)
    of_person = select(Account.id).where(Account.person_id == person_id)
    unused = update(ResetLink).where(ResetLink.account_id.in_(of_person), ResetLink.used_at.is_(None))
    db.session.execute(unused.values(used_at=now))


# The calendar


def make_calendar(viewer: Viewer, now: datetime, *, has_individual: bool) -> str:
    """A link for a calendar program; an earlier one ends. Returns its token, which is kept nowhere else."""
    if (earlier := queries.calendar_link_of(viewer)) is not None:
        end_calendar(viewer, earlier)
        db.session.flush()
    token = secrets.token_urlsafe(32)
    link = CalendarLink(
        person_id=viewer.person_id,
        token_hash=queries.hash_of(token),
        has_individual=has_individual,
        made_at=now,
    )
    db.session.add(link)
    audit.record(viewer, "make calendar link", link)
    return token


def end_calendar(viewer: Viewer, link: CalendarLink) -> None:
    """Nothing is there any more under its address."""
    audit.record(viewer, "end calendar link", link)
    db.session.delete(link)


def end_calendar_of(viewer: Viewer, person_id: UUID) -> None:
    """End the link of a person, if there is one."""
    link = db.session.scalar(select(CalendarLink).where(CalendarLink.person_id == person_id))
    if link is not None:
        end_calendar(viewer, link)


def note_fetch(link: CalendarLink, now: datetime) -> bool:
    """Note that a calendar program asked, in a transaction of its own; False when it asked a moment ago."""
    not_lately = CalendarLink.last_seen_at.is_(None) | (
        CalendarLink.last_seen_at <= now - rules.FETCHES_APART
    )
    seen = update(CalendarLink).where(CalendarLink.id == link.id, not_lately).values(last_seen_at=now)
    try:
        with transactions(write=True, wait=False), db.engine.begin() as connection:
            return connection.execute(seen).rowcount == 1
    except Busy:  # nobody waits for this
        return True


# A new passphrase by mail, for who works here


def ask_for_reset(sign_in_name: str, now: datetime) -> None:
    """Put down that a name was typed. The same is written whether anybody has it, so that nothing is told by time."""
    db.session.add(ResetRequest(sign_in_hash=queries.sign_in_hash(sign_in_name), asked_at=now))


def answer_requests(now: datetime) -> int:
    """Find out whose names were typed; who works here and gave an address gets a link."""
    asked = {one.sign_in_hash for one in db.session.scalars(select(ResetRequest)).all()}
    for sign_in_hash in sorted(asked):
        account = db.session.scalar(select(Account).where(Account.sign_in_hash == sign_in_hash))
        if account is not None:
            _send_reset(account, now)
    db.session.execute(delete(ResetRequest).where(ResetRequest.sign_in_hash.in_(asked)))
    return len(asked)


def _send_reset(account: Account, now: datetime) -> None:
    member, contact = queries.staff_of_person(account.person_id), queries.contact_of(account.person_id)
    address = contact.address if contact else None
    works = member is not None and (member.left_at is None or now < member.left_at)
    if not works or address is None or account.closed_at is not None or _was_sent_lately(account, now):
        return
    token = secrets.token_urlsafe(32)
    link = ResetLink(
        account_id=account.id,
        token_hash=queries.hash_of(token),
        created_at=now,
        expires_at=now + rules.RESET_LASTS,
    )
    db.session.add(link)
    house = Viewer(practice_id=account.person.practice_id)
    audit.record(house, "mail a reset", link)
    to: Owner = ("person", account.person_id)
    way = f"/accounts/reset/{token}"
    mail.post(
        mail.Order(account.person.practice_id, "reset", link.id, to, address, link.expires_at, way=way), now
    )


def _was_sent_lately(account: Account, now: datetime) -> bool:
    links = select(ResetLink.id).where(ResetLink.account_id == account.id)
    return (
        db.session.scalar(links.where(ResetLink.created_at > now - rules.RESETS_APART).limit(1)) is not None
    )


def is_open(link: ResetLink | None, now: datetime) -> bool:
    """True while a new passphrase can be chosen by it."""
    if (
        link is None
        or link.used_at is not None
        or now >= link.expires_at
        or link.account.closed_at is not None
    ):
        return False
    member = queries.staff_of_person(link.account.person_id)
    return member is not None and (member.left_at is None or now < member.left_at)
