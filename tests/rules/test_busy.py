"""Somebody else holds the lock and does not let go: what opens no words is shown, what opens words is "busy"."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select

from clinic import clock
from clinic.accounts.models import UserSession
from clinic.audit import AuditEvent
from clinic.extensions import db
from tests.rules.site import Site
from tests.rules.table import table, tries_of
from tests.rules.visits import Visit, visit

PATIENT = "Busy for a moment"


@contextmanager
def locked(site: Site) -> Iterator[None]:
    """The lock is held for real, by a connection of its own; nobody here waits five seconds for it."""

    def hurry(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout=20")

    with site.app.app_context():
        db.engine.dispose()
    event.listen(Engine, "connect", hurry)
    try:
        with closing(sqlite3.connect(site.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    finally:
        event.remove(Engine, "connect", hurry)
        with site.app.app_context():
            db.engine.dispose()


def lines_of_the_trail(site: Site) -> int:
    with site.app.app_context():
        return db.session.query(AuditEvent).count()


def wrong_about(site: Site, before: Visit, made: Visit) -> str:
    """What is wrong with a page that was asked for while the lock was held, or nothing."""
    if "audit_event" not in before.writes:
        return "" if made.status == before.status else f"{made}: opened no words, and needed the lock"
    if made.status != 503:
        return f"{made}: opened words, and left no line in the trail"
    shown = [one.label for one in site.world.canaries if one.token in made.text]
    return f"{made}: shows {shown}" if shown or PATIENT not in made.text else ""


@pytest.mark.parametrize("person", ["partner_a", "counselor", "owner", "nobody"])
def test_a_page_without_words_needs_no_lock_and_one_with_words_is_busy(site: Site, person: str) -> None:
    paths = [
        path
        for row in table().of("GET")
        for specimen, path in tries_of(row, site.app, site.world)
        if row.admits(person, specimen)
    ]
    asked = [visit(site.app, site.client(person), person, "GET", path) for path in paths]
    with (
        locked(site),
        clock.moved_to(clock.now() + timedelta(minutes=2)),
    ):  # the sign-in's use is to be noted, too
        wrong = [
            wrong_about(site, before, visit(site.app, site.client(person), person, "GET", before.path))
            for before in asked
        ]
    assert not (found := list(filter(None, wrong))), "\n".join(found)


def test_somebody_reads_again_when_the_lock_is_free(site: Site) -> None:
    path, client = f"/progress/ours/{site.world.ids['round checkin 1']}", site.client("partner_a")
    before = lines_of_the_trail(site)
    with locked(site):
        busy = client.get(path)
    assert busy.status_code == 503
    assert busy.headers["Retry-After"] == "5"
    assert busy.headers["Cache-Control"] == "no-store"
    assert f'href="{path}"' in busy.text
    assert lines_of_the_trail(site) == before
    assert client.get(path).status_code == 200
    assert lines_of_the_trail(site) == before + 1


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_what_somebody_sends_meanwhile_is_refused_whole_and_said_to_be(site: Site, accept: str) -> None:
    turn = site.world.ids["turn checkin 2 pulse partner_a"]
    client = site.client("partner_a")
    with locked(site):
        answer = client.post(
            f"/reflections/{turn}/say", data={"kind": "not_now", "text": "Later."}, headers={"Accept": accept}
        )
    assert answer.status_code == 503
    if accept == "text/html":
        assert "what you wrote is still in the form" in answer.text
    else:
        assert answer.json == {"kept": False}


def test_last_use_is_noted_when_the_lock_is_free_again(site: Site) -> None:
    client, session_id = site.client("owner"), site.world.ids["session owner"]
    later = clock.now() + timedelta(minutes=2)
    with locked(site), clock.moved_to(later):
        assert client.get("/practice/").status_code == 200
    assert seen_of(site, session_id) < later
    with clock.moved_to(later):
        client.get("/practice/")
    assert seen_of(site, session_id) == later


def seen_of(site: Site, session_id: object) -> object:
    with site.app.app_context():
        return db.session.scalar(select(UserSession.last_seen_at).where(UserSession.id == session_id))
