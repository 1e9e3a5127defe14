"""A marked text of each kind of visibility stands in the copies of those who may read it, and in no other."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import msgspec
import pytest
from flask import Flask

from clinic import clock
from clinic.access import Viewer
from clinic.extensions import db
from clinic.progress import actions, queries, rules
from clinic.progress.summary import Audience, Period, ProgressSummary
from reports.pdf import Renderer
from tests import cast as people
from tests.progress import story as stories
from tests.reports import reading

AUDIENCES: tuple[Audience, ...] = ("counselor", "couple", "partner_1", "partner_2")
PERIOD = Period(starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 12))
NOW = stories.MONDAY + timedelta(days=7, hours=1)
IN_REPORTS = {name for name in stories.CANARIES if name != "tail"}
"""Closing questions give numbers to the counselor's copy; their texts are not offered as excerpts."""


@pytest.fixture
def story(app: Flask, cast: people.Cast) -> Iterator[stories.Story]:
    with app.app_context(), clock.moved_to(NOW):
        yield stories.told(cast)


def everything(story: stories.Story, audience: Audience, at: datetime = NOW) -> ProgressSummary:
    """The fullest report that this audience can get: all passages that it is offered are chosen."""
    viewer = people.viewer_of(story.cast, "counselor")
    with stories.reading_as(viewer):
        words = queries.words_for(viewer, story.couple, audience, PERIOD)
        keys = tuple(one.key for one in rules.passages(words))
        chosen = actions.Chosen(audience=audience, period=PERIOD, paper="A4", excerpts=keys)
        return actions.summarize(viewer, story.couple, chosen, at)


def in_text(text: str) -> set[str]:
    """Which canaries stand in a text; a line of paper may break a word."""
    joined = "".join(text.split()).replace("-", "")
    return {name for name, canary in stories.CANARIES.items() if canary in joined}


def due_to(audience: Audience) -> set[str]:
    return {name for name in IN_REPORTS if audience in stories.SEES[name]}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_summary_holds_exactly_what_its_audience_may_read(story: stories.Story, audience: Audience) -> None:
    assert in_text(json.dumps(msgspec.to_builtins(everything(story, audience)))) == due_to(audience)


def test_words_of_the_tail_are_the_counselors_and_the_authors(story: stories.Story) -> None:
    viewer = people.viewer_of(story.cast, "counselor")
    with stories.reading_as(viewer):
        readers = {
            one
            for one in AUDIENCES
            for seen in queries.words_for(viewer, story.couple, one)
            if stories.CANARIES["tail"] in seen.answers.values()
        }
    assert readers == stories.SEES["tail"]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_pages_of_the_report_hold_the_same(
    story: stories.Story, renderer: Renderer, audience: Audience
) -> None:
    pdf = renderer.render("progress", everything(story, audience), "A4")
    assert in_text(reading.text(pdf)) == due_to(audience)


@pytest.mark.parametrize("audience", AUDIENCES)
def test_every_figure_of_a_partner_is_made_of_what_that_partner_reads(
    story: stories.Story, audience: Audience
) -> None:
    """Points, wins and counts of the second week, in which Mara wrote, and which closed without opening."""
    summary = everything(story, audience, NOW + timedelta(days=4))
    pulse = next(one for one in summary.trends if one.title == "Trust pulse")
    week = date(2026, 3, 9)
    knows = audience in {"counselor", "partner_1"}
    assert (week in {point.on for point in pulse.first}) == knows
    assert [point.on for point in pulse.gap] == [date(2026, 3, 2)]
    assert (week in pulse.unopened) != knows
    assert (stories.CANARIES["sealed"] in {win.text for win in summary.wins}) == knows
    rated = {row.quality for row in summary.practices} | {row.usefulness for row in summary.practices}
    assert (rated == {None}) == (audience != "counselor")


def test_a_private_act_of_one_changes_nothing_for_the_other(story: stories.Story) -> None:
    """Jonas's and the couple's copies are equal whether Mara wrote in the second week, kept it, or took it back."""
    before = {one: everything(story, one) for one in ("couple", "partner_2")}
    author = story.author("partner_a", "feelings_log", "entry", NOW)
    with stories.reading_as(author.viewer):
        stories.writing.save_draft(author, stories.Sending(answers={"happened": "more"}), 1, NOW)
        db.session.commit()
    story.send("partner_a", "feelings_log", "entry", NOW, {"happened": "more"}, consent="no")
    turn = sent_pulse(story)
    mara = people.viewer_of(story.cast, "partner_a")
    with clock.moved_to(NOW), stories.reading_as(mara):
        stories.writing.take_back(stories.writing.Author(mara, story.cast.partners["partner_a"], turn), NOW)
        db.session.commit()
    assert {one: everything(story, one) for one in ("couple", "partner_2")} == before


def sent_pulse(story: stories.Story) -> stories.Turn:
    rows = (
        stories.select(stories.Turn)
        .join(stories.Round)
        .where(stories.Turn.key == "pulse", stories.Round.number == 2)
    )
    return db.session.scalars(rows.where(stories.Turn.sent_at.is_not(None))).one()


@pytest.mark.parametrize("key", ["other_counselor", "elsewhere_counselor", "owner", "partner_b"])
def test_who_may_not_see_the_couple_reads_nothing(story: stories.Story, key: str) -> None:
    viewer: Viewer = people.viewer_of(story.cast, key)
    with stories.reading_as(viewer):
        assert all(seen.by == 2 for seen in queries.words_for(viewer, story.couple, "counselor"))
