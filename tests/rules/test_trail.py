"""The trail is whole after everything that happened, notices later changes, and names every reading of staff."""

import pytest
from sqlalchemy import delete, select, update

from clinic import audit
from clinic.audit import AuditEvent
from clinic.extensions import db
from tests.rules.site import Site
from tests.rules.visits import visit


def broken_in(practice_id: object) -> list[int]:
    """Numbers of the entries that do not fit; the chain itself is judged here a second time, by hand."""
    rows = db.session.scalars(
        select(AuditEvent).where(AuditEvent.practice_id == practice_id).order_by(AuditEvent.seq)
    )
    previous, wrong = "", []
    for number, row in enumerate(rows, start=1):
        if row.seq != number or row.previous != previous or row.hash != audit.digest(row):
            wrong.append(row.seq)
        previous = row.hash
    return wrong


@pytest.fixture
def practices(site: Site) -> list[object]:
    """Both practices of the world."""
    return [site.world.cast.practice_id, site.world.cast.elsewhere_id]


def test_the_chains_are_whole_after_the_whole_world(site: Site, practices: list[object]) -> None:
    with site.app.app_context():
        for practice_id in practices:
            assert broken_in(practice_id) == []
        lengths = [db.session.query(AuditEvent).filter_by(practice_id=one).count() for one in practices]
    assert lengths[0] > 100
    assert lengths[1] > 10


@pytest.mark.parametrize("change", [{"verb": "looked away"}, {"detail": {"other": 1}}, {"actor_id": None}])
def test_a_changed_entry_is_noticed(site: Site, practices: list[object], change: dict[str, object]) -> None:
    with site.app.app_context():
        entry = update(AuditEvent).where(AuditEvent.practice_id == practices[0], AuditEvent.seq == 40)
        db.session.execute(entry.values(**change))
        assert 40 in broken_in(practices[0])
        db.session.rollback()


def test_a_missing_entry_is_noticed(site: Site, practices: list[object]) -> None:
    with site.app.app_context():
        db.session.execute(
            delete(AuditEvent).where(AuditEvent.practice_id == practices[0], AuditEvent.seq == 40)
        )
        assert broken_in(practices[0])
        db.session.rollback()


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
        assert broken_in(practices[0]) == []


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
        assert [broken_in(one) for one in practices] == [[], []]
