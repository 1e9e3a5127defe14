"""What a partner answers when asked alone: the counselors' record, nobody else's, and without effect by itself."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock, vault
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.safety import queries
from clinic.safety.library import ANSWERS, QUESTIONS
from clinic.safety.models import Screening
from tests import cast as people

Enter = Callable[[str], FlaskClient]
SAID = "zqa heavy door, she said"


def page_of(cast: people.Cast, who: str = "partner_a") -> str:
    return f"/safety/partners/{cast.partners[who]}/alone"


@pytest.fixture
def asked(client_for: Enter, cast: people.Cast) -> FlaskClient:
    """A counselor who has just kept what Mara answered."""
    ruth = client_for("counselor")
    data = {"way": "talk", "afraid": "yes", "weapon": "unsure", "note": SAID}
    assert ruth.post(page_of(cast), data=data).status_code == 303
    return ruth


def test_what_was_answered_is_kept_for_the_counselors(asked: FlaskClient, cast: people.Cast) -> None:
    page = asked.get(page_of(cast)).text
    aside = page[page.index("Asked before") :]
    assert "Are there times when you are afraid of your partner?" in aside
    assert SAID in aside
    assert "Unsure" in aside
    assert "left a mark" not in aside  # it was not asked


def test_a_question_that_nobody_answered_was_not_asked(
    app: Flask, asked: FlaskClient, cast: people.Cast
) -> None:
    with app.app_context(), vault.house("a test"):
        answers = db.session.scalars(db.select(Screening)).one().body["answers"]
    assert set(answers) == {one.key for one in QUESTIONS}
    assert answers["injured"] == "unasked"
    assert set(answers.values()) <= set(ANSWERS)


def test_nothing_opens_or_closes_by_it(app: Flask, asked: FlaskClient, cast: people.Cast) -> None:
    with app.app_context():
        couple = db.session.get_one(Couple, cast.couples["couple"])
        assert queries.ceiling_of(couple, clock.now()) == "joint"


@pytest.mark.parametrize("said", [{}, {"way": "by spying"}, {"way": "talk", "afraid": "perhaps"}])
def test_an_answer_is_one_of_the_choices(
    app: Flask, client_for: Enter, cast: people.Cast, said: dict[str, str]
) -> None:
    assert client_for("counselor").post(page_of(cast), data=said).status_code == 422
    with app.app_context():
        assert db.session.scalars(db.select(Screening)).all() == []


@pytest.mark.parametrize("who", ["other_counselor", "elsewhere_counselor"])
def test_only_who_works_with_them_asks(client_for: Enter, cast: people.Cast, who: str) -> None:
    assert client_for(who).get(page_of(cast)).status_code == 404
    assert client_for(who).post(page_of(cast), data={"way": "talk"}).status_code == 404
