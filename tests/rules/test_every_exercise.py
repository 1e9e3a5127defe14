"""Every exercise goes its whole way through the real pages: file, form, page, answers, and answers as lines again."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from clinic import clock
from clinic.exercises import actions as library
from clinic.exercises import answers as shapes
from clinic.exercises.document import Exercise
from clinic.exercises.library import shipped
from clinic.exercises.reading import raw_of, read
from clinic.extensions import db
from clinic.homework.models import Round, Turn
from clinic.homework.queries import document_for
from clinic.reflections import actions as reflections
from clinic.reflections import queries as words
from clinic.reflections.rules import bound_hash
from tests import cast as people
from tests.rules import answering, pages
from tests.rules.answering import Choose
from tests.rules.stage import Stage

PAIR = {"partner_a": "injured", "partner_b": "involved"}
STEPS_AT_MOST = 40
ENTRIES = 2
"""So many entries of a log are written; after them the round is left to its end."""


class Play:
    """One round of one exercise, from giving it until nothing is left to write."""

    def __init__(self, app: Flask, cast: people.Cast, exercise: Exercise, choose: Choose) -> None:
        self.app, self.exercise, self.choose = app, exercise, choose
        self.stage = Stage(cast)
        self.ends_at = self.stage.now + timedelta(days=30)
        self.sent: list[tuple[str, str]] = []

    def begin(self) -> None:
        """Give it, with what it builds on, on a couple that has nothing else open."""
        library.import_documents(shipped().values(), self.stage.now)
        self.stage.meet("first", "couple", "counselor", in_days=1)
        for needed in self.exercise.inputs:
            if needed.exercise not in self.stage.assignments:
                self._before(needed.exercise)
        first = self.stage.cast.partners["partner_a"]
        self.stage.assign(self.exercise.slug, self.exercise.slug, PAIR, first=first)
        self.stage.wait(minutes=1)

    def _before(self, slug: str) -> None:
        """What this exercise builds on was written and released earlier."""
        self.stage.assign(slug, slug, PAIR)
        for key in shipped()[slug].turns:
            self.stage.send("partner_a", slug, key, f"what came before, {key}")
            self.stage.release(slug, key, "partner_a")

    def open_turns(self) -> list[tuple[str, Turn]]:
        """What can be written now and by whom, logs only as far as they are tried."""
        rows = db.session.scalars(
            select(Turn)
            .join(Round)
            .where(Round.assignment_id == self.stage.assignments[self.exercise.slug], Round.number == 1)
            .where(Turn.state.in_(("open", "returned", "proposed")), Turn.entry <= ENTRIES, Turn.attempt <= 2)
            .order_by(Turn.leg, Turn.order)
        )
        names = {id_: who for who, id_ in self.stage.cast.partners.items()}
        return [(names.get(row.partner_id, "partner_a"), row) for row in rows if self._may_be_written(row)]

    def _may_be_written(self, row: Turn) -> bool:
        return row.since is not None and row.since <= self.stage.now

    def step(self) -> bool:
        """One turn is written, or time passes, or the counselor does what is hers; False at the end."""
        with clock.moved_to(self.stage.now), self.app.app_context():
            found = self.open_turns()
            if found:
                self._write(*found[0])
                return True
            if self._releasable():
                return True
            self.stage.wait(days=1)
            self._hold()
            return not self._is_over()

    def _is_over(self) -> bool:
        assignment_id = self.stage.assignments[self.exercise.slug]
        ended = select(Round.closed_at).where(Round.assignment_id == assignment_id, Round.number == 1)
        return db.session.scalar(ended) is not None or self.stage.now > self.ends_at

    def _write(self, who: str, turn: Turn) -> None:
        if turn.state == "proposed":
            self._agree("partner_b", turn)
            return
        turn_id, key, text = turn.id, turn.key, f"Words of {who} „in“ {turn.key} <{len(self.sent)}>"
        answers = pages.send(self.stage, self.client(who), who, turn, text, self.choose)
        codes = [answer.status_code for answer in answers]
        assert codes[:3] in ([200, 303, 200], [200, 200, 200]), (key, codes, problems_in(answers[1].text))
        assert codes[1] == 303 or "stop" in answers[1].text, (
            "a saved draft is shown again only for the stop page"
        )
        assert codes[3] in {200, 303}, (key, codes, problems_in(answers[3].text))
        self.stage.now += timedelta(minutes=1)
        self._read_again(who, turn_id, text)
        self.sent.append((who, key))

    def client(self, who: str) -> Any:
        """A browser of that person, signed in at this moment."""
        token = people.token_for(self.stage.cast, who, self.stage.now)
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return client

    def _read_again(self, who: str, turn_id: Any, text: str) -> None:
        """What was sent is what was written, line by line, and its own page shows it."""
        with self.stage.act(who):
            turn = db.session.get_one(Turn, turn_id)
            sent = words.sent_by(turn, self.stage.cast.partners[who])
            assert sent is not None, f"{turn.key} was not sent"
            asked = document_for(turn.round).turns[turn.key]
            lines = [line for field in asked.fields for line in described(asked, field, sent.answers)]
            assert sent.answers
            has_text = any(field.kind == "text" and field.key in sent.answers for field in asked.fields)
        assert not has_text or any(text in line for line in lines)
        shown = self.client(who).get(f"/reflections/{turn_id}/own").text
        assert not has_text or text[:12] in shown

    def _agree(self, who: str, turn: Turn) -> None:
        turn_id = turn.id
        with self.stage.act(who):
            bound = bound_hash(words.proposed(db.session.get_one(Turn, turn_id)))
        done = self.client(who).post(f"/reflections/{turn_id}/confirm", data={"bound": bound})
        assert done.status_code == 303
        assert db.session.get_one(Turn, turn_id).state == "agreed"
        self.stage.now += timedelta(minutes=1)

    def _releasable(self) -> bool:
        assignment_id = self.stage.assignments[self.exercise.slug]
        with self.stage.act("counselor") as viewer:
            rows = db.session.scalars(select(Turn).join(Round).where(Round.assignment_id == assignment_id))
            waiting = [row for row in rows if row.awaits_opening and words.can_release(row)]
            for row in waiting[:1]:
                reflections.release(viewer, row, self.stage.now)
        if waiting:
            self.stage.wait(minutes=11)
        return bool(waiting)

    def _hold(self) -> None:
        if "first" in self.stage.appointments:
            self.stage.hold("first")
            self.stage.appointments.pop("first")


def described(asked: Any, field: Any, answers: Any) -> list[str]:
    """An answer as lines; reading it back as raw input gives the same answer."""
    answer = answers.get(field.key)
    if answer is None or field.key in {f.key for f in asked.fields if f.rows and f.rows.field}:
        return shapes.describe(field, answer)
    rows = [(row["row"], row["label"]) for row in answer] if field.kind == "rows" else []
    assert read(field, raw_of(field, answer), rows) == answer
    lines = shapes.describe(field, answer)
    assert lines, field.key
    return lines


def problems_in(text: str) -> str:
    """The part of a page that says what is wrong."""
    start = text.find('class="error')
    return text[start : start + 600]


WAYS = {"plain": answering.first, "any": Random(20_261).choice}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("slug", sorted(shipped()))
def test_an_exercise_goes_its_whole_way(app: Flask, cast: people.Cast, slug: str, way: str) -> None:
    play = Play(app, cast, shipped()[slug], WAYS[way])
    with app.app_context():
        play.begin()
    for _ in range(STEPS_AT_MOST):
        if not play.step():
            break
    done = {key for _, key in play.sent}
    missing = set(shipped()[slug].turns) - done - conditional(shipped()[slug])
    assert not missing, f"never written: {sorted(missing)}"


def conditional(exercise: Exercise) -> set[str]:
    """Turns that a way may leave out: a joint turn ends by agreement, what hangs on it has dates of its own."""
    return {turn.key for turn in exercise.turns.values() if turn.opens and turn.opens.answered}
