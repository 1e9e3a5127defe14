"""Every mail and every feed of the whole world: constant words, one recipient, none of what anybody wrote (T5, T28)."""

import re
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from sqlalchemy import select

from clinic import clock, mail
from clinic.accounts import letters
from clinic.accounts import tasks as sending
from clinic.couples import actions as couples
from clinic.couples.models import Partner
from clinic.extensions import db
from clinic.homework import tasks as homework
from clinic.mail import Letter
from tests import cast as people
from tests.rules.birds import NAMES
from tests.rules.site import Site
from tests.rules.visits import visit
from tests.sink import Sink, running

LINK = r"http://localhost:8000/(accounts/sign-in|join/[\w-]{43}|accounts/reset/[\w-]{43})"
CLIENTS = ("partner_a", "partner_b", "other_a", "other_b", "elsewhere_a", "elsewhere_b")


@pytest.fixture
def sink(site: Site) -> Iterator[Sink]:
    with running() as one, people.mailing(site.app, one.url):
        yield one


def everything_goes_out(site: Site) -> dict[str, str]:
    """Reminders of three weeks, an invitation, a reset and a change of address; tells who has which address."""
    stage = site.world.stage
    addresses = {who: f"{who.replace('_', '.')}@example.com" for who in (*CLIENTS, "counselor")}
    for who, address in addresses.items():
        with stage.act(who) as viewer:
            letters.write_address(viewer, address, "Europe/Vienna", stage.now)
            if who in CLIENTS:
                wishes = letters.Wishes(True, (time(22), time(7)), "Europe/Vienna")
                letters.write_wishes(viewer, wishes, stage.now)
    with stage.act("counselor") as viewer:
        invited = db.session.get_one(Partner, site.world.ids["invited_partner"])
        couples.invite(viewer, invited, stage.now, "invited@example.com")
    for hours in range(0, 21 * 24, 4):
        at = stage.now + timedelta(hours=hours)
        with clock.moved_to(at):
            if hours == 4:  # a link was made for her a moment ago
                letters.ask_for_reset("counselor", at)
                db.session.commit()
            homework.due(at)
            sending.due(at)
            db.session.remove()
    return {**addresses, "invited": "invited@example.com"}


def test_every_mail_is_one_of_the_constant_ones_to_one_person_and_tells_nothing(
    site: Site, sink: Sink
) -> None:
    with site.app.app_context():
        addresses = everything_goes_out(site)
        kinds = set(db.session.scalars(select(Letter.kind).where(Letter.state == "sent")))
        db.session.remove()
    assert kinds == set(mail.WORDS)
    assert len(sink.taken) > 10
    known = {(subject, text.format(link="*")) for subject, text in mail.WORDS.values()}
    told = [one.token for one in site.world.canaries if not one.label.startswith("address of")]
    for one in sink.taken:
        text = re.sub(LINK, "*", one.text.replace("\r\n", "\n"))
        assert (str(one.message["Subject"]), text) in known
        assert len(one.recipients) == 1
        assert one.message.get_all("To") == one.recipients
        assert set(map(str.lower, one.message)) <= HEADERS
        assert not [bird for bird in told if bird.encode() in one.raw]
        assert not [
            name for name in (*NAMES, "Ruth", "Linden") if re.search(rb"\b%b\b" % name.encode(), one.raw)
        ]
    assert {one.recipients[0] for one in sink.taken} - old_addresses(site) <= set(addresses.values())
    assert len({one.id for one in sink.taken}) == len(sink.taken)


HEADERS = {
    *("from", "to", "subject", "date", "message-id", "auto-submitted"),
    *("content-type", "content-transfer-encoding", "mime-version"),
    *("x-peer", "x-mailfrom", "x-rcptto"),  # put there by the server of the test
}


def old_addresses(site: Site) -> set[str]:
    """Those that were told that they are not the ones any more."""
    return {f"{one.token}@example.com" for one in site.world.canaries if one.label.startswith("address of")}


def test_a_person_has_mail_about_own_rounds_alone(site: Site, sink: Sink) -> None:
    with site.app.app_context():
        addresses = everything_goes_out(site)
        rows = select(Letter.owner_id, Letter.couple_id).where(
            Letter.kind == "reminder", Letter.state == "sent"
        )
        sent = list(db.session.execute(rows))
        db.session.remove()
    cast = site.world.cast
    couple_of = {cast.people[who]: cast.couples[key] for who, key in COUPLES.items()}
    assert sent
    assert all(couple_of[person] == couple for person, couple in sent)
    assert len([one for one in sink.taken if one.recipients[0] in addresses.values()]) >= len(sent)


COUPLES = {
    "partner_a": "couple",
    "partner_b": "couple",
    "other_a": "other",
    "other_b": "other",
    "elsewhere_a": "elsewhere",
    "elsewhere_b": "elsewhere",
}


def test_every_feed_tells_nothing_but_when(site: Site) -> None:
    stage = site.world.stage
    for who in (*CLIENTS, "counselor", "supervisor", "owner", "parted_a"):
        with site.app.app_context(), stage.act(who) as viewer:
            token = letters.make_calendar(viewer, stage.now, has_individual=True)
        made = visit(site.app, site.app.test_client(), "nobody", "GET", f"/appointments/feed/{token}.ics")
        assert made.status == 200
        assert not [one.label for one in site.world.canaries if one.token in made.text]
        assert not [name for name in (*NAMES, "Ruth", "Linden") if name in made.text]
        assert set(re.findall(r"SUMMARY:(.*)\r", made.text)) <= {"Appointment"}
