"""Two histories that differ in one partner's private acts only: the other can get nothing that tells them apart."""

import pytest

from tests.rules.histories import HISTORIES, PRIVATE
from tests.rules.theater import Seen, Theater, differences


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
    for words in ("the first week, of B", "what B tells", "a good day", "a plan of B", "what trust is to A"):
        assert words in texts, words


@pytest.mark.parametrize("name", HISTORIES)
def test_what_one_does_in_private_shows_nowhere(
    theater: Theater, nothing_private: list[Seen], name: str
) -> None:
    found = differences(nothing_private, theater.lived(HISTORIES[name]))
    assert not found, "\n".join([f"{HISTORIES[name]}:", *found[:8]])


def test_every_private_act_is_in_a_history() -> None:
    assert {act for acts in HISTORIES.values() for act in acts} == set(PRIVATE)
