"""Lines over time: what makes a point, where a line breaks, and what can never happen to it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.exercises import library
from clinic.exercises.document import Exercise
from clinic.exercises.document import Trend as Asked
from clinic.progress import trends
from clinic.progress.trends import Answer

START = date(2026, 3, 2)
PULSE = ("rely", "speak", "match", "doubt", "own", "hope")


def exercise(slug: str = "weekly_checkin") -> Exercise:
    return library.shipped()[slug]


def asked(key: str = "pulse", slug: str = "weekly_checkin") -> Asked:
    return next(one for one in exercise(slug).trends if one.key == key)


def answer(
    source: str,
    value: Any,
    *,
    by: int = 1,
    week: int = 0,
    day: int = 0,
    order: tuple[int, int] = (1, 1),
    **more: Any,
) -> Answer:
    on = START + timedelta(weeks=week)
    defaults: dict[str, Any] = {"wording": "a", "assignment": "x"}
    return Answer(
        source=source,
        author=by,
        other=3 - by,
        number=week + 1,
        on=on,
        given_on=on + timedelta(days=day),
        order=order,
        value=value,
        **{**defaults, **more},
    )  # type: ignore[arg-type]


def pulse(value: int, *, but: tuple[str, ...] = (), **more: Any) -> list[Answer]:
    return [answer(f"pulse.{key}", value, **more) for key in PULSE if key not in but]


def drawn(
    answers: list[Answer], key: str = "pulse", slug: str = "weekly_checkin", **more: Any
) -> trends.Trend:
    return trends.drawn(asked(key, slug), exercise(slug), answers, **more)


def test_mean_turns_the_reversed_question() -> None:
    line = drawn([*pulse(8, but=("doubt",)), answer("pulse.doubt", 2)])
    assert [point.value for point in line.first] == [8.0]


def test_too_few_answers_make_no_point() -> None:
    assert drawn(pulse(8, but=("rely", "own"))).first == ()
    assert drawn(pulse(8, but=("rely",))).first


def test_declined_answer_is_no_answer() -> None:
    some = [*pulse(8, but=("rely", "own")), answer("pulse.rely", {"declined": True})]
    assert drawn(some).first == ()


def test_gap_stands_where_both_have_a_point() -> None:
    line = drawn(pulse(8) + pulse(8, week=1) + pulse(3, by=2, week=1))
    assert [(point.on, point.value) for point in line.gap] == [(START + timedelta(weeks=1), 3.3)]


def test_rounds_that_did_not_open_break_the_line_and_have_no_point() -> None:
    closed = START + timedelta(weeks=1)
    line = drawn(pulse(5) + pulse(6, week=2), unopened=[closed])
    assert line.unopened == (closed,)
    assert len(line.strokes(1)) == 2


def test_other_wording_begins_the_line_anew() -> None:
    line = drawn(pulse(5) + pulse(6, week=1, wording="b"))
    assert line.restarts == (START + timedelta(weeks=1),)


def test_line_of_the_other_is_that_of_who_listened() -> None:
    said = [answer("confirm.accuracy", "no"), answer("confirm.accuracy", "yes", order=(2, 1))]
    line = drawn(said, "accuracy", "perspective_round")
    assert line.first == ()
    assert [point.value for point in line.second] == [0.0]


def test_count_counts_answers_and_first_takes_the_first() -> None:
    said = [answer("confirm.accuracy", "no"), answer("confirm.accuracy", "yes", order=(2, 1))]
    assert [point.value for point in drawn(said, "tries", "perspective_round").second] == [2.0]


def test_week_gathers_all_entries_of_a_log() -> None:
    log = [answer("entry.intensity", value, order=(1, n)) for n, value in enumerate((4, 8), 1)]
    assert [point.value for point in drawn(log, "intensity", "feelings_log").first] == [6.0]


def picks(*keys: str, by: int = 1, week: int = 0) -> Answer:
    return answer("choose.top", list(keys), by=by, week=week)


def test_overlap_names_what_stands_on_both_lists() -> None:
    both = [picks("discreet", "kept_word", "money"), picks("kept_word", "discreet", "fair", by=2)]
    line = drawn(both, "overlap", "trust_definitions")
    assert line.said({1: "Mara", 2: "Jonas"}) == (
        "On both lists on March 2: Doing what we said we would do; Keeping private things private."
    )
    assert not line.is_drawn


def test_overlap_of_nothing_is_told_and_one_list_alone_tells_nothing() -> None:
    apart = [picks("money"), picks("fair", by=2)]
    assert "nothing stood on both" in drawn(apart, "overlap", "trust_definitions").said({})
    assert not drawn(apart[:1], "overlap", "trust_definitions").is_told


def levels(by: int, **now: int | None) -> Answer:
    rows = [{"row": key, "label": key.title(), "answers": {"now": level}} for key, level in now.items()]
    return answer("levels.facets", rows, by=by)


def test_where_both_answered_the_largest_distance_is_named() -> None:
    found = drawn(
        [levels(1, money=7, fair=4, present=9), levels(2, fair=5, money=2, digital=0)],
        "level",
        "trust_definitions",
    )
    assert found.told({1: "Mara", 2: "Jonas"}).endswith("Furthest apart on March 2: Money (Mara 7, Jonas 2).")


def test_distance_is_never_told_of_one_side_nor_where_there_is_none() -> None:
    alone = drawn([levels(1, money=7)], "level", "trust_definitions")
    alike = drawn([levels(1, money=7), levels(2, money=7, fair=0)], "level", "trust_definitions")
    unsaid = drawn([levels(1, money=7), levels(2, money=None)], "level", "trust_definitions")
    assert (alone.apart, alike.apart, unsaid.apart) == ((), (), ())


@pytest.mark.parametrize(("weeks", "is_drawn"), [(0, False), (2, False), (3, True)])
def test_three_answers_of_one_make_a_chart(weeks: int, is_drawn: bool) -> None:
    line = drawn([one for week in range(weeks) for one in pulse(5, week=week)])
    assert line.is_drawn == is_drawn


def test_fewer_are_a_sentence_with_their_numbers() -> None:
    line = drawn([*pulse(5), *pulse(6, week=1), *pulse(4, by=2)])
    said = line.said({1: "Mara", 2: "Jonas"})
    assert said == "Mara: 5 on March 2, then 5.7 on March 9. Jonas: 4.3 on March 2."


def held(*said: str, by: int = 1) -> list[Answer]:
    return [answer("after.held", value, by=by, week=week) for week, value in enumerate(said)]


def test_what_both_tell_alike_is_told_once() -> None:
    line = drawn(
        [*held("yes", "no", "moved"), *held("yes", "no", "yes", by=2)], "held", "calm_conversation_plan"
    )
    assert line.told({1: "Mara", 2: "Jonas"}) == "2 of 3."
    assert not line.is_worth_drawing


def test_what_both_tell_differently_is_told_for_each() -> None:
    line = drawn([*held("yes", "no"), *held("yes", "yes", by=2)], "held", "calm_conversation_plan")
    assert line.told({1: "Mara", 2: "Jonas"}) == "1 of 2 as Mara saw it, 2 of 2 as Jonas saw it."


def test_account_of_one_alone_is_told_without_the_other() -> None:
    line = drawn(held("yes", "no", "yes", "yes"), "held", "calm_conversation_plan")
    assert line.told({1: "Mara", 2: "Jonas"}) == "3 of 4."


def test_heard_right_counts_the_first_try_of_each() -> None:
    said = [
        answer("confirm.accuracy", "partly"),
        answer("confirm.accuracy", "yes", order=(2, 1)),
        answer("confirm.accuracy", "yes", by=2),
    ]
    assert drawn(said, "accuracy", "perspective_round").told({}) == "1 of 2."


def test_sum_of_a_count_is_not_told_and_its_line_only_drawn_when_it_leads_somewhere() -> None:
    log = [answer("entry.what", "a step", week=week) for week in range(5)]
    line = drawn(log, "victories", "victories_log")
    assert line.told({1: "Mara"}) == ""
    assert not line.is_worth_drawing
    fewer = [answer("entry.times", times, week=week) for week, times in enumerate((9, 6, 2))]
    assert drawn(fewer, "reminders", "feelings_log").is_worth_drawing


def test_flat_line_is_told_and_not_drawn() -> None:
    line = drawn([one for week in range(4) for one in pulse(5, week=week)])
    assert not line.is_worth_drawing
    assert line.told({1: "Mara"}) == "Mara still 5."


@pytest.mark.parametrize("slug", sorted(library.shipped()))
def test_every_shipped_trend_can_be_drawn_of_nothing(slug: str) -> None:
    for one in exercise(slug).trends:
        assert trends.drawn(one, exercise(slug), []).first == ()


values = st.one_of(st.integers(0, 10), st.just({"declined": True}), st.none(), st.just({"raw": "seven"}))
given_answers = st.lists(
    st.builds(
        answer,
        st.sampled_from([f"pulse.{key}" for key in PULSE]),
        values,
        by=st.sampled_from([1, 2]),
        week=st.integers(0, 30),
        order=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    ),
    max_size=60,
)


@given(given_answers)
def test_points_lie_on_the_scale_in_order_and_on_days_of_rounds(answers: list[Answer]) -> None:
    line = drawn(answers)
    for points in (line.first, line.second):
        assert all(line.low <= point.value <= line.high for point in points)
        assert [point.on for point in points] == sorted({point.on for point in points})
        assert {point.on for point in points} <= {one.on for one in answers}


@given(given_answers)
def test_one_line_never_depends_on_the_other_ones_answers(answers: list[Answer]) -> None:
    own = [one for one in answers if one.author == 1]
    assert drawn(own).first == drawn(answers).first


@given(given_answers, st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(answers: list[Answer], random: Any) -> None:
    unique = list({(one.source, one.author, one.number, one.order): one for one in answers}.values())
    shuffled = random.sample(unique, len(unique))
    assert drawn(shuffled) == drawn(unique)
