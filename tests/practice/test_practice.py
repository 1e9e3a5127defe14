"""The practice: its letterhead, its policy, and whom to call in danger."""

from collections.abc import Callable
from datetime import date, datetime, time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts.models import StaffMember
from clinic.extensions import db
from clinic.practice import actions, library, queries
from clinic.practice.models import Practice
from tests.cast import BEGAN, Cast, viewer_of

Enter = Callable[[str], FlaskClient]

LETTERHEAD = {
    "name": "Linden",
    "zone": "America/New_York",
    "paper": "Letter",
    "locale": "en-US",
    "phone": "555 0199",
}


def test_owner_writes_the_letterhead(app: Flask, client_for: Enter, cast: Cast) -> None:
    owner = client_for("owner")
    assert owner.post("/practice/letterhead", data=LETTERHEAD).status_code == 303
    assert "555 0199" in owner.get("/practice/").text


def test_zone_that_does_not_exist_is_told_in_words(client_for: Enter) -> None:
    answer = client_for("owner").post("/practice/letterhead", data={**LETTERHEAD, "zone": "Mars/Base"})
    assert answer.status_code == 422
    assert "not the name of a time zone" in answer.text


def test_shipped_numbers_say_that_nobody_verified_them(client_for: Enter) -> None:
    page = client_for("owner").get("/practice/").text
    assert "Nobody at this practice has verified these numbers yet" in page
    assert "911" in page


def test_own_resources_take_the_place_of_the_locales(app: Flask, client_for: Enter, cast: Cast) -> None:
    owner = client_for("owner")
    row = {
        "lines-0-name": "Night line",
        "lines-0-number": "555 0100",
        "lines-0-note": "",
        "lines-0-last_verified": "2026-03-01",
    }
    assert owner.post("/practice/crisis", data=row).status_code == 303
    with app.app_context():
        practice = db.session.get_one(Practice, cast.practice_id)
        assert queries.crisis_lines(practice) == [("Night line", "555 0100", "")]
        assert queries.last_verified(practice) == date(2026, 3, 1)
    owner.post("/practice/crisis", data={"lines-0-name": "", "lines-0-number": ""})
    with app.app_context():
        assert queries.crisis_lines(db.session.get_one(Practice, cast.practice_id))[0][1] == "911"


def test_numbers_that_nobody_looked_up_for_half_a_year_are_warned_about(
    app: Flask, client_for: Enter, cast: Cast
) -> None:
    row = {"lines-0-name": "Night line", "lines-0-number": "555 0100", "lines-0-last_verified": "2026-03-01"}
    client_for("owner").post("/practice/crisis", data=row)
    for day, is_told in ((date(2026, 8, 30), False), (date(2026, 8, 31), True)):
        with clock.moved_to(datetime.combine(day, time(15), BEGAN.tzinfo)):
            page = client_for("owner").get("/practice/").text
            assert ("last verified on Sunday, March 1, 2026" in page) == is_told
            assert "verified" not in client_for("counselor").get("/progress/today").text
    with app.app_context():  # a counselor who looks after the practice, too
        db.session.get_one(StaffMember, viewer_of(cast, "counselor").staff_id).is_owner = True
        db.session.commit()
    with clock.moved_to(datetime(2026, 8, 31, 15, tzinfo=BEGAN.tzinfo)):
        assert "was last verified on Sunday, March 1" in client_for("counselor").get("/progress/today").text


def test_a_number_without_a_name_is_not_left_out_in_silence(client_for: Enter) -> None:
    answer = client_for("owner").post(
        "/practice/crisis", data={"lines-0-name": "", "lines-0-number": "555 0100"}
    )
    assert answer.status_code == 422
    assert "Please say whose number it is." in answer.text


def test_a_day_that_is_still_to_come_verifies_nothing(client_for: Enter) -> None:
    row = {"lines-0-name": "Night line", "lines-0-number": "555 0100", "lines-0-last_verified": "2062-03-01"}
    answer = client_for("owner").post("/practice/crisis", data=row)
    assert answer.status_code == 422
    assert "That day is still to come." in answer.text


def test_where_a_number_can_be_looked_up_stands_where_it_is_verified(client_for: Enter) -> None:
    page = client_for("owner").get("/practice/crisis").text
    assert [line.source in page for line in library.lines_of("en-US")] == [True] * 3


def test_unknown_locale_still_says_what_to_do(app: Flask, cast: Cast) -> None:
    with app.app_context():
        practice = actions.found("Elsewhere", now=BEGAN, locale="xx-XX")
        assert queries.crisis_lines(practice) == [queries.ELSEWHERE]
        assert queries.last_verified(practice) is None
        db.session.rollback()


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "en-EU"])
def test_every_locale_names_an_emergency_number_and_its_source(locale: str) -> None:
    lines = library.lines_of(locale)
    assert lines[0].name == "Emergency"
    assert all(line.source.startswith("https://") for line in lines)


def test_nobody_reads_another_practice(app: Flask, cast: Cast) -> None:
    with app.app_context():
        assert queries.practice_of(viewer_of(cast, "elsewhere_counselor")).name == "Harbor Counseling"
        assert queries.practice_of(viewer_of(cast, "partner_a")).name == "Linden Practice"


@pytest.mark.parametrize(
    ("zone", "number"),
    [
        ("America/Chicago", "911"),
        ("Europe/London", "999"),
        ("Europe/Berlin", "112"),
        ("America/Sao_Paulo", queries.ELSEWHERE[1]),
        ("Asia/Tokyo", queries.ELSEWHERE[1]),
    ],
)
def test_a_new_practice_begins_with_the_numbers_of_where_it_is(app: Flask, zone: str, number: str) -> None:
    with app.app_context():
        assert queries.crisis_lines(actions.found("New", zone, now=BEGAN))[0][1] == number
        db.session.rollback()
