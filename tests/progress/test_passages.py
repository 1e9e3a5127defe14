"""In which order a report offers and tells what was written: as the documents ask it, whatever ids the rows have."""

from datetime import date, timedelta
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import pytest

from clinic.exercises import library
from clinic.progress.rules import Seen, passages, wins

DAY = date(2026, 3, 9)


def seen(source: Random, slug: str, key: str, group: str, answers: dict[str, Any], **more: Any) -> Seen:
    """Words of one turn; every id is drawn anew."""
    new = lambda: UUID(int=source.getrandbits(128))  # noqa: E731
    given = {"number": 1, "on": DAY, "given_on": DAY, "attempt": 1, "entry": 1, "by": 1, "leg": 0, **more}
    return Seen(
        exercise=library.shipped()[slug],
        wording="",
        assignment_id=new(),
        round_id=given.pop("round_id", None) or new(),
        turn_id=new(),
        key=key,
        author=given["by"],
        other=3 - given["by"],
        role="mutual",
        group=group,
        answers=answers,
        **given,
    )


def group_of(slug: str, key: str, field: str) -> str:
    groups = library.shipped()[slug].turns[key].groups
    return next(group.key for group in groups if field in {one.key for one in group.fields})


def one_day(source: Random) -> list[Seen]:
    """Several exercises of one day: a talk in steps with a second attempt, and two entries of a log."""
    talk, log = "perspective_round", "victories_log"
    round_id = UUID(int=source.getrandbits(128))
    said = [
        ("speak", "view", "first", {}),
        ("summarize", "summary", "second", {"by": 2}),
        ("summarize", "summary", "third", {"by": 2, "attempt": 2}),
        ("speak", "view", "fourth", {"by": 2, "leg": 1}),
    ]
    found = [
        seen(source, talk, key, group_of(talk, key, field), {field: text}, round_id=round_id, **more)
        for key, field, text, more in said
    ]
    entries = [("fifth", 1), ("sixth", 2)]
    place = group_of(log, "entry", "what")
    found += [seen(source, log, "entry", place, {"what": text}, entry=entry) for text, entry in entries]
    return found


def told(words: list[Seen]) -> list[str]:
    return [side.text for one in passages(words) for side in one.sides]


@pytest.mark.parametrize("seed", range(20))
def test_passages_of_one_day_stand_as_the_documents_ask_whatever_ids_they_have(seed: int) -> None:
    source = Random(seed)
    words = one_day(source)
    source.shuffle(words)
    assert told(words) == ["first", "fourth", "second", "third", "fifth", "sixth"]


def test_questions_of_one_turn_keep_their_order_also_where_one_side_left_one_out() -> None:
    slug, key = "weekly_checkin", "pulse"
    exercise = library.shipped()[slug]
    texts = [one.key for one in exercise.turns[key].fields if one.kind == "text"]
    assert len(texts) >= 2, "the exercise has changed; take another with two texts in one turn"
    first, second = texts[:2]
    source, round_id = Random(1), UUID(int=7)
    mine = seen(source, slug, key, group_of(slug, key, second), {second: "b of one"}, round_id=round_id)
    both = {first: "a of two", second: "b of two"}
    other = seen(source, slug, key, group_of(slug, key, first), both, round_id=round_id, by=2, leg=1)
    for order in permutations([mine, other]):
        assert told(list(order)) == ["a of two", "b of one", "b of two"]


def test_the_newest_day_comes_first() -> None:
    source = Random(2)
    log = "victories_log"
    place = group_of(log, "entry", "what")
    days = [DAY, DAY + timedelta(days=7), DAY - timedelta(days=7)]
    words = [
        seen(source, log, "entry", place, {"what": day.isoformat()}, on=day, given_on=day) for day in days
    ]
    assert told(words) == [day.isoformat() for day in sorted(days, reverse=True)]


@pytest.mark.parametrize("seed", range(5))
def test_wins_of_one_day_keep_the_order_of_their_entries(seed: int) -> None:
    source = Random(seed)
    log = "victories_log"
    place = group_of(log, "entry", "what")
    words = [seen(source, log, "entry", place, {"what": f"win {n}"}, entry=n) for n in range(1, 6)]
    source.shuffle(words)
    in_order = sorted(words, key=lambda one: one.order)
    assert [win.text for win in wins(in_order)] == [f"win {n}" for n in range(1, 6)]
