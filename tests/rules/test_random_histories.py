"""Random histories, played with and without what one partner does in private: the other cannot tell which it was."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.rules.random_histories import Histories
from tests.rules.test_leaks import LEAKS
from tests.rules.theater import Theater

MANY = "HISTORIES"
"""In the environment: how many histories, other ones each time; `make histories` says 300."""

EXAMPLES = int(os.environ.get(MANY, "15"))


def play(theater: Theater, most: int, *phases: Phase) -> None:
    run_state_machine_as_test(
        lambda: Histories(theater),
        settings=settings(
            max_examples=most,
            stateful_step_count=20,
            deadline=None,
            derandomize=MANY not in os.environ,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=phases or tuple(Phase),
        ),
    )


def test_no_random_history_tells_the_other_what_was_private(theater: Theater) -> None:
    play(theater, EXAMPLES)


@pytest.mark.parametrize("kind", ["etag", "feed"])
def test_a_planted_leak_is_met_on_the_way(
    theater: Theater, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    LEAKS[kind](monkeypatch, theater.app)
    with pytest.raises(pytest.fail.Exception):
        play(theater, 30, Phase.generate)
