"""The caseload: one page of thirty, the same few statements from ten couples to two thousand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from clinic import vault
from clinic.couples import actions
from clinic.couples.models import Couple
from clinic.extensions import db
from tests.cast import Cast, viewer_of

Enter = Callable[[str], FlaskClient]


def many_couples(app: Flask, cast: Cast, number: int, now: datetime) -> None:
    with app.app_context():
        counselor = viewer_of(cast, "counselor")
        for n in range(number):
            names = (f"Ada {n}", f"Ben {n}")
            actions.create(
                counselor, actions.NewCouple(names, "America/New_York"), now - timedelta(seconds=n)
            )
        db.session.commit()


def statements(app: Flask, client: FlaskClient, url: str) -> int:
    """How many statements one page needs, with no key in memory."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    vault._keys.open.clear()
    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(url).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(said)


@pytest.mark.parametrize(
    "url", ["/couples/", "/couples/?q=ada", "/couples/?only=to_read", "/couples/?start=30"]
)
def test_statements_do_not_grow_with_the_number_of_couples(
    app: Flask, client_for: Enter, cast: Cast, now: datetime, url: str
) -> None:
    client = client_for("counselor")
    many_couples(app, cast, 40, now)
    few = statements(app, client, url)
    many_couples(app, cast, 80, now)
    assert statements(app, client, url) == few
    assert few <= 12


def test_caseload_shows_own_couples_and_nobody_elses(client_for: Enter, cast: Cast) -> None:
    page = client_for("counselor").get("/couples/").text
    assert "Mara &amp; Jonas" in page
    assert "Dara &amp; Luis" in page
    assert "Ines" not in page
    assert "Oda" not in page


def test_page_holds_thirty(app: Flask, client_for: Enter, cast: Cast, now: datetime) -> None:
    many_couples(app, cast, 40, now)
    client = client_for("counselor")
    assert client.get("/couples/").text.count("ledger__name") == 30
    assert client.get("/couples/?start=30").text.count("ledger__name") == 12


def test_couple_heard_from_last_stands_first(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    with app.app_context():
        db.session.get_one(Couple, cast.couples["ex"]).attention_at = now
        db.session.commit()
    page = client_for("counselor").get("/couples/").text
    assert page.index("Dara") < page.index("Mara")


def test_couple_is_found_by_a_part_of_its_alias(
    app: Flask, client_for: Enter, cast: Cast, now: datetime
) -> None:
    many_couples(app, cast, 3, now)
    page = client_for("counselor").get("/couples/?q=JONAS mar").text
    assert page.count("ledger__name") == 1
    assert "Mara" in page


def test_filter_finds_nothing_of_others(client_for: Enter, cast: Cast) -> None:
    assert "No couple of that name" in client_for("counselor").get("/couples/?q=ines").text


def test_words_of_the_filter_are_escaped(client_for: Enter, cast: Cast) -> None:
    assert (
        "<script>" not in client_for("counselor").get("/couples/?q=<script>x</script>").text.split("<main")[1]
    )


def test_new_couple_is_created_with_the_practices_zone(client_for: Enter, cast: Cast) -> None:
    counselor = client_for("counselor")
    assert 'value="America/New_York"' in counselor.get("/couples/new").text
    data = {"name_1": "Tove", "name_2": "Sam", "alias": "", "zone": "America/New_York"}
    page = counselor.post("/couples/new", data=data, follow_redirects=True)
    assert "Tove &amp; Sam" in page.text
    assert "Invite Tove" in page.text


def test_zone_that_does_not_exist_is_told_in_words(client_for: Enter, cast: Cast) -> None:
    data = {"name_1": "Tove", "name_2": "Sam", "zone": "../etc/passwd"}
    answer = client_for("counselor").post("/couples/new", data=data)
    assert answer.status_code == 422
    assert "not the name of a time zone" in answer.text


def test_unknown_couple_is_404(client_for: Enter, cast: Cast) -> None:
    assert client_for("counselor").get(f"/couples/{uuid4()}/people").status_code == 404
