"""What must hold of the engine whatever a couple does: ends, readers, and nothing private that shows."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.exercises.document import WIDTH, Exercise
from clinic.exercises.turns import HOLD, Event, RoundState
from tests.exercises.stories import CLOSES, DOCUMENTS, A, B, Story

MOVES = st.lists(st.tuples(st.integers(0, 16), st.integers(0, 60), st.integers(0, 9)), max_size=30)
OPENINGS = st.sampled_from(["both_answered", "appointment", "counselor"])
anything = given(st.sampled_from(sorted(DOCUMENTS)), OPENINGS, MOVES)
often = settings(max_examples=150, deadline=None)


def lived(name: str, opening: str, moves: list[tuple[int, int, int]]) -> Story:
    """A story with these moves."""
    story = Story(name, opening)
    for move in moves:
        story.play(*move)
    return story


@anything
@often
def test_every_round_ends(name: str, opening: str, moves: list[tuple[int, int, int]]) -> None:
    story = lived(name, opening, moves)
    story.now = max(story.now, CLOSES)
    folded = story.fold()
    assert folded.closed_at is not None
    assert folded.is_over
    assert all(turn.is_final for turn in folded.turns.values())
    assert not {act for _, _, act in folded.acts} & {"write", "revise", "confirm", "decline"}


@anything
@often
def test_words_reach_only_whom_the_rules_name(
    name: str, opening: str, moves: list[tuple[int, int, int]]
) -> None:
    story = Story(name, opening)
    for move in moves:
        before = len(story.events)
        story.play(*move)
        for event in story.events[before:]:
            if event.kind == "opened":
                assert_allowed(story, event)


def assert_allowed(story: Story, opened: Event) -> None:
    """The rules of privacy.md said a second time, on the bare events before this opening."""
    assert opened.turn is not None
    past = [e for e in story.events[: story.events.index(opened)] if e.at <= opened.at]
    asked = story.exercise.turns[opened.turn.key]
    group = next(one for one in asked.groups if one.key == opened.detail["group"])
    mine = [e for e in past if e.turn == opened.turn]
    last = [e for e in mine if e.kind == "sent"][-1]
    assert opened.detail["to"] != last.by
    assert opened.detail["group"] in last.detail["groups"]
    assert not last.detail.get("whole")
    assert not {e.kind for e in mine[mine.index(last) :]} & {"took_back", "narrowed"} or (
        group.visibility == "partner" and group.opens is None
    )
    assert not [e for e in past if e.kind == "severed"]
    assert group.visibility not in {"counselor", "joint"}
    if group.visibility == "release":
        assert_released(opened, mine, last, past)
    if group.visibility == "sealed":
        assert_both_sent(opened, past)


def assert_released(opened: Event, mine: list[Event], last: Event, past: list[Event]) -> None:
    acts = [e for e in mine[mine.index(last) :] if e.kind in {"released", "called_back", "returned"}]
    assert acts[-1].kind == "released"
    assert opened.at >= acts[-1].at + HOLD
    assert last.detail["consent"] != "no"
    if last.detail["consent"] == "after_appointment":
        assert [e for e in past if e.kind == "appointment"]


def assert_both_sent(opened: Event, past: list[Event]) -> None:
    assert opened.turn is not None
    twins = [
        e
        for e in past
        if e.turn and e.turn._replace(leg=0) == opened.turn._replace(leg=0) and e.by != opened.by
    ]
    acts = [e for e in twins if e.kind in {"sent", "took_back", "narrowed"}]
    assert acts[-1].kind == "sent"
    assert not acts[-1].detail.get("whole")


@anything
@often
def test_what_i_may_do_follows_from_what_i_was_told(
    name: str, opening: str, moves: list[tuple[int, int, int]]
) -> None:
    story = Story(name, opening)
    for move in moves:
        story.play(*move)
        for partner in (A, B):
            assert own_side(story.fold(partner), partner) == own_side(story.fold(), partner)


def own_side(folded: RoundState, partner: str) -> object:
    """All that the pages of a partner are made of."""
    mine = {
        one.id: (
            one.status,
            one.since,
            one.until,
            one.sent_at,
            one.sent_by,
            one.is_whole_narrowed,
            one.opened_to,
        )
        for one in folded.of(partner)
        if one.status != "waiting" or one.id.attempt == one.id.entry == 1
    }
    acts = {(id_, act) for who, id_, act in folded.acts if who == partner}
    visible = {(id_, group) for to, id_, group in folded.visible if to == partner}
    return mine, acts, visible, folded.closed_at


@anything
@often
def test_private_acts_of_the_other_change_nothing(
    name: str, opening: str, moves: list[tuple[int, int, int]]
) -> None:
    story = lived(name, opening, moves)
    for me, other in ((A, B), (B, A)):
        without = [event for event in story.events if not is_private_act(story.exercise, event, other)]
        assert story.fold(me, without) == story.fold(me)


def is_private_act(exercise: Exercise, event: Event, other: str) -> bool:
    """The list of private acts in privacy.md, said a second time."""
    if event.kind in {"released", "called_back"}:
        return True
    if event.turn is None or event.by != other:
        return False
    asked = exercise.turns[event.turn.key]
    is_open = any(WIDTH[group.visibility] >= WIDTH["partner"] for group in asked.groups)
    return event.kind in {"took_back", "narrowed"} or (
        event.kind == "sent" and (not is_open or bool(event.detail.get("whole")))
    )


@anything
@settings(max_examples=60, deadline=None)
def test_what_was_given_stays_given(name: str, opening: str, moves: list[tuple[int, int, int]]) -> None:
    story = Story(name, opening)
    before: frozenset[object] = frozenset()
    for move in moves:
        story.play(*move)
        assert before <= story.fold().visible
        before = story.fold().visible
        for who, id_, act in story.fold().acts:
            given = {one for _, one, _ in before}
            assert not (id_ in given and act in {"take_back", "revise"}), (who, id_, act)
            still_closed = {group.key for group in story.fold().turns[id_].still_closed}
            assert act != "narrow" or still_closed - {key for _, one, key in before if one == id_}


def test_a_late_wake_up_opens_nothing_after_a_separation() -> None:
    story = Story("letter")  # a letter to be released
    letter = story.send(A, "letter", consent="yes")
    story.note("released", letter)
    story.now += timedelta(hours=1)  # nobody woke up
    story.note("severed")
    story.wait(days=1)
    assert story.given == []
