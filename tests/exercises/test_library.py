"""The exercises that are shipped: they load, they can end, and nothing in them gives a private act away."""

import pytest

from clinic.exercises import library
from clinic.exercises.document import WIDTH, Every, Exercise, canonical
from clinic.exercises.practices import PLANNED, POINTS, TRUST_PRACTICES

NINE = {
    "feelings_log",
    "session_prep",
    "victories_log",
    "weekly_checkin",
    "trust_definitions",
    "calm_conversation_plan",
    "perspective_round",
    "impact_statement",
    "validation_reply",
}
each_exercise = pytest.mark.parametrize("exercise", library.shipped().values(), ids=library.shipped())


def test_the_shipped_exercises_are_there() -> None:
    assert set(library.shipped()) >= NINE
    assert set(library.shipped()) <= PLANNED


def test_the_library_is_read_once() -> None:
    assert library.shipped() is library.shipped()


def test_each_practice_has_an_exercise() -> None:
    assert {exercise.trust_practice for exercise in library.shipped().values()} == set(TRUST_PRACTICES)


def test_points_are_counted_as_the_six_practices_have_them() -> None:
    assert len(POINTS) == 35
    assert POINTS[0] == "P0.1"
    assert POINTS[-1] == "P7.2"


@each_exercise
def test_the_hash_names_the_canonical_form(exercise: Exercise) -> None:
    again, _ = library.parse(
        (library.SHIPPED / f"{exercise.slug}.toml").read_text(encoding="utf-8"), exercise.slug
    )
    assert again is not None
    assert canonical(again) == canonical(exercise)
    assert again.hash == exercise.hash


@each_exercise
def test_every_assignment_can_end(exercise: Exercise) -> None:
    assert exercise.open_for.days * 24 + exercise.open_for.hours > 0
    for turn in exercise.turns.values():
        assert turn.again is None or turn.again.attempts <= 5
        assert turn.repeat is None or turn.repeat.most <= 500


@each_exercise
def test_only_the_check_in_opens_as_soon_as_both_have_answered(exercise: Exercise) -> None:
    sealed = any((field.visibility or turn.visibility) == "sealed" for turn, field in exercise.each_field())
    if sealed:
        assert (exercise.opening == "both_answered") == (
            exercise.slug in {"weekly_checkin", "caring_actions"}
        )


@each_exercise
def test_what_could_hurt_is_rated_for_the_counselor_alone(exercise: Exercise) -> None:
    for turn, field in exercise.each_field():
        if field.flags or "understood did you feel" in str(field.label):
            assert (field.visibility or turn.visibility) == "counselor", f"{turn.key}.{field.key}"


@each_exercise
def test_a_turn_that_both_agree_on_is_the_only_joint_one(exercise: Exercise) -> None:
    for turn in exercise.turns.values():
        assert turn.agree == (turn.visibility == "joint")


def test_light_exercises_are_the_small_ones() -> None:
    light = {slug for slug, exercise in library.shipped().items() if exercise.weight == "light"}
    assert light >= {"feelings_log", "session_prep", "victories_log", "weekly_checkin"}
    assert all(library.shipped()[slug].minutes <= 10 for slug in light)


def test_the_words_of_the_weekly_check_in_open_together() -> None:
    checkin = library.shipped()["weekly_checkin"]
    assert [group.key for group in checkin.turns["pulse"].groups] == ["sealed"]
    assert checkin.opening == "both_answered"
    pulse = checkin.trends[0]
    assert len(pulse.source) == 6
    assert pulse.reverse == ["pulse.doubt"]
    assert pulse.needs == 5


def test_the_feelings_of_a_perspective_round_open_after_the_guess() -> None:
    speak = library.shipped()["perspective_round"].turns["speak"]
    assert [group.key for group in speak.groups] == ["partner", "partner:summarize.sent"]


def test_session_prep_comes_before_the_appointment() -> None:
    prep = library.shipped()["session_prep"]
    assert isinstance(prep.cadence, Every)
    assert prep.cadence.appointment == -48
    assert WIDTH[prep.widest] == 0


def test_a_rise_of_distress_stops_the_impact_statement() -> None:
    statement = library.shipped()["impact_statement"]
    for turn in statement.turns.values():
        (flag,) = turn.field("after").flags
        assert flag.stop
        assert flag.rise == 3
        assert flag.than == f"{turn.key}.before"


def test_a_validation_reply_waits_for_the_released_statement() -> None:
    reply = library.shipped()["validation_reply"]
    turn = reply.turns["reply"]
    assert turn.opens is not None
    assert turn.opens.input == "second_part"
    felt = reply.turns["felt"].opens
    assert felt is not None
    assert (felt.after, felt.when) == ("reply", "opened")
