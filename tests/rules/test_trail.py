"""The trail is whole after everything that happened, notices later changes, and names every reading of staff."""

import random
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import Executable, delete, func, select, text, update
from sqlalchemy.exc import DBAPIError

from clinic import anchors, audit
from clinic.audit import AuditEvent, WordsRead
from clinic.extensions import db
from tests.rules.site import Site
from tests.rules.visits import visit


def broken_in(practice_id: object) -> int | None:
    """The number of the first entry that does not fit."""
    broken = audit.first_broken(db.session.connection(), practice_id)
    return broken.seq if broken else None


def let_in() -> None:
    """Take away what the database itself holds against a change, as somebody with its file could."""
    for verb in ("update", "delete"):
        db.session.execute(text(f"DROP TRIGGER audit_event_no_{verb}"))


@pytest.fixture
def practices(site: Site) -> list[object]:
    """Both practices of the world."""
    return [site.world.cast.practice_id, site.world.cast.elsewhere_id]


def test_the_chains_are_whole_after_the_whole_world(site: Site, practices: list[object]) -> None:
    with site.app.app_context():
        for practice_id in practices:
            assert broken_in(practice_id) is None
        lengths = [db.session.query(AuditEvent).filter_by(practice_id=one).count() for one in practices]
    assert lengths[0] > 100
    assert lengths[1] > 10


CHANGES = {
    "verb": "looked away",
    "detail": {"other": 1},
    "actor_id": None,
    "at": datetime(2026, 1, 1, tzinfo=UTC),
    "hash": "0" * 64,
    "previous": "0" * 64,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_entry_is_named(site: Site, practices: list[object], name: str) -> None:
    with site.app.app_context():
        let_in()
        entry = update(AuditEvent).where(AuditEvent.practice_id == practices[0], AuditEvent.seq == 40)
        db.session.execute(entry.values({name: CHANGES[name]}))
        assert broken_in(practices[0]) == 40
        db.session.rollback()


def test_a_missing_entry_is_named(site: Site, practices: list[object]) -> None:
    with site.app.app_context():
        let_in()
        entry = delete(AuditEvent).where(AuditEvent.practice_id == practices[0], AuditEvent.seq == 40)
        db.session.execute(entry)
        assert broken_in(practices[0]) == 40
        db.session.rollback()


@pytest.mark.parametrize("act", [update(AuditEvent).values(verb="looked away"), delete(AuditEvent)])
def test_the_database_itself_refuses_to_change_the_trail(site: Site, act: Executable) -> None:
    with site.app.app_context():
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(act)
        db.session.rollback()


def test_each_of_ten_thousand_alterations_is_located(site: Site, practices: list[object]) -> None:
    """Changed in any column, taken out, put in again, or exchanged with another: the first wrong entry is named."""
    with site.app.app_context():
        of = select(AuditEvent).where(AuditEvent.practice_id == practices[1]).order_by(AuditEvent.seq)
        chain = [in_memory(row) for row in db.session.scalars(of)]
        key = audit.chain_key(db.session.connection(), practices[1])
        db.session.rollback()
    assert audit.first_unlike(chain, key) is None
    source = random.Random(7)
    for _ in range(10_000):
        altered, wrong = alter(chain, source)
        broken = audit.first_unlike(altered, key)
        assert broken is not None
        assert broken.seq == wrong


def in_memory(row: AuditEvent) -> SimpleNamespace:
    """One entry, to be altered."""
    return SimpleNamespace(
        **{column.key: getattr(row, column.key) for column in AuditEvent.__table__.columns}
    )


COLUMNS = ("practice_id", "at", "actor_id", "verb", "subject", "subject_id", "detail", "previous", "hash")


def alter(chain: list[SimpleNamespace], source: random.Random) -> tuple[list[SimpleNamespace], int]:
    """The chain with one thing done to it, and the number of the first entry that is wrong then."""
    place, altered = source.randrange(len(chain) - 1), list(chain)
    match source.choice(["change", "take", "repeat", "swap"]):
        case "change":
            altered[place] = copy(altered[place])
            setattr(
                altered[place],
                (name := source.choice(COLUMNS)),
                other_than(getattr(chain[place], name), source),
            )
        case "take":
            del altered[place]
        case "repeat":
            altered.insert(place, altered[place])
            return altered, place + 2
        case "swap":
            altered[place], altered[place + 1] = altered[place + 1], altered[place]
    return altered, place + 1


def other_than(value: object, source: random.Random) -> object:
    """Nearly the same: another instant, one letter more, one digit of a hash."""
    if isinstance(value, datetime):
        return value + timedelta(microseconds=source.randrange(1, 10**9))
    if isinstance(value, str) and value:
        spot = source.randrange(len(value))
        return value[:spot] + chr(ord(value[spot]) ^ 1) + value[spot + 1 :]
    return (
        {"other": source.random()}
        if isinstance(value, dict)
        else uuid4()
        if value is None
        else str(value) + "0"
    )


def test_a_tail_that_was_cut_off_is_missed(site: Site, practices: list[object], tmp_path: Path) -> None:
    with site.app.app_context():
        connection, file, at = db.session.connection(), tmp_path / "anchor", datetime(2026, 4, 1, tzinfo=UTC)
        assert anchors.note(file, audit.heads(connection), at) == 2
        assert anchors.note(file, audit.heads(connection), at + timedelta(days=1)) == 0
        assert anchors.first_missing(connection, anchors.read(file), practices[0]) is None
        last = db.session.scalar(
            select(func.max(AuditEvent.seq)).where(AuditEvent.practice_id == practices[0])
        )
        let_in()
        db.session.execute(
            delete(AuditEvent).where(AuditEvent.practice_id == practices[0], AuditEvent.seq > last - 3)
        )
        assert broken_in(practices[0]) is None, "the chain alone cannot show it"
        broken = anchors.first_missing(connection, anchors.read(file), practices[0])
        assert broken is not None
        assert broken.seq == last - 2
        db.session.rollback()


def test_a_long_file_of_heads_is_read_from_its_end(tmp_path: Path) -> None:
    file, at, practice = tmp_path / "anchor", datetime(2026, 4, 1, tzinfo=UTC), uuid4()
    heads = [audit.Head(practice, seq, "0" * 64) for seq in range(1, 2_000)]
    anchors.append(file, [anchors.Note(at, head) for head in heads])
    at += anchors.EVERY
    assert file.stat().st_size > 2 * anchors.TAIL
    assert anchors.note(file, heads[-1:], at) == 0, "it has not moved"
    assert anchors.note(file, [audit.Head(practice, 2_000, "0" * 64)], at) == 1
    assert [one.head.seq for one in anchors.read(file)] == list(range(1, 2_001))


@pytest.mark.parametrize(
    "falsify",
    [delete(WordsRead), update(WordsRead).values(reader_id=uuid4()), update(WordsRead).values(kind="note")],
)
def test_what_a_client_is_told_of_readings_is_what_the_chain_says(
    site: Site, practices: list[object], falsify: Executable
) -> None:
    with site.app.app_context():
        read = select(AuditEvent.id).where(AuditEvent.id.in_(select(WordsRead.event_id)))
        event_id = db.session.scalar(read.where(AuditEvent.practice_id == practices[0]).limit(1))
        assert event_id is not None, "nobody read anything"
        for verb in ("update", "delete"):
            db.session.execute(text(f"DROP TRIGGER audit_reading_no_{verb}"))
        db.session.execute(falsify.where(WordsRead.event_id == event_id))
        seq = db.session.scalar(select(AuditEvent.seq).where(AuditEvent.id == event_id))
        broken = audit.first_broken(db.session.connection(), practices[0])
        db.session.rollback()
    assert broken is not None
    assert (broken.seq, broken.why) == (seq, "is told otherwise to those whose words were read")


@pytest.mark.parametrize(
    "falsify", [delete(audit.ABOUT), update(audit.ABOUT).values(couple_id=uuid4())], ids=["gone", "another's"]
)
def test_what_is_about_a_couple_is_found_by_it_as_the_chain_says(
    site: Site, practices: list[object], falsify: Executable
) -> None:
    with site.app.app_context():
        of_practice = select(AuditEvent.id).where(AuditEvent.practice_id == practices[0])
        found = select(audit.ABOUT).where(audit.ABOUT.c.event_id.in_(of_practice))
        about = db.session.execute(found.limit(1)).one()
        with pytest.raises(DBAPIError, match="append-only"):
            db.session.execute(falsify)
        db.session.rollback()
        for verb in ("update", "delete"):
            db.session.execute(text(f"DROP TRIGGER audit_about_no_{verb}"))
        db.session.execute(falsify.where(audit.ABOUT.c.event_id == about.event_id))
        seq = db.session.scalar(select(AuditEvent.seq).where(AuditEvent.id == about.event_id))
        broken = audit.first_broken(db.session.connection(), practices[0])
        db.session.rollback()
    assert broken is not None
    assert (broken.seq, broken.why) == (seq, "is not found by the couple that it is about")


def test_an_entry_cannot_be_changed_through_the_house(site: Site, practices: list[object]) -> None:
    with site.app.app_context():
        entry = db.session.scalars(select(AuditEvent).where(AuditEvent.seq == 1)).first()
        assert entry is not None
        entry.verb = "looked away"
        with pytest.raises(RuntimeError, match="append-only"):
            db.session.commit()
        db.session.rollback()


def test_a_reading_of_staff_is_named_with_its_rows(site: Site, practices: list[object]) -> None:
    path = f"/reflections/rounds/{site.world.ids['round checkin 2']}"
    made = visit(site.app, site.client("supervisor"), "supervisor", "GET", path)
    assert made.status == 200
    with site.app.app_context():
        last = db.session.scalars(
            select(AuditEvent).where(AuditEvent.practice_id == practices[0]).order_by(AuditEvent.seq.desc())
        ).first()
        assert last is not None
        assert (last.verb, last.actor_id) == ("read", site.world.cast.people["supervisor"])
        assert str(site.world.cast.partners["partner_b"]) in str(last.detail)
        assert broken_in(practices[0]) is None


def test_acts_of_two_at_once_keep_the_chain_whole(site: Site, practices: list[object]) -> None:
    turn = site.world.ids["turn checkin 2 pulse partner_a"]
    for who, path in (("partner_a", f"/reflections/{turn}/say"), ("counselor", "/couples/new")):
        data = {
            "kind": "not_now",
            "text": "Later.",
            "name_1": "Ana",
            "name_2": "Ben",
            "zone": "Europe/Vienna",
        }
        assert site.client(who).post(path, data=data).status_code == 303
    with site.app.app_context():
        assert [broken_in(one) for one in practices] == [None, None]
