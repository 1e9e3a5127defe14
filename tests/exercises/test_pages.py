"""The library as a counselor reads it."""

import pytest

from clinic import clock
from clinic.exercises import actions
from clinic.exercises.document import Every
from clinic.exercises.library import shipped
from clinic.exercises.prose import line, prose
from clinic.exercises.summary import cadence_said
from clinic.extensions import db


@pytest.fixture
def ruth(app, client_for):
    with app.app_context():
        actions.import_documents(shipped().values(), clock.now())
        db.session.commit()
    return client_for("counselor")


def test_the_library_holds_six_practices_and_every_exercise(ruth):
    page = ruth.get("/exercises/").text
    for title in ("Open the lines of communication", "Celebrate small victories"):
        assert title in page
    for exercise in shipped().values():
        assert f"/exercises/{exercise.slug.replace('_', '-')}" in page


@pytest.mark.parametrize("slug", sorted(shipped()))
def test_every_exercise_can_be_read_with_its_why_its_evidence_its_care_and_its_questions(ruth, slug):
    exercise = shipped()[slug]
    page = ruth.get(f"/exercises/{slug.replace('_', '-')}")
    assert page.status_code == 200
    for part in ("Why it helps", "What is known", "With care", "Who reads what", "Turn by turn"):
        assert part in page.text
    for turn in exercise.turns.values():
        assert turn.title.replace("'", "&#39;") in page.text


def test_what_does_not_exist_is_not_found(ruth):
    assert ruth.get("/exercises/no-such-thing").status_code == 404


def test_the_couple_in_mind_goes_along(ruth, cast):
    couple = cast.couples["couple"]
    assert "Choose for Mara &amp; Jonas" in ruth.get(f"/exercises/?couple={couple}").text
    assert (
        f"/homework/assign/{couple}/weekly-checkin"
        in ruth.get(f"/exercises/weekly-checkin?couple={couple}").text
    )


def test_somebody_elses_couple_in_mind_is_nobodys(ruth, cast):
    page = ruth.get(f"/exercises/?couple={cast.couples['other']}").text
    assert "Ines" not in page


def test_clients_do_not_read_the_counselors_pages(client_for):
    assert client_for("partner_a").get("/exercises/weekly-checkin").status_code == 403


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](http://x/y.png)",
        "<b onclick=x>y</b>",
        "# big",
    ],
)
def test_markdown_brings_in_nothing_but_words(text):
    for html in (prose(text), line(text)):
        assert not {"<script", "<a", "<img", "<b ", "<h1"} & {
            tag for tag in ("<script", "<a", "<img", "<b ", "<h1") if tag in html
        }


def test_quotation_marks_are_real_ones():
    assert line('Begin with "I" and *stay*.') == "Begin with “I” and <em>stay</em>."


@pytest.mark.parametrize(
    ("cadence", "said"),
    [
        ("once", "once"),
        (Every(every="week", times=4), "weekly, four weeks"),
        (Every(every="2 weeks"), "every two weeks, until you end it"),
        (Every(appointment=-48), "before each appointment, from 48 hours on"),
    ],
)
def test_how_often_is_said_in_words(cadence, said):
    assert cadence_said(cadence) == said
