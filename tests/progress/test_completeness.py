"""What a report rests on: who was asked and said nothing is counted, and nobody learns more by it than is theirs."""

from datetime import timedelta

import pytest
from flask import Flask

from clinic import clock
from clinic.progress import actions, queries, rules
from clinic.progress.summary import Audience, Completeness, Period
from tests import cast as people
from tests.progress import story as stories

PERIOD = Period(starts_on=stories.STARTS, ends_on=stories.STARTS + timedelta(days=27))


@pytest.fixture
def counted(app: Flask, cast: people.Cast):
    """Three weeks: both answer, one answers, nobody answers."""
    with app.app_context(), clock.moved_to(stories.MONDAY):
        story = stories.Story(cast)
        story.assign("weekly_checkin", stories.MONDAY)
        for who in ("partner_a", "partner_b"):
            story.send(who, "weekly_checkin", "pulse", stories.MONDAY)
        story.pass_to(stories.MONDAY + timedelta(days=7))
        story.send("partner_a", "weekly_checkin", "pulse", stories.MONDAY + timedelta(days=7))
        now = stories.MONDAY + timedelta(days=20)
        story.pass_to(now)

        def count(audience: Audience) -> Completeness:
            viewer = people.viewer_of(cast, "counselor")
            with stories.reading_as(viewer):
                words = queries.words_for(viewer, story.couple, audience, PERIOD)
                rounds = queries.rounds_for(viewer, story.couple, audience, words, PERIOD, now)
                return rules.completeness(words, rounds)

        yield count


@pytest.mark.parametrize(
    ("audience", "unanswered", "unopened"),
    [("counselor", 1, 2), ("couple", 0, 2), ("partner_1", 0, 2), ("partner_2", 0, 2)],
)
def test_silence_is_counted_as_far_as_its_readers_may_know(counted, audience, unanswered, unopened) -> None:
    """A week that stayed closed says to both that it did, and to neither whose answer was missing."""
    found = counted(audience)
    assert (found.unanswered, found.unopened) == (unanswered, unopened)


def test_kinds_of_small_wins_are_told_by_their_names() -> None:
    from clinic.progress.summary import Attendance, Win

    won = [Win(text="x", on=stories.STARTS, by=1)] * 3
    kinds = [("A promise was kept", 2), ("Something was let go", 1)]
    said = actions._facts(Attendance(), won, kinds)["celebrate_victories"]
    assert said == "3 small wins written down, most often “A promise was kept” (2)"
