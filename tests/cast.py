"""The fixed cast: two practices with their people, made by the same actions that the pages use."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import pyotp
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.access import SYSTEM, Viewer
from clinic.accounts import actions as accounts
from clinic.accounts import factors
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import CodeApp, Person, StaffMember
from clinic.consent import actions as consent
from clinic.couples import actions as couples
from clinic.couples import queries as couple_reads
from clinic.couples import staffing
from clinic.couples.models import Couple, Partner
from clinic.extensions import db
from clinic.practice import actions as practices
from clinic.practice import queries as papers
from clinic.practice.models import Practice
from clinic.safety import actions as safety

PASSPHRASE = "seven quiet lanterns at noon"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""What the code app of each member of staff was set up with."""
BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""The Monday on which the cast comes together; everything in it is settled within the hour."""


@dataclass
class Cast:
    """Ids by key.

    Staff: owner, counselor, other_counselor, supervisor, left, elsewhere_counselor. Clients: partner_a, partner_b,
    other_a, other_b, ex_a, ex_b, elsewhere_a, elsewhere_b. Couples: couple, other, ex, elsewhere.
    """

    practice_id: UUID
    elsewhere_id: UUID
    people: dict[str, UUID] = field(default_factory=dict)  # person ids, staff and clients
    staff: dict[str, UUID] = field(default_factory=dict)  # staff member ids
    partners: dict[str, UUID] = field(default_factory=dict)  # partner ids
    couples: dict[str, UUID] = field(default_factory=dict)
    calendars: dict[str, str] = field(default_factory=dict)  # paths of feeds that somebody made


def mail_to(folder: Path) -> dict[str, str]:
    """The settings of a house from which mail goes, into a folder."""
    return {"smtp_url": f"folder:{folder / 'outbox'}", "mail_from": "notes@practice.example"}


@contextmanager
def mailing(app: Flask, url: str) -> Iterator[None]:
    """The app with a mail server at that address, inside the block; empty: with none."""
    before = app.config["SETTINGS"]
    changed = replace(before, smtp_url=url, mail_from="notes@practice.example")
    app.config["SETTINGS"] = app.jinja_env.globals["settings"] = changed
    try:
        yield
    finally:
        app.config["SETTINGS"] = app.jinja_env.globals["settings"] = before


@cache
def passphrase_hash() -> str:
    """One hash for everybody: hashing costs on purpose."""
    return accounts.hash_passphrase(PASSPHRASE)


def build(now: datetime = BEGAN) -> Cast:
    """Make everybody, in the running app context, and commit."""
    practice = practices.found(
        "Linden Practice",
        "America/New_York",
        "Letter",
        now=now,
        phone="555 0142",
        address="12 Linden Row\nAshby",
    )
    elsewhere = practices.found("Harbor Counseling", "Europe/Vienna", now=now)
    for one in (practice, elsewhere):
        practices.keep_recovery_key(practices.house_of(one), one, now)
    cast = Cast(practice.id, elsewhere.id)
    _staff(cast, practice, elsewhere, now)
    add_couple(cast, "couple", ("partner_a", "Mara"), ("partner_b", "Jonas"), by="counselor", now=now)
    add_couple(cast, "other", ("other_a", "Ines"), ("other_b", "Paul"), by="other_counselor", now=now)
    add_couple(cast, "ex", ("ex_a", "Dara"), ("ex_b", "Luis"), by="counselor", now=now)
    add_couple(
        cast, "elsewhere", ("elsewhere_a", "Oda"), ("elsewhere_b", "Kim"), by="elsewhere_counselor", now=now
    )
    _part(cast, now + timedelta(minutes=30))
    db.session.commit()
    return cast


def _staff(cast: Cast, practice: Practice, elsewhere: Practice, now: datetime) -> None:
    employ(
        cast, practice, "owner", accounts.NewMember("Olive Brandt", is_owner=True, is_counselor=False), now
    )
    employ(cast, practice, "supervisor", accounts.NewMember("Ingrid Sol", is_supervisor=True), now)
    ruth = accounts.NewMember("Ruth Okafor", "LMFT 20418", supervisor_id=cast.staff["supervisor"])
    employ(cast, practice, "counselor", ruth, now)
    employ(cast, practice, "other_counselor", accounts.NewMember("Tomas Lind"), now)
    employ(cast, practice, "left", accounts.NewMember("Leo Marsh"), now)
    employ(cast, elsewhere, "elsewhere_counselor", accounts.NewMember("Hanna Vogt", is_owner=True), now)


def _part(cast: Cast, now: datetime) -> None:
    """One member of staff leaves, having worked with the couple; one couple separates."""
    left = db.session.get_one(StaffMember, cast.staff["left"])
    counselor = viewer_of(cast, "counselor")
    staffing.add_counselor(counselor, db.session.get_one(Couple, cast.couples["couple"]), left, now)
    accounts.let_go(viewer_of(cast, "owner"), left, now)
    couples.separate(counselor, db.session.get_one(Couple, cast.couples["ex"]), now)


def employ(cast: Cast, practice: Practice, key: str, new: accounts.NewMember, now: datetime) -> StaffMember:
    """One more member of staff, who signs in as `key`."""
    member = accounts.employ(SYSTEM, practice.id, new, accounts.NewSignIn(key, passphrase_hash()), now)
    cast.people[key], cast.staff[key] = member.person_id, member.id
    add_code_app(member.person_id, now)
    return member


def add_code_app(person_id: UUID, now: datetime) -> CodeApp:
    """Somebody has an app for codes, which no code was taken of yet."""
    app = CodeApp(person_id=person_id, name="An app", secret=SECRET, added_at=now, confirmed_at=now)
    db.session.add(app)
    return app


def code_at(now: datetime) -> str:
    """What such an app shows."""
    return pyotp.TOTP(SECRET).generate_otp(int(now.timestamp()) // factors.STEP)


def add_couple(
    cast: Cast, key: str, a: tuple[str, str], b: tuple[str, str], *, by: str, now: datetime
) -> Couple:
    """A couple that joined, was confirmed, cleared and signed both papers; they sign in as the keys of `a` and `b`."""
    counselor = viewer_of(cast, by)
    zone = db.session.get_one(Practice, counselor.practice_id).zone
    couple = couples.create(counselor, couples.NewCouple((a[1], b[1]), zone), now)
    cast.couples[key] = couple.id
    for partner, (sign_in, name) in zip(couple.partners, (a, b), strict=True):
        _settle(cast, counselor, partner, sign_in, name, now)
    db.session.flush()
    return couple


def _settle(cast: Cast, counselor: Viewer, partner: Partner, sign_in: str, name: str, now: datetime) -> None:
    cast.partners[sign_in] = partner.id
    invitation = couples.invite(counselor, partner, now).invitation
    chosen = accounts.NewSignIn(sign_in, passphrase_hash())
    invitation.partner = partner
    account = couples.join_as_new(invitation, name, chosen, now)
    cast.people[sign_in], account.welcomed_at = account.person_id, now
    couples.confirm(counselor, partner, now)
    safety.decide(counselor, partner, "conjoint_ok", "talked with each alone", now)
    sign_on_paper(counselor, partner, now)


def live_in(cast: Cast, zone: str, couple: str = "couple") -> None:
    """A couple has a clock of its own; commits."""
    db.session.get_one(Couple, cast.couples[couple]).zone = zone
    db.session.commit()


def sign_on_paper(counselor: Viewer, partner: Partner, now: datetime) -> None:
    """Both papers as they are in force, signed in the room and recorded by the counselor."""
    for document in papers.in_force(partner.practice_id, now).values():
        on = clock.local_day(now, partner.couple.zone)
        consent.record_on_paper(counselor, partner, document, partner.name, on, now)


def viewer_of(cast: Cast, key: str) -> Viewer:
    """Who that is, as a viewer without a sign-in; needs an app context."""
    person = db.session.get_one(Person, cast.people[key])
    member = db.session.scalar(select(StaffMember).where(StaffMember.person_id == person.id))
    works = member if member is not None and member.left_at is None else None
    return Viewer(
        person_id=person.id,
        practice_id=person.practice_id,
        name=works.name if works else person.name,
        staff_id=works.id if works else None,
        roles=frozenset(works.roles) if works else frozenset(),
        sides=couple_reads.sides_of(person.id),
    )


def token_for(cast: Cast, key: str, now: datetime, device: str = "Firefox on Linux") -> str:
    """Open a sign-in for somebody, with the second step taken, and return its token; commits."""
    account = sign_ins.account_of(cast.people[key])
    assert account is not None
    token = accounts.begin_session(account, device, now, with_factor=True)
    db.session.commit()
    return token


STAFF: Mapping[str, str] = {
    "owner": "looks after people, assigned to nobody",
    "counselor": "works with the couple and with the ex-couple",
    "other_counselor": "works with another couple of the same practice",
    "supervisor": "supervises the counselor",
    "left": "worked with the couple and left",
    "elsewhere_counselor": "works in another practice",
}
CLIENTS: Mapping[str, str] = {
    "partner_a": "position 1 of the couple",
    "partner_b": "position 2 of the couple",
    "other_a": "of another couple",
    "ex_a": "separated",
    "elsewhere_a": "of another practice",
}
