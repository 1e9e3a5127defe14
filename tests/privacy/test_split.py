"""After a separation the counselor may go on with one of the two, and nothing new of one reaches the other."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from clinic import clock
from clinic.appointments import actions as appointments
from clinic.couples import actions as couples
from clinic.extensions import db
from clinic.homework.models import Round
from clinic.reflections import actions as reflections
from tests import cast as people
from tests.privacy.unsealing import canaries_in
from tests.progress import story as stories

NOW = stories.MONDAY + timedelta(days=7, hours=1)
PAGES = ("/progress/now", "/progress/ours", "/progress/mine")
Enter = Callable[[str], FlaskClient]


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.moved_to(NOW):
        yield NOW


@pytest.fixture
def parted(app: Flask, cast: people.Cast, now: datetime) -> stories.Story:
    with app.app_context():
        story = stories.told(cast)
        couples.separate(people.viewer_of(cast, "counselor"), story.couple, NOW)
        db.session.commit()
        db.session.remove()
    return story


def seen(client: FlaskClient) -> list[str]:
    mark = re.compile(r'(name="csrf_token"[^>]*value=|content=)"[^"]+"')
    return [mark.sub("", client.get(path).text) for path in PAGES]


def goes_on_with_mara(story: stories.Story) -> None:
    """An exercise for her alone, her answer, a reply, an appointment with her."""
    counselor = people.viewer_of(story.cast, "counselor")
    story.assign("feelings_log", NOW, {"partner_a": "injured"})
    happened = {"happened": "newcanary of hers"}
    story.send("partner_a", "feelings_log", "entry", NOW, happened, consent="yes")
    round_ = db.session.scalars(
        select(Round).where(Round.assignment_id == story.assignments["feelings_log"])
    ).one()
    with stories.reading_as(counselor):
        reflections.reply(counselor, round_, [story.cast.partners["partner_a"]], "replycanary to her", NOW)
        db.session.commit()
    slot = appointments.Slot(
        NOW + timedelta(days=2), "America/New_York", 50, story.cast.partners["partner_a"]
    )
    appointments.schedule(counselor, story.couple, slot, NOW)
    db.session.commit()
    db.session.remove()


def test_the_counselor_goes_on_with_one_and_the_other_sees_no_difference(
    app: Flask, parted: stories.Story, client_for: Enter
) -> None:
    jonas = client_for("partner_b")
    before = seen(jonas)
    with app.app_context():
        goes_on_with_mara(parted)
        parted.pass_to(NOW + timedelta(days=1))
        db.session.remove()
    assert seen(jonas) == before
    hers = "".join(seen(client_for("partner_a")))
    assert "replycanary" in hers
    assert "newcanary" not in "".join(before)


def test_what_each_could_read_that_day_stays_and_what_was_closed_never_opens(
    app: Flask, parted: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        parted.pass_to(NOW + timedelta(days=30))
        db.session.remove()
    jonas = client_for("partner_b")
    ours = jonas.get("/progress/ours").text
    linked = set(re.findall(r'href="(/progress/ours/[^"]+)"', ours))
    text = ours + "".join(jonas.get(path).text for path in linked)
    assert canaries_in(text) >= {"opened", "answered", "joint"}
    assert canaries_in(text) & {"sealed", "kept", "unreleased", "narrowed", "tail", "draft"} == set()


def test_a_report_for_both_or_for_the_other_holds_nothing_new_of_one(
    app: Flask, parted: stories.Story, client_for: Enter
) -> None:
    with app.app_context():
        goes_on_with_mara(parted)
    ruth, at = client_for("counselor"), f"/progress/couples/{parted.cast.couples['couple']}/report"
    for audience, may_hold in (("couple", False), ("partner_2", False), ("partner_1", True)):
        assert ("newcanary" in ruth.get(f"{at}?audience={audience}").text) == may_hold
