"""Two histories that differ in one partner's private acts only: the other can get nothing that tells them apart."""

from typing import Any, get_args

import pytest

from clinic.progress.summary import Audience
from tests.rules.histories import HISTORIES, PRIVATE
from tests.rules.paper import on_paper
from tests.rules.scenes import SCENES, Scene, Telling
from tests.rules.stage import Stage
from tests.rules.theater import Look, Seen, Theater, differences

TELLINGS: tuple[Telling, ...] = get_args(Telling)
FOR_A: tuple[Audience, ...] = ("partner_1", "couple")
"""The reports that A may get; A is in the first place."""


@pytest.fixture(scope="session")
def nothing_private(theater: Theater) -> list[Seen]:
    """What A sees when B does nothing that is private."""
    return theater.lived([])


def test_the_same_history_twice_looks_the_same(theater: Theater, nothing_private: list[Seen]) -> None:
    assert differences(nothing_private, theater.lived([])) == []


def test_a_look_sees_much(nothing_private: list[Seen]) -> None:
    """Otherwise the tests here would show nothing."""
    texts = " ".join(body for look in nothing_private for *_, body in look.answers)
    assert max(len(look.answers) for look in nothing_private) > 60
    paths = [path for look in nothing_private for path, *_ in look.answers]
    assert "/mailbox" in paths
    assert "SUMMARY:Appointment" in texts
    for words in ("the first week, of B", "what B tells", "a good day", "a plan of B", "what trust is to A"):
        assert words in texts, words


@pytest.mark.parametrize("name", HISTORIES)
def test_what_one_does_in_private_shows_nowhere(
    theater: Theater, nothing_private: list[Seen], name: str
) -> None:
    found = differences(nothing_private, theater.lived(HISTORIES[name]))
    assert not found, "\n".join([f"{HISTORIES[name]}:", *found[:8]])


@pytest.mark.parametrize("name", SCENES)
def test_a_scene_with_and_without_its_private_part_looks_the_same(theater: Theater, name: str) -> None:
    """To A on every page, and on paper to whoever reads a report: A alone, or both."""
    (plain, plain_paper), (private, private_paper) = (told(theater, SCENES[name], one) for one in TELLINGS)
    found = differences(plain, private)
    assert not found, "\n".join([f"{name}:", *found[:8]])
    assert plain_paper == private_paper


def told(theater: Theater, scene: Scene, telling: Telling) -> tuple[list[Seen], dict[Audience, Any]]:
    """What A saw, and what a report would hold at the end."""
    paper: dict[Audience, Any] = {}

    def play(stage: Stage, look: Look) -> None:
        scene.play(stage, telling, look)
        paper.update({audience: on_paper(stage, audience) for audience in FOR_A})

    return theater.watched(play), paper


def test_every_private_act_is_in_a_history() -> None:
    assert {act for acts in HISTORIES.values() for act in acts} == set(PRIVATE)
