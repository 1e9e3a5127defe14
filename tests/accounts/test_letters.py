"""Where and when somebody wants mail, a new passphrase by mail for who works here, and the link of a calendar."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, text

from clinic import clock, vault
from clinic.accounts import actions as accounts
from clinic.accounts import letters, rules, tasks
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Contact, ResetLink, ResetRequest, StaffMember, UserSession
from clinic.extensions import db
from clinic.mail import Letter
from tests import cast as people
from tests.sink import Sink, running

Enter = Callable[[str], FlaskClient]
NEW = "eleven loud kettles before dawn"
CLIENT = {"quiet_from": "21:00", "quiet_till": "08:00", "zone": "America/New_York"}


@pytest.fixture
def sink(app: Flask) -> Iterator[Sink]:
    """A mail server, and the app with it in its settings."""
    with running() as one, people.mailing(app, one.url):
        yield one


def deliver(app: Flask, at: datetime) -> None:
    with app.app_context(), clock.moved_to(at):
        tasks.due(at)


def give_address(app: Flask, cast: people.Cast, who: str, now: datetime, address: str = "") -> str:
    address = address or f"{who}@example.com"
    with app.app_context():
        letters.write_address(people.viewer_of(cast, who), address, "America/New_York", now)
        db.session.commit()
    return address


# The own address


def test_a_person_says_where_mail_goes_and_nobody_else_is_shown(
    app: Flask, client_for: Enter, sink: Sink
) -> None:
    mine = client_for("partner_a")
    assert mine.post("/accounts/mail", data={**CLIENT, "address": "mara@example.com"}).status_code == 303
    assert "mara@example.com" in mine.get("/accounts/mail").text
    for who in ("partner_b", "counselor", "owner"):
        browser = client_for(who)
        for path in ("/accounts/mail", "/accounts/devices", "/progress/now", "/couples/"):
            assert "mara@example.com" not in browser.get(path).text
    with app.app_context():
        raw = db.session.execute(text("SELECT address_sealed FROM contact")).scalar_one()
        assert b"mara" not in raw


def test_an_address_asks_for_a_fresh_proof(client_for: Enter, sink: Sink, now: datetime) -> None:
    mine = client_for("partner_a")
    with clock.moved_to(now + rules.PROOF_LASTS):
        answer = mine.post("/accounts/mail", data={**CLIENT, "address": "mara@example.com"})
        assert "/accounts/prove" in answer.headers["Location"]
        assert "/accounts/prove" in mine.get("/accounts/mail").headers["Location"]


def test_the_earlier_address_is_told_in_neutral_words(
    app: Flask, client_for: Enter, sink: Sink, now: datetime
) -> None:
    mine = client_for("partner_a")
    for address in ("old@example.com", "new@example.com", ""):
        mine.post("/accounts/mail", data={**CLIENT, "address": address})
    deliver(app, now)
    assert [one.recipients for one in sink.taken] == [["old@example.com"], ["new@example.com"]]
    assert all("new@" not in one.text and "old@" not in one.text for one in sink.taken)


@pytest.mark.parametrize(
    "address",
    [
        "two@example.com, another@example.com",
        "a@b\r\nBcc: c@d.example",
        "nobody",
        "a@@b.example",
        "ä@example.com",
        "<a@b.example>",
    ],
)
def test_what_is_not_one_address_is_none(app: Flask, client_for: Enter, sink: Sink, address: str) -> None:
    assert (
        client_for("partner_a").post("/accounts/mail", data={**CLIENT, "address": address}).status_code == 422
    )
    with app.app_context():
        assert db.session.scalars(select(Contact)).all() == []


def test_reminders_need_an_address_and_a_time_zone(client_for: Enter, sink: Sink) -> None:
    mine = client_for("partner_a")
    wants = {**CLIENT, "has_reminders": "y"}
    assert mine.post("/accounts/mail", data={**wants, "address": ""}).status_code == 422
    assert (
        mine.post("/accounts/mail", data={**wants, "address": "a@b.example", "zone": "Mars/Base"}).status_code
        == 422
    )
    assert mine.post("/accounts/mail", data={**wants, "address": "a@b.example"}).status_code == 303


def test_without_a_mail_server_the_page_offers_no_mail(client_for: Enter) -> None:
    page = client_for("partner_a").get("/accounts/mail").text
    assert "No mail is sent from here" in page
    assert 'name="address"' not in page


# Quiet hours


def test_a_client_begins_with_the_clock_of_the_couple_and_staff_with_the_practices(
    app: Flask, client_for: Enter, cast: people.Cast, sink: Sink
) -> None:
    with app.app_context():
        people.live_in(cast, "Pacific/Auckland")
    assert "Pacific/Auckland" in client_for("partner_a").get("/accounts/mail").text
    assert "Pacific/Auckland" not in client_for("counselor").get("/accounts/mail").text


def at(day: int, hour: int, minute: int = 0, zone: str = "America/New_York") -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "awake"),
    [
        (at(4, 12), at(4, 12)),
        (at(4, 21), at(5, 8)),
        (at(4, 23, 59), at(5, 8)),
        (at(5, 0, 1), at(5, 8)),
        (at(5, 7, 59), at(5, 8)),
        (at(5, 8), at(5, 8)),
        (at(7, 23), at(8, 8)),  # the night on which summer time begins has an hour less
    ],
)
def test_a_mail_waits_for_the_end_of_the_quiet_hours(moment: datetime, awake: datetime) -> None:
    assert rules.awake_at(moment, (time(21), time(8)), "America/New_York") == awake


def test_quiet_hours_can_lie_within_a_day_or_be_none() -> None:
    assert rules.awake_at(at(4, 13), (time(12), time(15)), "America/New_York") == at(4, 15)
    assert rules.awake_at(at(4, 3), (time(0), time(0)), "America/New_York") == at(4, 3)


# A new passphrase by mail


def link_in(sink: Sink) -> str:
    found = re.search(r"http://localhost:8000(/accounts/reset/\S+)", sink.taken[-1].text)
    assert found
    return found[1]


@pytest.fixture
def asked(app: Flask, cast: people.Cast, sink: Sink, nobody: FlaskClient, now: datetime) -> str:
    """The path of a link that came by mail to the counselor."""
    give_address(app, cast, "counselor", now)
    assert nobody.post("/accounts/forgot", data={"name": "Counselor "}).status_code == 200
    deliver(app, now)
    return link_in(sink)


def test_staff_choose_a_new_passphrase_by_a_link_and_every_device_is_out(
    app: Flask, asked: str, client_for: Enter, nobody: FlaskClient, sink: Sink
) -> None:
    before = client_for("counselor")
    assert sink.taken[-1].recipients == ["counselor@example.com"]
    assert nobody.get(asked).status_code == 200
    assert nobody.get(asked).status_code == 200, "looking at it does not use it up"
    assert nobody.post(asked, data={"passphrase": "short"}).status_code == 422
    answer = nobody.post(asked, data={"passphrase": NEW})
    assert answer.headers["Location"].endswith("/accounts/sign-in")
    assert "/accounts/sign-in" in before.get("/progress/today").headers["Location"]
    assert nobody.post("/accounts/sign-in", data={"name": "counselor", "passphrase": NEW}).status_code == 303
    assert (
        app.test_client().post(asked, data={"passphrase": NEW + "!"}).headers["Location"].endswith("/forgot")
    )


def test_a_link_ends_after_half_an_hour_and_when_its_owner_leaves(
    app: Flask, cast: people.Cast, asked: str, nobody: FlaskClient, now: datetime
) -> None:
    with clock.moved_to(now + timedelta(minutes=30)):
        assert nobody.post(asked, data={"passphrase": NEW}).headers["Location"].endswith("/forgot")
    with app.app_context():
        member = db.session.get_one(StaffMember, cast.staff["counselor"])
        accounts.let_go(people.viewer_of(cast, "owner"), member, now)
        db.session.commit()
    assert nobody.post(asked, data={"passphrase": NEW}).headers["Location"].endswith("/forgot")


def test_of_two_who_use_a_link_at_once_one_wins(app: Flask, asked: str, now: datetime) -> None:
    def use(number: int) -> str:
        with clock.moved_to(now):
            answer = app.test_client().post(asked, data={"passphrase": f"{NEW} {number}"})
        return str(answer.headers["Location"])

    with ThreadPoolExecutor(8) as pool:
        went = list(pool.map(use, range(8)))
    assert sum(one.endswith("/sign-in") for one in went) == 1
    assert sum(one.endswith("/forgot") for one in went) == 7
    (winner,) = (number for number, one in enumerate(went) if one.endswith("/sign-in"))
    with app.app_context():
        account = sign_ins.account_named("counselor")
        assert account is not None
        assert accounts.fits(account.password_hash, f"{NEW} {winner}")


def test_clients_who_left_and_names_that_nobody_has_get_no_mail_and_the_same_answer(
    app: Flask, cast: people.Cast, sink: Sink, nobody: FlaskClient, now: datetime
) -> None:
    for who in ("counselor", "partner_a", "left"):
        give_address(app, cast, who, now) if who != "left" else None
    pages, statements = set(), set()
    for name in ("counselor", "supervisor", "partner_a", "left", "nobody-at-all"):
        with said() as told:
            answer = nobody.post("/accounts/forgot", data={"name": name})
        pages.add((answer.status_code, re.sub(r'value="[^"]+"|content="[^"]+"', "", answer.text)))
        statements.add(tuple(told))
    assert len(pages) == 1, "the answers differ"
    assert len(statements - {min(statements, key=len)}) <= 1, "what is asked of the database differs"
    deliver(app, now)
    assert [one.recipients for one in sink.taken] == [["counselor@example.com"]]
    with app.app_context():
        assert db.session.scalars(select(ResetRequest)).all() == []


class said:  # noqa: N801  # reads as a word of the test
    """The statements of a block."""

    def __enter__(self) -> list[str]:
        self.told: list[str] = []
        from sqlalchemy import Engine

        self.engine = Engine
        event.listen(Engine, "before_cursor_execute", self._note)
        return self.told

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.told.append(statement)

    def __exit__(self, *_: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)


def test_nobodys_mailbox_is_filled_and_who_asks_again_and_again_waits(
    app: Flask, cast: people.Cast, sink: Sink, nobody: FlaskClient, now: datetime
) -> None:
    give_address(app, cast, "counselor", now)
    answers = []
    for _ in range(8):
        answers.append(nobody.post("/accounts/forgot", data={"name": "counselor"}).status_code)
        deliver(app, now)
    assert len(sink.taken) == 1
    assert 429 in answers


def test_a_reset_in_person_ends_links_and_calendars(
    app: Flask, cast: people.Cast, asked: str, nobody: FlaskClient, now: datetime
) -> None:
    with app.app_context():
        viewer = people.viewer_of(cast, "counselor")
        token = letters.make_calendar(viewer, now, has_individual=False)
        account = sign_ins.account_of(cast.people["counselor"])
        assert account is not None
        accounts.reset_password(people.viewer_of(cast, "owner"), account, people.passphrase_hash(), now)
        db.session.commit()
    assert nobody.get(f"/appointments/feed/{token}.ics").status_code == 404
    assert nobody.post(asked, data={"passphrase": NEW}).headers["Location"].endswith("/forgot")


@pytest.mark.parametrize("way", ["passphrase", "devices/end-others"])
def test_the_link_of_a_calendar_ends_with_the_other_ways_in(
    app: Flask, cast: people.Cast, client_for: Enter, nobody: FlaskClient, now: datetime, way: str
) -> None:
    """Who had the passphrase may have made a link, or copied one."""
    with app.app_context():
        token = letters.make_calendar(people.viewer_of(cast, "partner_a"), now, has_individual=False)
        db.session.commit()
    assert nobody.get(f"/appointments/feed/{token}.ics").status_code == 200
    browser = client_for("partner_a")
    answer = browser.post(f"/accounts/{way}", data={"passphrase": NEW}, follow_redirects=True)
    assert "a calendar link has ended" in answer.text
    assert nobody.get(f"/appointments/feed/{token}.ics").status_code == 404
    assert "you make a new one here" in browser.get("/accounts/mail").text


def test_the_link_is_kept_as_a_hash_and_waits_sealed(
    app: Flask, cast: people.Cast, sink: Sink, nobody: FlaskClient, now: datetime
) -> None:
    give_address(app, cast, "counselor", now)
    nobody.post("/accounts/forgot", data={"name": "counselor"})
    sink.hangs_up_at = "connect"
    deliver(app, now)
    with app.app_context(), vault.house("test"):
        letter = db.session.scalars(select(Letter)).one()
        assert letter.way is not None
        token = letter.way.rpartition("/")[2]
        assert len(token) == 43
        db.session.remove()
        db.engine.dispose()
        folder = app.config["SETTINGS"].data_dir
    assert not [file for file in folder.glob("clinic.sqlite*") if token.encode() in file.read_bytes()]


def test_a_bare_sign_in_chooses_a_passphrase_and_no_address(
    app: Flask, cast: people.Cast, client_for: Enter, sink: Sink, now: datetime
) -> None:
    browser = client_for("partner_a")
    with app.app_context():
        account = sign_ins.account_of(cast.people["partner_a"])
        assert account is not None
        account.must_change_password = True
        db.session.commit()
    assert browser.post("/accounts/mail", data={**CLIENT, "address": "a@b.example"}).status_code == 404
    assert browser.post("/accounts/calendar").status_code == 404


def test_who_leaves_gets_no_mail_that_waits(app: Flask, cast: people.Cast, sink: Sink, now: datetime) -> None:
    give_address(app, cast, "counselor", now)
    with app.app_context():
        letters.ask_for_reset("counselor", now)
        letters.answer_requests(now)
        member = db.session.get_one(StaffMember, cast.staff["counselor"])
        accounts.let_go(people.viewer_of(cast, "owner"), member, now)
        db.session.commit()
    deliver(app, now)
    assert not sink.taken
    with app.app_context():
        assert db.session.scalars(select(ResetLink.used_at)).one() is not None
        assert db.session.scalars(select(UserSession).where(UserSession.revoked_at.is_(None))).all() == []
