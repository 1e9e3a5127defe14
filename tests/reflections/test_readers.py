"""The sentence about readers: short, complete, and true for every turn of every exercise that is shipped."""

import re
from collections.abc import Iterator

import pytest

from clinic.exercises import library
from clinic.exercises.document import Turn
from clinic.reflections.rules import OPENS, Readers, readers_sentence

POLICY = "What you write for your counselor alone stays in your counselor's care."
BOTH = Readers(["Ruth Okafor"], ["Dr. Lin Aalto"], "Jonas", POLICY)
ALONE = Readers(["Ruth Okafor"], [], None, POLICY)
TURNS = [
    (f"{slug}.{key}", turn)
    for slug, document in library.shipped().items()
    for key, turn in document.turns.items()
]


def sentences() -> Iterator[tuple[str, Turn, str]]:
    for name, turn in TURNS:
        for opening in OPENS:
            for kept in (False, True):
                said = readers_sentence(turn, BOTH, opening, kept=kept)
                yield f"{name}, {opening}, kept {kept}", turn, said


@pytest.mark.parametrize(("where", "turn", "said"), list(sentences()))
def test_it_names_everybody_and_promises_nothing_absolute(where: str, turn: Turn, said: str) -> None:
    who, policy = said.split("\n\n", 1)
    assert policy == POLICY
    assert all(name in who for name in ("Ruth Okafor", "Dr. Lin Aalto (supervision)", "Jonas"))
    assert not re.search(r"\b(only|absolutely|never)\b", who, re.IGNORECASE)
    assert len(who) <= 260


def visibilities(turn: Turn) -> set[str]:
    return {group.visibility for group in turn.groups}


@pytest.mark.parametrize(("name", "turn"), TURNS)
def test_it_says_when_the_partner_reads(name: str, turn: Turn) -> None:
    said = readers_sentence(turn, BOTH, "both_answered")
    kinds = visibilities(turn)
    assert ("Jonas can read it, and so can" in said) == bool(kinds & {"partner", "joint"})
    assert ("once you have both answered, and not before" in said) == ("sealed" in kinds)
    assert ("if you agree and your counselor releases it" in said) == ("release" in kinds)
    assert ("the app does not show" in said.lower()) == ("counselor" in kinds)


def test_what_is_kept_says_that_the_partner_is_not_shown_it() -> None:
    turn = library.shipped()["perspective_round"].turns["speak"]
    said = readers_sentence(turn, BOTH, "both_answered", kept=True)
    assert said.startswith(
        "When you send it, Ruth Okafor and Dr. Lin Aalto (supervision) can read it. The app does not show it to Jonas."
    )


def test_who_comes_alone_hears_of_no_partner() -> None:
    turn = library.shipped()["feelings_log"].turns
    assert readers_sentence(next(iter(turn.values())), ALONE, "counselor") == (
        f"When you send it, Ruth Okafor can read it.\n\n{POLICY}"
    )
