"""The outbox against a real mail server: nothing is lost (R12), and nothing is said but the words (T5)."""

import dataclasses
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from clinic import clock, mail
from clinic.accounts import letters, tasks
from clinic.accounts.models import Contact
from clinic.config import Settings, UnsafeSettings
from clinic.extensions import db
from clinic.mail import Letter
from clinic.practice.models import Practice
from clinic.vault import NotReading
from tests import cast as people
from tests.sink import VERBS, Sink, running

ROOT = Path(__file__).parent.parent
ADDRESS = "someone@example.com"


@pytest.fixture
def sink() -> Iterator[Sink]:
    with running() as one:
        yield one


def with_mail(app: Flask, url: str) -> Settings:
    return dataclasses.replace(app.config["SETTINGS"], smtp_url=url, mail_from="notes@practice.example")


@pytest.fixture
def house(app: Flask, sink: Sink, now: datetime) -> Iterator[Flask]:
    """The app with the sink as its mail server, and the cast in it."""
    with people.mailing(app, sink.url), app.app_context():
        yield app
        db.session.rollback()


def post(cast: people.Cast, now: datetime, kind: mail.Kind = "reminder", **more: object) -> UUID:
    """A mail to partner A, and the commit of whatever caused it."""
    order = {
        "practice_id": cast.practice_id,
        "kind": kind,
        "event_id": uuid4(),
        "to": ("person", cast.people["partner_a"]),
        "address": ADDRESS,
        "expires_at": now + timedelta(days=2),
        **more,
    }
    letter = mail.post(mail.Order(**order), now)  # type: ignore[arg-type]
    assert letter is not None
    letter_id = letter.id
    db.session.commit()
    return letter_id


def row(letter_id: UUID) -> Letter:
    return db.session.get_one(Letter, letter_id, populate_existing=True)


# What it says


@pytest.mark.parametrize("kind", mail.WORDS)
def test_a_mail_is_the_constant_words_to_one_recipient(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime, kind: mail.Kind
) -> None:
    post(cast, now, kind, way="/join/abc" if kind == "invitation" else None)
    tasks.due(now)
    (taken,) = sink.taken
    subject, words = mail.WORDS[kind]
    link = "http://localhost:8000" + ("/join/abc" if kind == "invitation" else "/accounts/sign-in")
    assert taken.recipients == [ADDRESS]
    assert taken.message["To"] == ADDRESS
    assert taken.message["Subject"] == subject
    assert taken.message["From"] == "Notes <notes@practice.example>"
    assert taken.text.replace("\r\n", "\n") == words.format(link=link)
    names = {name.lower() for name in taken.message}
    assert not names & {"cc", "bcc", "reply-to", "list-unsubscribe", "x-mailer", "organization"}


def test_the_words_name_nobody_and_nothing() -> None:
    said = " ".join(one for pair in mail.WORDS.values() for one in pair).lower()
    for word in (
        "counsel",
        "couple",
        "partner",
        "exercise",
        "trust",
        "goldseam",
        "appointment",
        "therapy",
        "check-in",
    ):
        assert word not in said


def test_the_sender_is_named_as_the_practice_wants(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    db.session.get_one(Practice, cast.practice_id).sender = "M., front desk"
    post(cast, now)
    tasks.due(now)
    assert sink.taken[0].message["From"].addresses[0].display_name == "M., front desk"


@pytest.mark.parametrize(
    "bad", ["a@b.example\r\nBcc: x@y.example", "a@b.example, x@y.example", "a@b.example\nX: 1"]
)
def test_no_address_and_no_name_makes_a_second_line_or_recipient(
    house: Flask, now: datetime, bad: str
) -> None:
    settings = house.config["SETTINGS"]
    with pytest.raises(ValueError):  # noqa: PT011  # the library's own, of several kinds
        bytes(mail.written(uuid4(), ("Notes", bad), "s", "t", settings, now))
    if "\n" in bad:
        with pytest.raises(ValueError):  # noqa: PT011
            bytes(mail.written(uuid4(), (bad, ADDRESS), "s", "t", settings, now))


# Once, and not never


def test_one_event_has_one_mail_for_each_recipient(house: Flask, cast: people.Cast, now: datetime) -> None:
    event_id = uuid4()
    letter = row(post(cast, now, event_id=event_id))
    again = mail.Order(
        cast.practice_id, "reminder", event_id, ("person", letter.owner_id), ADDRESS, letter.expires_at
    )
    assert mail.post(again, now) is None
    with pytest.raises(IntegrityError):
        db.session.execute(
            text(
                "INSERT INTO letter SELECT randomblob(16), practice_id, kind, event_id, owner_kind, owner_id, "
                "couple_id, address_sealed, way_sealed, asked_at, due_at, expires_at, state, tries, claimed_at, "
                "settled_at FROM letter"
            )
        )


def test_a_mail_whose_act_is_undone_was_never_there(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    order = mail.Order(
        cast.practice_id,
        "reminder",
        uuid4(),
        ("person", cast.people["partner_a"]),
        ADDRESS,
        now + timedelta(1),
    )
    mail.post(order, now)
    db.session.rollback()
    tasks.due(now)
    assert not sink.taken


@pytest.mark.parametrize("verb", VERBS)
def test_a_connection_that_breaks_loses_nothing_and_doubles_only_what_was_taken_unheard(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime, verb: str
) -> None:
    sink.hangs_up_at = verb
    letter_id = post(cast, now)
    tasks.due(now)
    was_taken = verb == "QUIT"
    assert row(letter_id).state == ("sent" if was_taken else "waiting")
    sink.hangs_up_at = ""
    later = now + timedelta(minutes=3)
    with clock.moved_to(later):
        tasks.due(later)
        tasks.due(later + timedelta(hours=3))
    assert row(letter_id).state == "sent"
    assert len(sink.taken) == (2 if verb == "taken" else 1)
    assert len({one.id for one in sink.taken}) == 1, "a double can be told by its Message-ID"


def test_a_dead_server_is_asked_once_a_look(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    sink.hangs_up_at = "connect"
    for _ in range(3):
        post(cast, now)
    tasks.due(now)
    assert sink.connections == 1


def test_who_sends_waits_longer_each_time(house: Flask, sink: Sink, cast: people.Cast, now: datetime) -> None:
    sink.hangs_up_at = "connect"
    letter_id, at, waits = post(cast, now), now, []
    for _ in range(10):
        with clock.moved_to(at):
            tasks.due(at)
        due_at = row(letter_id).due_at
        waits.append(due_at - at)
        at = due_at
    assert waits == sorted(waits)
    assert waits[-1] == mail.LONGEST_WAIT


def test_after_its_time_a_mail_is_given_up_and_nobody_is_named(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    viewer = people.viewer_of(cast, "partner_a")
    letters.write_address(viewer, ADDRESS, "Etc/UTC", now)
    sink.hangs_up_at = "RCPT"
    letter_id = post(cast, now)
    tasks.due(now)
    late = now + timedelta(days=3)
    with clock.moved_to(late):
        tasks.due(late)
    assert row(letter_id).state == "failed"
    assert mail.given_up(cast.practice_id, now) == 1
    assert db.session.scalars(select(Contact.failed_at)).one() is not None
    assert ADDRESS not in caplog.text
    assert str(cast.people["partner_a"]) not in caplog.text


def test_an_address_that_does_not_exist_is_given_up_at_once(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    sink.refuses_with = "550 no such mailbox"
    assert row(post(cast, now)).state == "waiting"
    tasks.due(now)
    assert [one.state for one in db.session.scalars(select(Letter))] == ["failed"]


def test_a_mailbox_that_is_busy_is_tried_again(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    sink.refuses_with = "450 later"
    letter_id = post(cast, now)
    tasks.due(now)
    assert row(letter_id).state == "waiting"


def test_a_letter_that_was_canceled_does_not_go_out(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    letter_id = post(cast, now)
    mail.cancel(now, Letter.id == letter_id)
    db.session.commit()
    tasks.due(now)
    assert not sink.taken


def test_two_senders_do_not_send_the_same_one(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    post(cast, now)
    assert mail.claim(now) is not None
    db.session.commit()
    tasks.due(now)
    assert not sink.taken
    with clock.moved_to(now + timedelta(minutes=6)):
        tasks.due(clock.now())
    assert len(sink.taken) == 1


KILLED_BETWEEN = """
import os, signal, sys
from datetime import datetime
from clinic import clock, mail
from clinic.app import create_app
from clinic.accounts import tasks
app, now = create_app(), datetime.fromisoformat(sys.argv[1])
real = mail.send
def send(server, message):
    if sys.argv[2] == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    real(server, message)
    os.kill(os.getpid(), signal.SIGKILL)
mail.send = send
with app.app_context(), clock.moved_to(now):
    tasks.due(now)
"""


@pytest.mark.parametrize(("when", "arrived"), [("before", 1), ("after", 2)])
def test_a_sender_that_is_killed_loses_nothing(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime, when: str, arrived: int
) -> None:
    """Between handing over and noting it there is one window, in which a second mail with the same id follows."""
    letter_id = post(cast, now)
    settings = house.config["SETTINGS"]
    env = {
        **os.environ,
        "CLINIC_DATA_DIR": str(settings.data_dir),
        "CLINIC_SMTP_URL": settings.smtp_url,
        "CLINIC_MAIL_FROM": settings.mail_from,
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BETWEEN, now.isoformat(), when], cwd=ROOT, env=env, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert row(letter_id).state == "sending"
    db.session.rollback()
    with clock.moved_to(now + timedelta(minutes=6)):
        tasks.due(clock.now())
    assert row(letter_id).state == "sent"
    assert len(sink.taken) == arrived
    assert len({one.id for one in sink.taken}) == 1


# What is kept


def test_where_it_went_is_sealed_opened_by_the_sender_alone_and_forgotten(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    letter_id = post(cast, now, "invitation", way="/join/one-time-token")
    raw = db.session.execute(text("SELECT address_sealed, way_sealed FROM letter")).one()
    assert all(ADDRESS.encode() not in one and b"one-time-token" not in one for one in raw)
    with pytest.raises(NotReading):
        _ = row(letter_id).address
    tasks.due(now)
    assert sink.to(ADDRESS)
    assert tuple(db.session.execute(text("SELECT address_sealed, way_sealed FROM letter")).one()) == (
        None,
        None,
    )


def test_rows_that_are_over_are_deleted(house: Flask, sink: Sink, cast: people.Cast, now: datetime) -> None:
    post(cast, now)
    tasks.due(now)
    with clock.moved_to(now + timedelta(days=92)):
        tasks.due(clock.now())
    assert db.session.scalars(select(Letter)).all() == []


# Settings


def test_mail_lies_in_a_folder_in_the_demo(
    house: Flask, cast: people.Cast, now: datetime, tmp_path: Path
) -> None:
    house.config["SETTINGS"] = with_mail(house, f"folder:{tmp_path / 'outbox'}")
    post(cast, now)
    tasks.due(now)
    (file,) = (tmp_path / "outbox").iterdir()
    assert b"There is something for you" in file.read_bytes()


def test_without_a_server_nothing_is_sent_and_nothing_is_lost(
    house: Flask, sink: Sink, cast: people.Cast, now: datetime
) -> None:
    house.config["SETTINGS"] = with_mail(house, "")
    letter_id = post(cast, now)
    tasks.due(now)
    assert row(letter_id).state == "waiting"


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "folder:relative"])
def test_a_server_that_is_none_is_named_with_its_cure(house: Flask, url: str) -> None:
    with pytest.raises(UnsafeSettings, match="CLINIC_SMTP_URL"):
        mail.server_of(with_mail(house, url))


def test_starttls_is_not_optional(house: Flask, sink: Sink, cast: people.Cast, now: datetime) -> None:
    """A server, or somebody in between, that offers none gets no mail."""
    house.config["SETTINGS"] = with_mail(house, f"smtp://127.0.0.1:{sink.port}")
    letter_id = post(cast, now)
    tasks.due(now)
    assert not sink.taken
    assert row(letter_id).state == "waiting"
    assert mail.problem_of(house.config["SETTINGS"]) is not None


def certified(folder: Path, host: str, *, by_itself: bool = False) -> tuple[Path, ssl.SSLContext]:
    """A server's certificate for that name or address, and the file of who signed it."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = signed_by(ca_key, "A CA of the tests", ca_key, "A CA of the tests", None)
    mine = (key, host) if by_itself else (ca_key, "A CA of the tests")
    own = signed_by(*mine, key, host, x509.IPAddress(ip_address(host)))
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "own.pem").write_bytes(
        own.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return folder / "ca.pem", context


def signed_by(
    signer: ec.EllipticCurvePrivateKey,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    subject: str,
    place: x509.GeneralName | None,
) -> x509.Certificate:
    """A certificate; without a place it is a CA's."""
    issuer_name, name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (issuer, subject)
    )
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(issuer_name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=place is None, path_length=None), critical=True)
    made = made.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if place:
        made = made.add_extension(x509.SubjectAlternativeName([place]), critical=False)
    return made.sign(signer, SHA256())


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize(
    "certificate",
    [
        ("127.0.0.1", True, "self-signed"),
        ("127.0.0.2", False, "not valid for"),
        ("127.0.0.1", False, ""),
    ],
    ids=["signed by itself", "of another place", "right"],
)
def test_mail_goes_only_to_a_server_whose_certificate_is_right(
    house: Flask,
    cast: people.Cast,
    now: datetime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    scheme: str,
    certificate: tuple[str, bool, str],
) -> None:
    host, by_itself, says = certificate
    ca, tls = certified(tmp_path, host, by_itself=by_itself)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    with running(scheme, tls) as server:
        house.config["SETTINGS"] = with_mail(house, server.url)
        letter_id = post(cast, now)
        tasks.due(now)
        problem = mail.problem_of(house.config["SETTINGS"])
    if not says:
        assert row(letter_id).state == "sent"
        assert [one.recipients for one in server.taken] == [[ADDRESS]]
        assert problem is None
        return
    assert not server.taken
    assert row(letter_id).state == "waiting"
    assert problem is not None
    for told in (problem, caplog.text):
        assert "its certificate is not one that this machine trusts" in told
        assert says in told
        assert ADDRESS not in told


def test_without_the_ca_nothing_is_sent(
    house: Flask, cast: people.Cast, now: datetime, tmp_path: Path
) -> None:
    """What the machine trusts decides, and it does not know who signed this one."""
    _, tls = certified(tmp_path, "127.0.0.1")
    with running("smtp", tls) as server:
        house.config["SETTINGS"] = with_mail(house, server.url)
        letter_id = post(cast, now)
        tasks.due(now)
    assert not server.taken
    assert row(letter_id).state == "waiting"


def test_a_password_is_not_shown(house: Flask) -> None:
    shown = with_mail(house, "smtp://front:s3cr%40t@mail.example:587").shown("smtp_url")
    assert shown == "smtp://front:***@mail.example:587"
