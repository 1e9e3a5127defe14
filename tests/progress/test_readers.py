"""What a report rests on for each of its readers: the plan that was agreed on, and the days that they know of."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import get_args

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.documents.models import Document
from clinic.extensions import db
from clinic.progress import overview, queries
from clinic.progress.summary import Audience
from tests import cast as people
from tests.progress import story as stories
from tests.rules.forms_on import FormOnPage, forms_on

NOW = stories.MONDAY + timedelta(days=20)
Enter = Callable[[str], FlaskClient]
PLAN = "calm_conversation_plan"


@pytest.fixture
def now() -> Iterator[datetime]:
    with clock.moved_to(NOW):
        yield NOW


@pytest.fixture
def story(app: Flask, cast: people.Cast, now: datetime) -> Iterator[stories.Story]:
    with app.app_context():
        yield stories.Story(cast)


# What was agreed on


def agreed(story: stories.Story, who_keeps: str, when: int) -> None:
    """Mara's plan is agreed on; before (0) or after (2) she proposes it, one of the two keeps another version."""
    story.assign(PLAN, stories.MONDAY)
    for hour, (who, topic) in sorted({1: ("partner_a", "the agreed one"), when: (who_keeps, "kept")}.items()):
        at = stories.MONDAY + timedelta(hours=hour)
        story.send(who, PLAN, "plan", at, {"topic": topic}, keep=topic == "kept")
    stories._agree(story, stories.MONDAY + timedelta(hours=3))


@pytest.mark.parametrize("who_keeps", ["partner_a", "partner_b"])
@pytest.mark.parametrize("when", [0, 2])
@pytest.mark.parametrize("audience", get_args(Audience))
def test_what_was_agreed_stays_with_all_whatever_one_keeps(
    story: stories.Story, who_keeps: str, when: int, audience: Audience
) -> None:
    agreed(story, who_keeps, when)
    viewer = people.viewer_of(story.cast, "counselor")
    with stories.reading_as(viewer):
        words = queries.words_for(viewer, story.couple, audience)
        topics = {one.answers["topic"] for one in words if one.key == "plan" and one.group == "joint"}
        assert topics == {"the agreed one"}
        told = {one.answers.get("topic") for one in words}
    may_read_it = audience in ("counselor", "partner_1" if who_keeps == "partner_a" else "partner_2")
    assert ("kept" in told) == may_read_it


@pytest.mark.parametrize("who", ["partner_a", "partner_b"])
def test_both_find_what_they_agreed_on(story: stories.Story, client_for: Enter, who: str) -> None:
    agreed(story, "partner_b", 2)
    text = client_for(who).get("/progress/ours").text
    assert "What you agreed on" in text
    assert "the agreed one" in text
    assert "kept" not in text[text.index("<main") :]


# The days


def alone_first(story: stories.Story) -> None:
    """Jonas is given something alone; two weeks later both get the check-in."""
    story.assign("feelings_log", stories.MONDAY, roles={"partner_b": "mutual"})
    story.assign("weekly_checkin", stories.MONDAY + timedelta(days=14))
    db.session.remove()


def test_a_report_begins_where_its_readers_know_of_something(story: stories.Story) -> None:
    alone_first(story)
    begins = {one: overview.usual_period(story.couple, one, NOW)[0] for one in get_args(Audience)}
    first, both = stories.MONDAY.date(), (stories.MONDAY + timedelta(days=14)).date()
    assert begins == {"counselor": first, "partner_2": first, "partner_1": both, "couple": both}


def test_what_was_recalled_moves_no_days(story: stories.Story) -> None:
    made = story.assign("feelings_log", stories.MONDAY)
    story.assign("weekly_checkin", stories.MONDAY + timedelta(days=14))
    made.state = "recalled"
    assert (
        overview.usual_period(story.couple, "partner_1", NOW)[0]
        == (stories.MONDAY + timedelta(days=14)).date()
    )


def for_other_readers(client: FlaskClient, page: str, address: str, **said: str) -> FormOnPage:
    """The form as it comes back when Mara's copy is picked on a page in which that was typed; nothing was made."""
    sent = {**report_form(page, address).sent(**said), "look": ["partner_1"]}
    answer = client.post(address, data=sent)
    assert answer.status_code == 200
    return report_form(answer.text, address)


def report_form(page: str, address: str) -> FormOnPage:
    return next(one for one in forms_on(address, page) if one.box("narrative"))


def value_of(form: FormOnPage, name: str) -> str:
    box = form.box(name)
    assert box
    return box.value


def test_usual_days_are_not_taken_along_to_other_readers(
    story: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    """From the counselor's copy, which begins with what Jonas was given alone, on to Mara's."""
    alone_first(story)
    ruth, address = client_for("counselor"), f"/progress/couples/{cast.couples['couple']}/report"
    page = ruth.get(f"{address}?audience=counselor").text
    assert value_of(report_form(page, address), "from_on") == "2026-03-02"
    to_mara = for_other_readers(ruth, page, address)
    assert value_of(to_mara, "audience") == "partner_1"
    assert value_of(to_mara, "from_on") == "2026-03-16"


def test_days_that_were_picked_are_taken_along(
    story: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    alone_first(story)
    ruth, address = client_for("counselor"), f"/progress/couples/{cast.couples['couple']}/report"
    page = ruth.get(f"{address}?audience=counselor").text
    to_mara = for_other_readers(ruth, page, address, from_on="2026-03-10", to_on="2026-03-12")
    assert (value_of(to_mara, "from_on"), value_of(to_mara, "to_on")) == ("2026-03-10", "2026-03-12")


def test_what_was_typed_stays_when_the_readers_change_and_it_is_said_for_whom_it_was(
    story: stories.Story, client_for: Enter, cast: people.Cast
) -> None:
    ruth, address = client_for("counselor"), f"/progress/couples/{cast.couples['couple']}/report"
    page = ruth.get(f"{address}?audience=counselor").text
    sent = report_form(page, address).sent(narrative="They go on.", next_steps="A walk.")
    answer = ruth.post(address, data={**sent, "look": ["partner_1"]}).text
    there = report_form(answer, address)
    assert (value_of(there, "narrative"), value_of(there, "next_steps")) == ("They go on.", "A walk.")
    assert "were written for other readers" in answer
    again = ruth.post(address, data={**there.sent(), "look": ["partner_1"]}).text
    assert "were written for other readers" not in again
    assert db.session.scalars(db.select(Document)).all() == []
