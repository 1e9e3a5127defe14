"""Answers that steer a round lie readable in it: of one whose words have ended, those that nobody was told go, too."""

from clinic.extensions import db
from clinic.homework.models import RoundEvent
from tests.rules.histories import PAIR, A, B
from tests.rules.stage import Stage
from tests.rules.theater import Theater


def test_what_was_said_to_a_release_ends_with_its_author(theater: Theater) -> None:
    with theater.stage() as stage:
        stage.assign("impact", "impact_statement", PAIR)
        stage.assign("feelings", "feelings_log", PAIR)
        stage.send(B, "impact", "first_sitting", "the letter", consent="no")
        stage.send(A, "feelings", "entry", "an evening", consent="no")
        stage.end_words(B)
        assert _consents(stage) == {A: ["no"], B: ["no"]}
        stage.wait(days=4)
        assert _consents(stage) == {A: ["no"], B: []}


def _consents(stage: Stage) -> dict[str, list[str]]:
    rows = db.session.scalars(db.select(RoundEvent).where(RoundEvent.kind == "sent")).all()
    said = {
        who: [
            row.detail["consent"]
            for row in rows
            if row.by_id == stage.cast.partners[who] and "consent" in row.detail
        ]
        for who in (A, B)
    }
    db.session.remove()
    return said
