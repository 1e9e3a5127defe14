"""Opened words lie on one sheet: who spoke, who said it back, and the seam where two belong together."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

from clinic.exercises import library
from clinic.exercises.answers import RowLine
from clinic.progress.exchange import Exchange, exchange
from clinic.progress.lines import lines
from clinic.progress.points import Position
from clinic.progress.rules import Seen

ROUND = UUID(int=1)
DAY = date(2026, 3, 2)


def seen(key: str, by: Position, leg: int = 0, slug: str = "perspective_round", **more: Any) -> Seen:
    """One group of words that opened; the first leg belongs to the first partner."""
    attempt = more.pop("attempt", 1)
    author: Position = 1 if leg == 0 else 2
    defaults: dict[str, Any] = {
        "exercise": library.shipped()[slug],
        "wording": "a",
        "assignment_id": ROUND,
        "round_id": ROUND,
        "number": 1,
        "on": DAY,
        "given_on": DAY,
        "turn_id": uuid5(ROUND, f"{key}.{leg}.{attempt}"),
        "author": author,
        "other": 2 if leg == 0 else 1,
        "role": "author",
        "group": "partner",
        "answers": {},
        "entry": 1,
        "opened_at": datetime(2026, 3, 2, tzinfo=UTC),
        "opened_on": DAY,
    }
    return Seen(key=key, by=by, leg=leg, attempt=attempt, **{**defaults, **more})


def shape(shown: Exchange | None) -> list[list[list[tuple[int, str, int]]]]:
    """Legs, rows, sides: who, the first words, which try."""
    assert shown is not None
    return [
        [[(side.by, side.said[0].lines[0], side.attempt) for side in row.sides] for row in leg.rows]
        for leg in shown.legs
    ]


SPOKE = seen("speak", 1, answers={"topic": "Tuesday", "view": "I waited."})
BACK = seen("summarize", 2, answers={"summary": "You waited."})
NOT_YET = seen("confirm", 1, answers={"accuracy": "partly", "correction": "And I was cold."})
AGAIN = seen("summarize", 2, attempt=2, answers={"summary": "You waited in the cold."})
FITS = seen("confirm", 1, attempt=2, answers={"accuracy": "yes"})
SENSE = seen("sense", 2, answers={"sense": "You like to be told."})


def test_what_was_said_and_what_came_back_lie_side_by_side_try_by_try() -> None:
    ((first, second, third),) = shape(exchange([SENSE, FITS, BACK, SPOKE, AGAIN, NOT_YET]))
    assert first == [(1, "Tuesday", 1), (2, "You waited.", 1)]
    assert second == [(1, "Partly", 1), (2, "You waited in the cold.", 2)]
    assert third == [(1, "Yes, that is it", 2), (2, "You like to be told.", 1)]


def test_what_opens_later_joins_the_turn_that_it_belongs_to() -> None:
    later = seen("speak", 1, group="partner-later", answers={"feelings": ["hurt"]})
    shown = exchange([BACK, later, SPOKE])
    assert shown is not None
    said = shown.legs[0].rows[0].sides[0].said
    assert [one.asked.key for one in said] == ["topic", "view", "feelings"]


def test_each_leg_has_a_sheet_of_its_own_that_says_who_began() -> None:
    other = seen("speak", 2, leg=1, answers={"topic": "Friday", "view": "I was tired."})
    shown = exchange([other, BACK, SPOKE])
    assert [leg.begins for leg in shown.legs] == [1, 2] if shown else False
    assert shape(shown) == [[[(1, "Tuesday", 1), (2, "You waited.", 1)]], [[(2, "Friday", 1)]]]


def test_nothing_is_joined_where_one_has_spoken() -> None:
    shown = exchange([SPOKE])
    assert shown is not None
    assert not shown.legs[0].is_joined
    assert shown.legs[0].begins is None


def test_twins_stand_question_by_question_with_the_empty_side_shown() -> None:
    first = seen("pulse", 1, slug="weekly_checkin", answers={"rely": 6, "speak": 7})
    second = seen("pulse", 2, leg=1, slug="weekly_checkin", answers={"rely": 8})
    shown = exchange([second, first])
    assert shown is not None
    (leg,) = shown.legs
    assert [[(side.by, [one.value for one in side.said]) for side in row.sides] for row in leg.rows] == [
        [(1, [6]), (2, [8])],
        [(1, [7]), (2, [])],
    ]


def test_additions_stand_below_and_are_no_side() -> None:
    line = seen("speak", 1, is_addition=True, answers={"addition": "I see it now."})
    shown = exchange([SPOKE, BACK, line])
    assert shown is not None
    assert [one.text for one in shown.additions] == ["I see it now."]
    assert len(shown.legs[0].rows) == 1


def test_words_that_have_not_opened_are_on_no_sheet() -> None:
    assert exchange([seen("speak", 1, opened_on=None, answers={"topic": "Tuesday"})]) is None


# What the two come to


def meaning(by: Position, *top: str, **now: int) -> list[Seen]:
    """One side of a pair of lists: what was chosen, and how much of each is there today."""
    labels = library.shipped()["trust_definitions"].turns["choose"].field("top").options or {}
    rows = [
        {"row": key, "label": labels[key], "answers": {"sign": f"A sign of {key}.", "now": level}}
        for key, level in now.items()
    ]
    more: dict[str, Any] = {"slug": "trust_definitions", "leg": by - 1, "group": "sealed"}
    return [
        seen("choose", by, answers={"top": list(top)}, **more),
        seen("levels", by, answers={"facets": rows}, **more),
    ]


def test_what_both_chose_and_where_they_are_furthest_apart_come_with_the_reveal() -> None:
    first = meaning(1, "money", "fair", "kept_word", money=7, fair=4, kept_word=9)
    second = meaning(2, "kept_word", "money", "present", kept_word=8, money=2, present=0)
    shown = exchange([*second, *first])
    assert shown is not None
    both, apart = shown.compared
    assert both.title == "Chosen by both"
    assert both.picks == ("Doing what we said we would do", "Being open about money")
    assert apart.rows == (("Being open about money", 7.0, 2.0),)
    assert apart.asked == "How much of it is there today?"


def test_the_reveal_and_the_report_say_the_same() -> None:
    words = [*meaning(1, "money", "fair", money=7, fair=4), *meaning(2, "fair", "money", fair=9, money=2)]
    shown = exchange(words)
    assert shown is not None
    trends = {line.key: line.trend for line in lines(words, [])}
    assert shown.compared[0].picks == trends["overlap"].shared[0].picks
    assert shown.compared[1].rows == trends["level"].apart[0].rows
    assert len(shown.compared[1].rows) == 2  # a tie names both


def test_one_side_alone_or_other_exercises_compare_nothing() -> None:
    alone = exchange(meaning(1, "money", money=7))
    assert alone is not None
    assert not alone.compared
    other = exchange([SPOKE, BACK])
    assert other is not None
    assert not other.compared


def test_nothing_on_both_lists_is_said_and_no_distance_is_made_up() -> None:
    shown = exchange([*meaning(1, "money", money=7), *meaning(2, "fair", fair=1)])
    assert shown is not None
    (both,) = shown.compared
    assert both.is_overlap
    assert not both.picks


def test_a_row_of_several_columns_is_a_line_and_its_parts() -> None:
    shown = exchange(meaning(1, "money", money=7))
    assert shown is not None
    (line,) = shown.legs[0].rows[1].sides[0].said[0].lines
    assert line.startswith("Being open about money · What would one see")
    assert isinstance(line, RowLine)
    assert line.label == "Being open about money"
    assert [(cell.said, cell.number, cell.of) for cell in line.cells] == [
        ("A sign of money.", None, None),
        ("7 of 10", 7.0, 10),
    ]
