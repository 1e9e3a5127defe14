"""A document that is given to one partner alone: narrower words, and no turn that waits for the other's."""

import pytest

from clinic.exercises.alone import given_alone
from clinic.exercises.document import Opens
from clinic.exercises.turns import Leg, Window, state
from tests.exercises.stories import CLOSES, DOCUMENTS, START, A, B, document, part, turn

FOR_ONE = sorted(
    name
    for name, exercise in DOCUMENTS.items()
    if all(one.legs != "in_turn" and all(turn.by == "author" for turn in one.turns) for one in exercise.parts)
)


@pytest.mark.parametrize("name", FOR_ONE)
def test_nothing_reaches_the_other_without_an_act_of_the_counselor(name):
    alone = given_alone(DOCUMENTS[name])
    kinds = {group.visibility for turn in alone.turns.values() for group in turn.groups}
    assert kinds <= {"counselor", "release"}
    assert all(group.opens is None for turn in alone.turns.values() for group in turn.groups)


@pytest.mark.parametrize("name", FOR_ONE)
def test_what_is_asked_stays_as_it_is_worded(name):
    both, alone = DOCUMENTS[name], given_alone(DOCUMENTS[name])
    for key, turn_ in alone.turns.items():
        assert [field.label for field in turn_.fields] == [field.label for field in both.turns[key].fields]


def test_turns_that_wait_for_the_others_words_are_left_out_and_those_that_wait_for_them():
    alone = given_alone(
        document(
            part(
                "each",
                turn("half", "sealed"),
                turn("reply", "partner", opens=Opens(after="half", when="opened")),
                turn("more", "counselor", opens=Opens(after="reply")),
                turn("own", "counselor", opens=Opens(after="half"), shows=["half.text", "reply.text"]),
            )
        )
    )
    assert list(alone.turns) == ["half", "own"]
    assert alone.turns["own"].shows == ["half.text"]
    folded = state(alone, [Leg(0, A, B)], [], START, window=Window(START, CLOSES))
    assert {turn_.actors for turn_ in folded.turns.values()} == {(A,)}
