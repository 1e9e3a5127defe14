"""A partner's page fetches nothing of what the other did alone: it cannot take longer for it either."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from clinic import clock
from clinic.exercises.turns import declassified
from clinic.extensions import db
from clinic.homework import queries as homework
from clinic.homework.models import Round, RoundEvent
from tests.rules.site import Site

LOG = "log of both"
LATER = timedelta(minutes=10)


def test_what_is_fetched_for_a_partner_is_what_the_engine_tells(site: Site) -> None:
    """In every round of the world, for each of its two: the statement and the one rule say the same."""
    with site.app.app_context():
        rounds = db.session.scalars(select(Round)).unique().all()
        left: Counter[str] = Counter()
        for round_ in rounds:
            document, legs = homework.document_for(round_), homework.legs_of(round_.assignment)
            for partner in {one.partner_id for one in round_.assignment.recipients}:
                events = homework.events_of(round_)
                told = homework.told_to(partner, rounds)[round_.id]
                assert told == declassified(document, legs, events, partner)
                left[""] += len(told)
                left.update(one.kind for one in events if one.by not in (None, partner) and one not in told)
    assert left[""]
    assert left["sent"]


@contextmanager
def fetched() -> Iterator[Counter[str]]:
    """By class, the rows that were fetched in the block."""
    rows: Counter[str] = Counter()

    def note(_session: Session, row: object) -> None:
        rows[type(row).__name__] += 1

    event.listen(Session, "loaded_as_persistent", note)
    try:
        yield rows
    finally:
        event.remove(Session, "loaded_as_persistent", note)


def rows_for(site: Site, who: str, *paths: str) -> Counter[str]:
    with clock.moved_to(site.world.stage.now + LATER), fetched() as rows:
        for path in paths:
            assert site.client(who).get(path).status_code == 200
    return rows


def test_a_page_fetches_no_more_for_what_the_other_wrote_alone(site: Site) -> None:
    there = site.world.stage
    stage = replace(there, assignments=dict(there.assignments), now=there.now)
    with site.app.app_context():
        stage.assign(LOG, "feelings_log", {"partner_a": "mutual", "partner_b": "mutual"})
        stage.send("partner_a", LOG, "entry", "Something of my own.")
        paths = [
            "/progress/now",
            "/progress/ours",
            "/progress/mine",
            f"/reflections/{stage.turn(LOG, 'entry', 'partner_a', ['open']).id}",
            f"/reflections/{stage.turn(LOG, 'entry', 'partner_a', ['sent']).id}/sent",
        ]
        db.session.remove()
    before = rows_for(site, "partner_a", *paths)
    with site.app.app_context():
        for number in range(4):
            stage.send("partner_b", LOG, "entry", f"Something of the other, {number}.")
        sent = db.session.scalars(select(RoundEvent).where(RoundEvent.kind == "sent")).all()
        db.session.remove()
    assert rows_for(site, "partner_a", *paths) == before
    assert before["RoundEvent"]
    assert len(sent) > 4
