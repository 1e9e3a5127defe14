"""The outbox: one row for each event and recipient, written in the transaction of the act; constant words; delivery.

A mailbox is often shared and always somebody else's machine. So a mail says that there is something and where to sign
in, and nothing more: no name, no exercise, no couple. Who sends is in accounts/tasks.py; a row waits until the other
side has taken the mail over, under a Message-ID that stays the same, so that a second one can be told as such.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from clinic import claims
from clinic.config import PREFIX, Settings, UnsafeSettings
from clinic.extensions import Base, db
from clinic.vault import Owner, Sealed

Kind = Literal["invitation", "reset", "reminder", "address"]

WORDS: dict[Kind, tuple[str, str]] = {
    "invitation": (
        "Your way in",
        "Here is the way in that you talked about. It works once, within three\n"
        "days, and asks for the six digits that you were given in person:\n\n{link}\n\n"
        "If you do not know what this is about, you can delete it. Nobody can\n"
        "get in with it alone.\n",
    ),
    "reset": (
        "Your sign-in",
        "Somebody, probably you, asked for a new passphrase. Choose one here\n"
        "within half an hour:\n\n{link}\n\n"
        "If it was not you, there is nothing to do: without this link nothing\n"
        "changes.\n",
    ),
    "reminder": (
        "A note for you",
        "There is something for you. Sign in to see it:\n\n{link}\n\n"
        "You asked for notes like this one. After signing in you can stop them.\n",
    ),
    "address": (
        "Your notes",
        "Notes to you no longer come to this address.\n\n"
        "If it was not you who changed that, tell the practice, in person or\n"
        "by phone.\n",
    ),
}
"""Subject and text of everything that is ever sent. Reviewed as words; nothing but the link is put in."""

SIGN_IN = "/accounts/sign-in"
TIMEOUT = 10.0
"""Seconds for each answer of the mail server; all of them together stay well below the lease of claims.py."""

LONGEST_WAIT = timedelta(hours=2)
KEPT_FOR = timedelta(days=90)
"""A row that is settled tells that there was a mail, and that no second one is due; it is deleted after this time."""

OPEN = ("waiting", "sending")


class MailError(Exception):
    """The mail could not be handed over; it is tried again."""


class Refused(MailError):
    """The other side does not know this address, and will not tomorrow."""


class Letter(Base):
    """One mail to one person about one event. The address is sealed, opened by the sender alone, and goes with it."""

    __tablename__ = "letter"
    practice_id: Mapped[UUID] = mapped_column(ForeignKey("practice.id"))
    kind: Mapped[str]
    event_id: Mapped[UUID]  # the row that it is about
    owner_kind: Mapped[str]  # person; partner before anybody has joined
    owner_id: Mapped[UUID]
    couple_id: Mapped[UUID | None] = mapped_column(
        index=True
    )  # of a reminder: what holds the couple stops it
    address_sealed: Mapped[bytes | None]
    address: Sealed[str | None] = Sealed("address_sealed", "@owner_kind", "owner_id")
    way_sealed: Mapped[bytes | None]
    way: Sealed[str | None] = Sealed("way_sealed", "@owner_kind", "owner_id")  # a path that works once
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default="waiting")  # waiting | sending | sent | canceled | failed
    tries: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("kind", "event_id", "owner_id"),
        Index("ix_letter_state", "state", "due_at"),
    )


# The outbox


@dataclass(frozen=True)
class Order:
    """What is to be sent when; `way` is the path of a link that works once, else the mail leads to the sign-in."""

    practice_id: UUID
    kind: Kind
    event_id: UUID
    to: Owner
    address: str
    expires_at: datetime
    due_at: datetime | None = None
    way: str | None = None
    couple_id: UUID | None = None


def post(order: Order, now: datetime) -> Letter | None:
    """Put a mail into the outbox, in the transaction of its cause; None when this one had its mail about that."""
    same = (
        Letter.kind == order.kind,
        Letter.event_id == order.event_id,
        Letter.owner_id == order.to[1],
    )
    if db.session.scalar(select(Letter.id).where(*same)) is not None:
        return None
    letter = Letter(
        practice_id=order.practice_id,
        kind=order.kind,
        event_id=order.event_id,
        owner_kind=order.to[0],
        owner_id=order.to[1],
        couple_id=order.couple_id,
        asked_at=now,
        due_at=order.due_at or now,
        expires_at=order.expires_at,
    )
    letter.address, letter.way = order.address, order.way
    db.session.add(letter)
    return letter


def cancel(now: datetime, *which: ColumnElement[bool]) -> None:
    """What has not gone out does not go out any more; in the transaction of the act that stops it."""
    db.session.execute(
        update(Letter)
        .where(Letter.state.in_(OPEN), *which)
        .values(state="canceled", settled_at=now, address_sealed=None, way_sealed=None)
    )


def claim(now: datetime) -> Letter | None:
    """Take the next mail that is due, or one whose sender is gone."""
    return claims.claim(Letter, now, Letter.due_at <= now, at_work="sending")


def is_any_due(now: datetime) -> bool:
    """True when there is something for a sender to do; only read."""
    is_due = select(Letter.id).where(claims.is_free(Letter, now, "sending"), Letter.due_at <= now)
    return db.session.scalar(is_due.limit(1)) is not None


def put_off(letter: Letter, until: datetime) -> None:
    """It waits, as if nobody had taken it."""
    letter.state, letter.claimed_at, letter.due_at = "waiting", None, until


def settle(letter: Letter, state: Literal["sent", "failed"], now: datetime) -> None:
    """It is done with; where it went and which link it carried is forgotten."""
    letter.state, letter.settled_at, letter.address, letter.way = state, now, None, None


def next_try(letter: Letter, now: datetime) -> datetime:
    """When it is tried again: after one minute, two, four, up to two hours."""
    return now + min(timedelta(minutes=2 ** min(letter.tries, 10)), LONGEST_WAIT)


def state_of(kind: Kind, event_ids: list[UUID]) -> dict[UUID, str]:
    """What became of the mails about these events."""
    rows = select(Letter.event_id, Letter.state).where(Letter.kind == kind, Letter.event_id.in_(event_ids))
    return {row.event_id: row.state for row in db.session.execute(rows)} if event_ids else {}


def given_up(practice_id: UUID, since: datetime) -> int:
    """How many mails of a practice were given up; never whose."""
    lost = select(func.count()).where(Letter.practice_id == practice_id, Letter.state == "failed")
    return db.session.scalar(lost.where(Letter.settled_at >= since)) or 0


def is_any_old(now: datetime) -> bool:
    """True when there are rows to delete; only read."""
    return db.session.scalar(select(Letter.id).where(*_is_over(now)).limit(1)) is not None


def delete_old(now: datetime) -> None:
    """Delete rows of which nothing more can come."""
    db.session.execute(delete(Letter).where(*_is_over(now)))


def _is_over(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Letter.state.not_in(OPEN), Letter.expires_at <= now - KEPT_FOR


# The mail itself


def message_of(letter: Letter, sender: str, settings: Settings, now: datetime) -> EmailMessage:
    """The mail as it goes out: one recipient, the constant words, one link. Opens what is sealed: vault.house."""
    subject, text = WORDS[letter.kind]  # type: ignore[index]  # the column holds these kinds only
    link = settings.base_url.rstrip("/") + (letter.way or SIGN_IN)
    return written(letter.id, (sender, letter.address or ""), subject, text.format(link=link), settings, now)


def written(
    id_: UUID, to: tuple[str, str], subject: str, text: str, settings: Settings, now: datetime
) -> EmailMessage:
    """A mail; `to` is the name of the sender and the address of the one recipient. A line break is refused."""
    message = EmailMessage()
    message["From"] = Address(to[0], addr_spec=settings.mail_from)
    message["To"] = Address(addr_spec=to[1])
    message["Subject"] = subject
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{id_}@{settings.mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    return message


# Handing over


@dataclass(frozen=True)
class Server:
    """Where mail goes. `smtp` asks for STARTTLS, `smtps` is TLS from the first byte, `smtp+plain` is neither."""

    scheme: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    folder: Path = Path()


PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


def server_of(settings: Settings) -> Server:
    """The server that the settings name; UnsafeSettings with the cure when they name none."""
    parts = urlsplit(settings.smtp_url)
    if not settings.mail_from.strip() or "@" not in settings.mail_from:
        raise UnsafeSettings(
            f"{PREFIX}MAIL_FROM is {settings.mail_from!r}; an address is needed to send from."
        )
    if parts.scheme == "folder" and parts.path.startswith("/"):
        return Server("folder", folder=Path(unquote(parts.path)))
    if parts.scheme not in PORTS or not parts.hostname:
        raise UnsafeSettings(
            f"{PREFIX}SMTP_URL is not one of smtp://user:password@host:587, smtps://user:password@host:465, "
            "smtp+plain://localhost:25, folder:/path."
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return Server(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme], user, password)


def send(server: Server, message: EmailMessage) -> None:
    """Hand a mail over; returns when the other side has taken it. Refused when it never will, else MailError."""
    if server.scheme == "folder":
        return _put_down(server.folder, message)
    try:
        with connected(server) as smtp:
            smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise (Refused if code >= 500 else MailError)(f"the recipient was refused ({code})") from None
    except (OSError, smtplib.SMTPException) as error:  # its text could quote an address
        raise MailError(_named(error)) from None


def _named(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not one that this machine trusts: {error.verify_message.rstrip('.')}"
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


@contextmanager
def connected(server: Server) -> Iterator[smtplib.SMTP]:
    """A connection on which mail can be sent. How it ends says nothing about mail that was taken before."""
    trusted = ssl.create_default_context()
    here = (server.host, server.port, "localhost")
    smtp: Any = (
        smtplib.SMTP_SSL(*here, timeout=TIMEOUT, context=trusted)
        if server.scheme == "smtps"
        else smtplib.SMTP(*here, timeout=TIMEOUT)
    )
    try:
        if server.scheme == "smtp":
            smtp.starttls(context=trusted)
        if server.user:
            smtp.login(server.user, server.password)
        yield smtp
    finally:
        with suppress(OSError, smtplib.SMTPException):
            smtp.quit()
        smtp.close()


def _put_down(folder: Path, message: EmailMessage) -> None:
    """For the demo: mails lie in a folder, and go nowhere."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / f"{message['Message-ID'].strip('<>')}.eml").write_bytes(bytes(message))


def problem_of(settings: Settings) -> str | None:
    """Why no mail would get out, in words; None when the server lets us in."""
    server = server_of(settings)
    if server.scheme == "folder":
        return None
    try:
        with connected(server):
            return None
    except (OSError, smtplib.SMTPException) as error:
        return f"{server.host}:{server.port} does not let us in ({_named(error)})."
