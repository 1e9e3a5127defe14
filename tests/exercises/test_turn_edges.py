"""The table of edges in the privacy pages, one example each; and the ways through a round that people really take."""

from datetime import timedelta

from clinic.exercises.turns import HOLD, TurnId
from tests.exercises.stories import CLOSES, A, B, Story


def may(story: Story, partner: str) -> set[str]:
    """What this partner's page offers."""
    return {act for who, _, act in story.fold(partner).acts if who == partner}


def test_one_never_answers_and_nothing_opens() -> None:
    story = Story("halves", "both_answered")
    story.send(A, "half")
    story.now = CLOSES + timedelta(days=30)
    story.open_due()
    assert story.given == []
    assert story.fold().awaiting == frozenset()
    assert may(story, A) == {"take_back", "narrow"}
    assert may(story, B) == set()


def test_what_was_taken_back_or_narrowed_looks_unanswered() -> None:
    for act in ("took_back", "narrowed"):
        story = Story("halves", "both_answered")
        empty = story.fold(B)
        half = story.send(A, "half")
        story.note(act, half, A)
        assert story.fold(B) == empty
        story.send(B, "half")
        assert story.given == []


def test_words_that_open_later_can_be_kept_until_they_do() -> None:
    story = Story("perspective_round")
    speak = story.send(A, "speak")
    assert [group for _, id_, group in story.fold().visible if id_ == speak] == ["partner"]
    assert may(story, A) == {"add", "narrow"}
    story.send(B, "summarize")
    assert "narrow" not in {act for _, id_, act in story.fold(A).acts if id_ == speak}
    kept = Story("perspective_round")
    kept.note("narrowed", kept.send(A, "speak"), A)
    kept.send(B, "summarize")
    assert [group for _, id_, group in kept.fold().visible if id_ == speak] == ["partner"]
    assert not kept.fold().turns[speak].is_whole_narrowed


def test_a_date_that_its_author_keeps_opens_nothing() -> None:
    story = Story("on a day")
    day = {"day.on": (story.now + timedelta(days=1)).isoformat()}
    name = story.send(A, "day", answered=day)
    assert story.fold().turns[TurnId(0, "then")].since == story.now + timedelta(days=1)
    story.note("narrowed", name, A, groups=[], answered={})
    assert story.fold().turns[TurnId(0, "then")].since is None
    assert not story.fold().turns[name].is_whole_narrowed
    story.send(A, "day", answered=day)
    story.send(A, "day", answered={})
    assert story.fold().turns[TurnId(0, "then")].since is None


def test_taking_back_at_the_moment_of_the_others_sending_ends_in_a_legal_state() -> None:
    story = Story("halves", "both_answered")
    half = story.send(A, "half")
    story.send(B, "half")
    story.note("took_back", half, A)  # committed a moment too late
    assert story.fold().turns[half].status == "sent"
    assert {(to, id_.leg) for to, id_, _ in story.fold().visible} == {(B, 0), (A, 1)}


def test_an_edit_before_the_opening_voids_the_release_of_what_was_read() -> None:
    story = Story("letter")
    letter = story.send(A, "letter", consent="yes")
    story.note("released", letter)
    story.send(A, "letter", consent="yes")
    story.wait(hours=2)
    assert story.given == []
    story.note("released", letter)
    story.wait(minutes=11)
    assert [one.to for one, _ in story.given] == [B]
    assert may(story, A) == {"add"}


def test_an_excuse_closes_the_round_for_both_alike() -> None:
    story = Story("halves", "both_answered")
    story.note("closed")
    assert may(story, A) == may(story, B) == set()
    assert {one.status for one in story.fold().turns.values()} == {"missed"}


def test_a_separation_freezes_what_is_open_and_opens_nothing_more() -> None:
    story = Story("plan", "both_answered")
    plan = TurnId(0, "plan")
    story.note("proposed", plan, A, hash="one")
    story.note("severed")
    assert story.fold().turns[plan].status == "missed"
    assert may(story, B) == set()
    sealed = Story("halves", "appointment")
    sealed.send(A, "half")
    sealed.send(B, "half")
    sealed.note("severed")
    sealed.note("appointment")
    sealed.wait(days=1)
    assert sealed.given == []


def test_clearance_that_is_withdrawn_holds_both_and_can_come_back() -> None:
    story = Story("halves", "appointment")
    story.send(A, "half")
    story.ceiling = "counselor"
    assert may(story, B) == set()
    story.note("appointment")
    story.open_due()
    assert story.given == []
    story.ceiling = "joint"
    assert may(story, B) == {"write"}


def test_a_release_can_be_called_back_until_the_hold_ends() -> None:
    story = Story("letter")
    letter = story.send(A, "letter", consent="yes")
    story.note("released", letter)
    story.wait(minutes=9)
    story.note("called_back", letter)
    story.wait(hours=1)
    assert story.given == []


def test_after_the_appointment_means_after_one_that_came_after_the_words() -> None:
    story = Story("letter")
    story.note("appointment")
    story.wait(minutes=1)
    letter = story.send(A, "letter", consent="after_appointment")
    story.note("released", letter)
    story.wait(days=1)
    assert story.given == []
    story.note("appointment")
    story.wait(minutes=1)
    assert len(story.given) == 1


def test_sealed_words_that_the_counselor_opens_wait_for_both_and_for_the_hold() -> None:
    story = Story("halves", "counselor")
    first = story.send(A, "half")
    story.note("released", first)  # before the other half is there: it does not count
    story.wait(hours=1)
    story.send(B, "half")
    story.wait(hours=1)
    assert story.given == []
    story.note("released", first)
    story.wait(minutes=HOLD.seconds / 60 + 1)
    assert {one.to for one, _ in story.given} == {A, B}


def test_what_was_returned_does_not_open_until_it_is_sent_again() -> None:
    story = Story("halves", "both_answered")
    half = story.send(A, "half")
    story.note("returned", half)
    story.send(B, "half")
    assert story.given == []
    story.send(A, "half", entry=1)
    assert len(story.given) == 2


def test_a_loop_goes_round_until_it_fits() -> None:
    story = Story("perspective_round")
    story.send(A, "speak")
    for attempt in (1, 2):
        story.send(B, "summarize", attempt=attempt)
        assert may(story, B) == {"add"}
        story.send(A, "confirm", attempt=attempt, met=attempt == 2)
    story.send(B, "sense")
    story.send(A, "felt")
    assert story.fold().turns[TurnId(1, "speak")].status == "open"


def test_a_loop_that_is_broken_off_lets_the_round_go_on() -> None:
    story = Story("perspective_round")
    story.send(A, "speak")
    story.send(B, "summarize")
    story.send(A, "confirm", met=False)
    story.wait(days=2)  # the second try never comes
    assert story.fold().turns[TurnId(0, "sense")].status == "open"


def test_an_entry_that_was_taken_back_leaves_the_later_ones_where_they_are() -> None:
    story = Story("feelings_log")
    first = story.send(A, "entry", consent="yes")
    story.send(A, "entry", entry=2, consent="yes")
    story.note("took_back", first, A)
    entries = [(one.id.entry, one.status) for one in story.fold().of(A)]
    assert entries == [(1, "open"), (2, "sent")]


def test_a_confirmation_of_an_older_proposal_does_not_count() -> None:
    story = Story("plan")
    plan = TurnId(0, "plan")
    story.note("proposed", plan, A, hash="one")
    story.note("proposed", plan, A, hash="two")
    story.note("confirmed", plan, B, hash="one")
    assert story.fold().turns[plan].status == "proposed"
    story.note("confirmed", plan, A, hash="two")  # one cannot agree with oneself
    assert story.fold().turns[plan].status == "proposed"
    story.note("confirmed", plan, B, hash="two")
    assert story.fold().turns[plan].status == "agreed"
