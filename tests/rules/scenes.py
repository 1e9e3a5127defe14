"""Short stories of one exercise: what both know of happens in both tellings, B's private acts in one of them alone.

Where something of B reaches A either way, the tellings differ in what must look the same: kept or declined, taken back
or never sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select

from clinic.accounts.models import StaffMember
from clinic.couples import staffing
from clinic.exercises.document import Opening
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.agreed import Agreed
from clinic.practice import actions as practices
from clinic.practice import queries as papers
from clinic.reflections import actions as reflections
from clinic.reflections import queries, rules
from clinic.reflections.models import Reflection
from tests.rules.histories import PAIR, A, B
from tests.rules.stage import Stage

Act = Callable[[Stage], None]
Telling = Literal["plain", "private"]
BETWEEN = timedelta(hours=1)


@dataclass(frozen=True)
class Step:
    """An act on a day; `only` in one of the tellings. Its place in the day is kept in both."""

    day: int
    act: Act
    only: Telling | None = None


@dataclass(frozen=True)
class Scene:
    """The steps in order, and the days at whose end A looks at everything."""

    steps: Sequence[Step]
    looks: Sequence[int]

    def play(self, stage: Stage, telling: Telling, look: Callable[[Stage, int], None]) -> None:
        """Live through it, one act an hour from morning on."""
        begins = stage.now
        for day in range(max(self.looks) + 1):
            stage.now = begins + timedelta(days=day)
            stage.wait()
            for hour, step in enumerate((one for one in self.steps if one.day == day), start=1):
                stage.now = begins + timedelta(days=day) + hour * BETWEEN
                stage.wait()
                if step.only in {None, telling}:
                    step.act(stage)
            stage.now = begins + timedelta(days=day, hours=10)
            stage.wait()
            if day in self.looks:
                look(stage, day)


def both(day: int, act: Act) -> Step:
    """What both may know of, in both tellings."""
    return Step(day, act)


def private(day: int, act: Act) -> Step:
    """What B does, or is done for B, in one telling alone."""
    return Step(day, act, "private")


def instead(day: int, act: Act) -> Step:
    """What B does in the other telling, and what looks the same to A."""
    return Step(day, act, "plain")


# Acts


def give(slug: str, to: Mapping[str, str] = PAIR, **plan: Any) -> Act:
    """The exercise of the scene, known as `it`; `first` names who begins."""

    def act(stage: Stage) -> None:
        more = {**plan, "first": stage.cast.partners[plan["first"]]} if "first" in plan else plan
        stage.assign("it", slug, to, plans={who: Agreed(f"For {who}.") for who in to}, **more)

    return act


def send(who: str, key: str, words: str, **more: Any) -> Act:
    return lambda stage: stage.send(who, "it", key, words, **more)


def take_back(who: str, key: str) -> Act:
    return lambda stage: stage.take_back(who, "it", key)


def narrow(who: str, key: str, fields: Sequence[str] = ()) -> Act:
    return lambda stage: stage.narrow(who, "it", key, fields)


def give_back(key: str, whose: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            reflections.return_for_another_pass(viewer, stage.turn("it", key, whose), stage.now)

    return act


def release_and(key: str, whose: str, undo: Act) -> Act:
    """The counselor opens it, and within the hold somebody thinks again."""

    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            reflections.release(viewer, stage.turn("it", key, whose), stage.now)
        stage.wait(minutes=5)
        undo(stage)

    return act


def call_back(key: str, whose: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            reflections.call_back(viewer, stage.turn("it", key, whose), stage.now)

    return act


def agree(who: str) -> Act:
    """Say yes to the plan that stands."""

    def act(stage: Stage) -> None:
        with stage.act(who) as viewer:
            author = stage.author(viewer, "it", "plan", who, ("proposed",))
            reflections.confirm(author, rules.bound_hash(queries.proposed(author.turn)), stage.now)

    return act


def decline(who: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act(who) as viewer:
            reflections.decline(stage.author(viewer, "it", "plan", who, ("proposed",)), stage.now)

    return act


def meet(in_days: float) -> Act:
    return lambda stage: stage.meet("joint", "couple", "counselor", in_days=in_days)


def hold(stage: Stage) -> None:
    stage.hold("joint")


def given_alone(stage: Stage) -> None:
    """B alone gets something before there is anything else."""
    stage.assign("alone", "feelings_log", {B: "mutual"}, plans={B: Agreed("for B alone")})
    stage.send(B, "alone", "entry", "alone", consent="no")


def taken_away(stage: Stage) -> None:
    stage.assign("mistaken", "impact_statement", {B: "injured"}, plans={B: Agreed("for B alone")})
    with stage.act("counselor") as viewer:
        homework.recall(viewer, stage.assignment("mistaken"), stage.now)


def words_end(stage: Stage) -> None:
    """All of B's, at B's word."""
    stage.end_words(B)


def a_day_to_undo(stage: Stage) -> None:
    with stage.act("owner") as viewer:
        practice = papers.by_id(stage.cast.practice_id)
        practices.set_terms(viewer, practice, 1, practice.retention_years)


def end_undone(stage: Stage) -> None:
    stage.undo_end(B)


def opened_in_an_emergency(stage: Stage) -> None:
    with stage.act("owner") as viewer:
        couple = stage.couple("couple")
        staffing.open_record(viewer, couple, "Their counselor cannot be reached.", 4, stage.now)


def a_colleague_stands_in(stage: Stage) -> None:
    with stage.act("counselor") as viewer:
        colleague = db.session.get_one(StaffMember, stage.cast.staff["other_counselor"])
        until = stage.now + timedelta(days=5)
        staffing.stand_in(viewer, [stage.couple("couple")], colleague, stage.now, until)


def reads_all_of_b(by: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act(by):
            rows = select(Reflection).where(Reflection.partner_id == stage.cast.partners[B])
            read = [words.answers for row in db.session.scalars(rows).unique() for words in row.words]
            assert read

    return act


# Scenes

PLAN = both(0, give("calm_conversation_plan"))
PROPOSED = (PLAN, both(1, send(A, "plan", "the plan of A")))
AFTER = {"held": "partly", "calm": "no", "pause": "stopped"}
DECLINED = {"declined": True}


def checkin(opening: Opening) -> Step:
    return both(0, give("weekly_checkin", opening=opening))


def planned(opening: Opening) -> tuple[Step, ...]:
    """A plan that both agreed on; on the fourth day they say how the talk was."""
    it = give("calm_conversation_plan", opening=opening)
    return (both(0, it), both(0, send(A, "plan", "the plan")), both(1, agree(B)))


def turns(first: str, upto: int) -> tuple[Step, ...]:
    """The perspective round of whom it is about first, with that many of its steps done."""
    other = A if first == B else B
    steps = (
        send(first, "speak", "how it was"),
        send(other, "summarize", "what was heard"),
        send(first, "confirm", "it fits"),
        send(other, "sense", "it makes sense"),
        send(first, "felt", "how it went"),
    )
    return (both(0, give("perspective_round", first=first)), *(both(1, act) for act in steps[:upto]))


SCENES: Mapping[str, Scene] = {
    "an own version of the plan is kept, then the other's is confirmed": Scene(
        (*PROPOSED, private(2, send(B, "plan", "kept by B", keep=True)), both(2, agree(B))), (2, 6)
    ),
    "an own version is kept for safety, then the other's is declined": Scene(
        (*PROPOSED, private(2, send(B, "plan", "kept by B", safe="no")), both(2, decline(B))), (2, 4)
    ),
    "an own version is kept first, then another is proposed and confirmed": Scene(
        (
            PLAN,
            private(1, send(B, "plan", "kept by B", keep=True)),
            both(2, send(B, "plan", "the plan of B")),
            both(2, agree(A)),
        ),
        (1, 6),
    ),
    "an own version is kept after the plan of the other was changed": Scene(
        (
            *PROPOSED,
            both(2, send(B, "plan", "another plan, of B")),
            private(2, send(B, "plan", "kept by B", keep=True)),
            both(2, agree(A)),
        ),
        (2, 6),
    ),
    "the answer on which others hang is kept, or declined": Scene(
        (
            *planned("both_answered"),
            both(4, send(A, "after", "A after it", answers=AFTER)),
            instead(5, send(B, "after", "B after it", answers={"held": DECLINED})),
            private(5, send(B, "after", "B after it", answers=AFTER, narrowed=("held",))),
        ),
        (5,),
    ),
    "the answer on which others hang is kept after sending, or declined": Scene(
        (
            *planned("appointment"),
            both(4, send(A, "after", "A after it", answers=AFTER)),
            instead(5, send(B, "after", "B after it", answers={"held": DECLINED})),
            private(5, send(B, "after", "B after it", answers=AFTER)),
            private(5, narrow(B, "after", ["held"])),
            both(5, meet(0.05)),
            both(5, hold),
        ),
        (5,),
    ),
    "the first word is kept": Scene(
        (*turns(B, 0), private(1, send(B, "speak", "kept", keep=True))), (1, 3, 6)
    ),
    "the first word is kept, returned and kept again": Scene(
        (
            *turns(B, 0),
            private(1, send(B, "speak", "kept", keep=True)),
            private(1, give_back("speak", B)),
            private(1, send(B, "speak", "kept again", safe="unsure")),
        ),
        (1, 4),
    ),
    "what was heard is kept": Scene(
        (*turns(A, 1), private(1, send(B, "summarize", "kept", keep=True))), (1, 3, 6)
    ),
    "whether it fits is kept": Scene(
        (*turns(B, 2), private(1, send(B, "confirm", "kept", keep=True))), (1, 3, 6)
    ),
    "what makes sense is kept": Scene(
        (*turns(A, 3), private(1, send(B, "sense", "kept", keep=True))), (1, 3, 6)
    ),
    "how it was goes to the counselor": Scene((*turns(B, 4), private(1, send(B, "felt", "for her"))), (1, 3)),
    "sealed until the counselor opens it, and called back": Scene(
        (
            checkin("counselor"),
            both(1, send(A, "pulse", "of A")),
            private(1, send(B, "pulse", "of B")),
            private(1, release_and("pulse", B, call_back("pulse", B))),
        ),
        (1, 4, 8),
    ),
    "sealed until the counselor opens it, and returned within the hold": Scene(
        (
            checkin("counselor"),
            both(1, send(A, "pulse", "of A")),
            private(1, send(B, "pulse", "of B")),
            private(1, release_and("pulse", B, give_back("pulse", B))),
        ),
        (1, 8),
    ),
    "sealed until the counselor opens it, and a part kept within the hold": Scene(
        (
            checkin("counselor"),
            both(1, send(A, "pulse", "of A")),
            private(1, send(B, "pulse", "of B")),
            private(1, release_and("pulse", B, narrow(B, "pulse", ["ask"]))),
        ),
        (1,),
    ),
    "sealed until both have answered, and taken back before the other answers": Scene(
        (
            checkin("both_answered"),
            private(1, send(B, "pulse", "of B")),
            private(1, take_back(B, "pulse")),
            both(2, send(A, "pulse", "of A")),
        ),
        (2, 8),
    ),
    "sealed until both have answered, and kept before the other answers": Scene(
        (
            checkin("both_answered"),
            private(1, send(B, "pulse", "of B")),
            private(1, narrow(B, "pulse")),
            both(2, send(A, "pulse", "of A")),
        ),
        (2, 8),
    ),
    "sealed, after the appointment was": Scene(
        (
            checkin("appointment"),
            both(1, send(A, "pulse", "of A")),
            both(1, meet(0.5)),
            both(2, hold),
            private(2, send(B, "pulse", "of B")),
        ),
        (2, 8),
    ),
    "sealed, then the other takes it back": Scene(
        (
            checkin("counselor"),
            both(1, send(A, "pulse", "of A")),
            private(1, send(B, "pulse", "of B")),
            both(2, take_back(A, "pulse")),
        ),
        (2, 8),
    ),
    "sealed, then the other keeps a part, and then the whole": Scene(
        (
            checkin("counselor"),
            both(1, send(A, "pulse", "of A")),
            private(1, send(B, "pulse", "of B")),
            both(2, narrow(A, "pulse", ["ask", "rely"])),
            private(2, take_back(B, "pulse")),
            both(3, narrow(A, "pulse")),
        ),
        (2, 3, 8),
    ),
    "given alone before there is anything for both": Scene(
        (private(0, given_alone), private(1, taken_away), both(5, give("weekly_checkin"))), (2, 6)
    ),
    "an answer waits for the other's, then all words of its author end": Scene(
        (
            checkin("both_answered"),
            private(1, send(B, "pulse", "of B")),
            private(1, words_end),
            both(2, send(A, "pulse", "of A")),
        ),
        (2, 8),
    ),
    "an end is undone, and its author goes on": Scene(
        (
            checkin("both_answered"),
            private(1, words_end),
            both(1, send(A, "pulse", "of A")),
            private(2, end_undone),
            both(2, send(B, "pulse", "of B")),
        ),
        (1, 2),
    ),
    "a part is kept, or declined, and then all words end": Scene(
        (
            checkin("both_answered"),
            both(1, send(A, "pulse", "of A")),
            instead(1, send(B, "pulse", "of B", answers={"ask": DECLINED})),
            private(1, send(B, "pulse", "of B", narrowed=("ask",))),
            both(2, words_end),
        ),
        (2, 8),
    ),
    "all words of who proposed end before the other agrees": Scene(
        (PLAN, both(1, send(B, "plan", "the plan of B")), private(2, words_end), both(2, agree(A))), (2, 7)
    ),
    "a part is kept until it opens, or its author's words are gone by then": Scene(
        (
            both(0, a_day_to_undo),
            both(0, give("perspective_round", first=B)),
            both(0, send(B, "speak", "how it was")),
            instead(0, narrow(B, "speak", ["feelings"])),
            private(0, words_end),
            both(2, send(A, "summarize", "what was heard")),
        ),
        (0, 1, 2, 4),
    ),
    "who stands in, or has the record open, reads what is not for the other": Scene(
        (
            checkin("both_answered"),
            both(1, a_colleague_stands_in),
            both(1, opened_in_an_emergency),
            private(1, send(B, "pulse", "kept", keep=True)),
            private(1, reads_all_of_b("other_counselor")),
            private(1, reads_all_of_b("owner")),
        ),
        (1,),
    ),
}
"""By what B does in private."""
