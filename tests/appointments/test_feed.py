"""The feed of a calendar program: the own appointments, "Appointment" and when, until its link ends (T28, T8)."""

import os
import socket
import subprocess
import sys
import time as clock_time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import text

from clinic import clock
from clinic.accounts import actions as accounts
from clinic.accounts import letters, rules
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import StaffMember
from clinic.appointments import actions as appointments
from clinic.appointments.models import Appointment
from clinic.appointments.summary import Entry
from clinic.extensions import db
from reports.calendar import calendar_feed
from tests import cast as people
from tests.rules.stage import Stage

Enter = Callable[[str], FlaskClient]
A, B = "partner_a", "partner_b"


@pytest.fixture
def stage(app: Flask, cast: people.Cast, now: datetime) -> Iterator[Stage]:
    """A joint appointment, and one with each alone."""
    with app.app_context():
        made = Stage(deepcopy(cast), now)
        made.meet("joint", "couple", "counselor", in_days=3)
        for who in (A, B):
            made.meet(f"alone {who}", "couple", "counselor", in_days=4, partner_id=cast.partners[who])
        yield made
        db.session.remove()


def link_of(stage: Stage, who: str, *, has_individual: bool = False) -> str:
    with stage.act(who) as viewer:
        token = letters.make_calendar(viewer, stage.now, has_individual=has_individual)
    return f"/appointments/feed/{token}.ics"


def events_at(app: Flask, path: str, at: datetime) -> list[str]:
    """The ids of what it shows."""
    with clock.moved_to(at):
        answer = app.test_client().get(path)
    assert answer.status_code == 200, answer.text
    return [str(one["uid"]) for one in Calendar.from_ical(answer.data).walk("VEVENT")]


def later(stage: Stage, **time: float) -> datetime:
    stage.now += timedelta(**(time or {"minutes": 1}))
    return stage.now


def test_a_client_sees_joint_ones_and_the_own_alone_only_by_choice(app: Flask, stage: Stage) -> None:
    ids = {name: str(id_) for name, id_ in stage.appointments.items()}
    assert events_at(app, link_of(stage, A), stage.now) == [ids["joint"]]
    path = link_of(stage, A, has_individual=True)
    assert events_at(app, path, later(stage)) == [ids["joint"], ids["alone partner_a"]]


def test_a_counselor_sees_the_own_appointments_and_a_colleague_none_of_them(app: Flask, stage: Stage) -> None:
    assert len(events_at(app, link_of(stage, "counselor"), stage.now)) == 3
    assert events_at(app, link_of(stage, "supervisor"), stage.now) == []
    assert events_at(app, link_of(stage, "other_counselor"), stage.now) == []


def test_it_says_appointment_and_when_and_nothing_else(app: Flask, stage: Stage) -> None:
    for who in (A, "counselor"):
        with clock.moved_to(later(stage)):
            answer = app.test_client().get(link_of(stage, who))
        told = answer.text.lower()
        for word in (
            "mara",
            "jonas",
            "ruth",
            "linden",
            "couple",
            "counsel",
            "partner",
            "goldseam",
            "location",
            "organizer",
        ):
            assert word not in told, word
        for one in Calendar.from_ical(answer.data).walk("VEVENT"):
            assert one["summary"] == "Appointment"
            assert set(one) == {"UID", "DTSTAMP", "DTSTART", "DURATION", "SUMMARY", "CLASS", "STATUS"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.mimetype == "text/calendar"


def test_what_was_canceled_or_moved_is_so_in_the_calendar(app: Flask, stage: Stage) -> None:
    path = link_of(stage, A)
    with stage.act("counselor") as viewer:
        row = db.session.get_one(Appointment, stage.appointments["joint"])
        slot = appointments.Slot(row.starts_at + timedelta(days=1), "Europe/Vienna")
        appointments.move(viewer, row, slot, stage.now)
    feed = Calendar.from_ical(app.test_client().get(path).data)
    assert feed.walk("VEVENT")[0]["dtstart"].dt == (stage.now + timedelta(days=4))
    assert str(feed.walk("VEVENT")[0]["dtstart"].dt.tzinfo) == "Europe/Vienna"
    with stage.act("counselor") as viewer:
        appointments.cancel(viewer, db.session.get_one(Appointment, stage.appointments["joint"]), stage.now)
    with clock.moved_to(later(stage)):
        feed = Calendar.from_ical(app.test_client().get(path).data)
    assert [str(one["status"]) for one in feed.walk("VEVENT")] == ["CANCELLED"]


def test_after_a_separation_joint_ones_are_gone(app: Flask, stage: Stage) -> None:
    path = link_of(stage, A, has_individual=True)
    stage.separate("couple", "counselor")
    assert events_at(app, path, stage.now) == [str(stage.appointments["alone partner_a"])]


# Zones


@pytest.mark.parametrize(
    ("day", "offset"), [(7, -5), (8, -4), (9, -4)]
)  # in the night to March 8, 2026 the clocks go forward in New York
def test_an_appointment_keeps_its_wall_clock_over_summer_time(day: int, offset: int) -> None:
    starts = datetime(2026, 3, day, 10, 0, tzinfo=ZoneInfo("America/New_York"))
    entry = Entry(uuid4(), starts.astimezone(UTC), 50, "America/New_York", is_canceled=False)
    raw = calendar_feed([entry], people.BEGAN)
    assert f"DTSTART;TZID=America/New_York:202603{day:02}T100000".encode() in raw
    assert raw.count(b"BEGIN:VTIMEZONE") == 1
    told = Calendar.from_ical(raw).walk("VEVENT")[0]["dtstart"].dt
    assert told == starts
    assert told.utcoffset() == timedelta(hours=offset)


def test_one_over_the_hour_that_comes_twice_is_as_long_as_it_is() -> None:
    starts = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))
    entry = Entry(uuid4(), starts.astimezone(UTC), 50, "America/New_York", is_canceled=False)
    (event,) = Calendar.from_ical(calendar_feed([entry], people.BEGAN)).walk("VEVENT")
    assert event["dtstart"].dt.replace(tzinfo=None) == datetime(2026, 11, 1, 1, 30)  # noqa: DTZ001
    assert event["duration"].dt == timedelta(minutes=50)
    assert "dtend" not in event


# The link


def test_the_link_is_made_on_the_page_shown_once_and_kept_as_a_hash(
    app: Flask, stage: Stage, client_for: Enter
) -> None:
    browser = client_for(A)
    page = browser.post("/accounts/calendar").text
    path = page.split("http://localhost:8000")[1].split('"')[0]
    assert len(events_at(app, path, stage.now)) == 1
    token = path.rpartition("/")[2].removesuffix(".ics")
    assert len(token) == 43, "256 bits"
    assert token not in browser.get("/accounts/mail").text
    kept = db.session.execute(text("SELECT * FROM calendar_link")).one()
    assert token not in str(tuple(kept))


def forget_who_asked() -> None:
    """The context of the test outlives a request, in which nobody was signed in."""
    g.pop("_login_user", None)


def ended(stage: Stage, client_for: Enter) -> None:
    forget_who_asked()
    assert client_for(A).post("/accounts/calendar/end").status_code == 303


def made_anew(stage: Stage, client_for: Enter) -> None:
    forget_who_asked()
    assert client_for(A).post("/accounts/calendar").status_code == 200


def closed(stage: Stage, client_for: Enter) -> None:
    with stage.act("counselor") as viewer:
        account = sign_ins.account_of(stage.cast.people[A])
        assert account is not None
        accounts.close_account(viewer, account, stage.now)


def reset_in_person(stage: Stage, client_for: Enter) -> None:
    with stage.act("counselor") as viewer:
        account = sign_ins.account_of(stage.cast.people[A])
        assert account is not None
        accounts.reset_password(viewer, account, people.passphrase_hash(), stage.now)


@pytest.mark.parametrize("end", [ended, made_anew, closed, reset_in_person])
def test_a_link_that_ended_is_like_one_that_never_was(
    app: Flask, stage: Stage, client_for: Enter, end: Callable[[Stage, Enter], None]
) -> None:
    path = link_of(stage, A)
    assert events_at(app, path, stage.now)
    end(stage, client_for)
    db.session.remove()
    dead, never = (app.test_client().get(one) for one in (path, "/appointments/feed/never.ics"))
    assert (dead.status_code, dead.data) == (never.status_code, never.data)
    assert dead.status_code == 404
    assert [one for one in dead.headers if one[0] != "Set-Cookie"] == [
        one for one in never.headers if one[0] != "Set-Cookie"
    ]


def test_the_link_of_a_counselor_who_leaves_is_dead_at_once(app: Flask, stage: Stage) -> None:
    path = link_of(stage, "counselor")
    assert events_at(app, path, stage.now)
    with stage.act("owner") as viewer:
        accounts.let_go(viewer, db.session.get_one(StaffMember, stage.cast.staff["counselor"]), stage.now)
    assert app.test_client().get(path).status_code == 404


def test_a_link_that_outlived_its_owner_shows_nothing_either(app: Flask, stage: Stage) -> None:
    """Whatever way somebody was let go: the page itself looks at who works here."""
    path = link_of(stage, "counselor")
    with stage.act("owner"):
        db.session.get_one(StaffMember, stage.cast.staff["counselor"]).left_at = stage.now
    assert app.test_client().get(path).status_code == 404


def test_one_link_cannot_be_asked_again_and_again(app: Flask, stage: Stage) -> None:
    path, other = link_of(stage, A), link_of(stage, B)
    assert events_at(app, path, stage.now)
    with clock.moved_to(stage.now + timedelta(seconds=1)):
        early = app.test_client().get(path)
        assert (early.status_code, early.headers["Retry-After"]) == (429, "10")
        assert app.test_client().get(other).status_code == 200, "each has its own pace"
    assert events_at(app, path, stage.now + rules.FETCHES_APART)


def test_the_link_of_a_calendar_is_in_no_log(
    app: Flask, stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when all is well, and not when something breaks: a log names the page, not its address."""
    path = link_of(stage, A)
    token = path.rpartition("/")[2].removesuffix(".ics")
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    caplog.set_level(0)
    events_at(app, path, stage.now)
    monkeypatch.setattr("clinic.appointments.views.calendar_feed", lambda *_: 1 / 0)
    with clock.moved_to(later(stage)):
        assert app.test_client().get(path).status_code == 500
    assert "appointments.feed" in caplog.text
    assert token not in caplog.text


def test_the_server_itself_writes_no_address_down(app: Flask, stage: Stage, tmp_path: Path) -> None:
    path = link_of(stage, A)
    db.session.remove()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = app.config["SETTINGS"]
    env = {**os.environ, "CLINIC_DATA_DIR": str(settings.data_dir)}
    words = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--workers", "1", "--log-level", "warning", "clinic.wsgi:app"]
    log = tmp_path / "log"
    with log.open("wb") as out:
        server = subprocess.Popen([sys.executable, *words], env=env, stdout=out, stderr=out)
        try:
            assert asked(f"http://127.0.0.1:{port}{path}") == 200
            assert asked(f"http://127.0.0.1:{port}/appointments/feed/unknown-token.ics") == 404
        finally:
            server.terminate()
            server.wait(20)
    written = log.read_text()
    assert path not in written
    assert "unknown-token" not in written


def asked(url: str) -> int:
    """The status of an answer, as soon as there is one."""
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            clock_time.sleep(0.1)
    raise AssertionError("no answer")
