"""Histories made up as they go: what both may know of happens in both tellings, what B does in private in one alone.

The machine lives through the plain telling while it makes it up, so that it picks from what can be done; then the same
history is lived through with B's private deeds in it. One rule keeps those private: an exercise that B once went on
with in private is never gone on with openly. A must get the same answers, pages, mails and reports.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import or_, select
from sqlalchemy.exc import NoResultFound

from clinic.appointments.actions import AppointmentError
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.actions import OPENINGS, HomeworkError
from clinic.homework.agreed import Agreed
from clinic.homework.models import Round, Turn
from clinic.privacy.rules import RightsError
from clinic.progress.summary import Audience
from clinic.reflections import actions as reflections
from clinic.reflections import queries, rules
from clinic.reflections.drafts import Conflict, Incomplete
from clinic.reflections.openings import NotNow
from tests.rules.histories import PAIR, PRIVATE, A, B
from tests.rules.paper import on_paper
from tests.rules.stage import Stage
from tests.rules.theater import Seen, Theater, differences

Act = Callable[[Stage], None]
Maker = Callable[[str, str, str, str], Act]
"""Makes a deed: of whom, of which exercise, which turn, with which words."""

REFUSALS = (
    *(AppointmentError, AssertionError, Conflict, HomeworkError, Incomplete, NoResultFound, NotNow),
    RightsError,
)
"""How the house, or the stage that finds no such turn, says that something cannot be done now."""

KEYS: Mapping[str, tuple[str, ...]] = {slug: tuple(one.turns) for slug, one in shipped().items()}
OF_B_ALONE = (
    "a new passphrase and device",
    "a second step",
    "met alone",
    "signed anew",
    "given alone",
    "rights of one",
)
"""What needs no exercise of this history."""

FOR_A: tuple[Audience, ...] = ("partner_1", "couple")
"""The reports that A may get; A is in the first place."""

MOST_LOOKS = 2


@dataclass(frozen=True)
class Deed:
    """One step, an hour long in both tellings: by whom, what, and whether it is there in the private one only."""

    who: str
    said: str
    act: Act
    is_private: bool = False
    ends_day: bool = False


@dataclass
class Telling:
    """One life of a history: what A saw, what reports would hold, and what came of each open deed."""

    theater: Theater
    stage: Stage
    is_plain: bool
    begins: datetime = field(init=False)
    hours: int = 0
    seen: list[Seen] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begins = self.stage.now

    def live(self, deed: Deed) -> None:
        """The next hour, or what is left of the day."""
        self.hours += 1
        self._wait()
        if not (self.is_plain and deed.is_private):
            came = tried(self.stage, deed.act)
            event(f"{deed.who} {deed.said.split()[0]}: {came}")
        if not deed.is_private:
            self.outcomes.append(came)
        if deed.ends_day:
            self.hours = (self.hours // 24 + 1) * 24

    def look(self) -> None:
        """A looks at everything."""
        self.hours += 1
        self._wait()
        self.seen.append(self.theater.look(self.stage, self.hours // 24))

    def _wait(self) -> None:
        self.stage.now = self.begins + timedelta(hours=self.hours)
        self.stage.wait()

    def papers(self) -> dict[Audience, Any]:
        """What each report that A may get would hold."""
        return {audience: on_paper(self.stage, audience) for audience in FOR_A}


def tried(stage: Stage, act: Act) -> str:
    """Done, or by which answer it was refused; nothing of a refused act stays."""
    try:
        act(stage)
    except REFUSALS as error:
        return type(error).__name__
    return "done"


# Deeds of either partner about a turn


def _send(who: str, name: str, key: str, words: str, **more: Any) -> Act:
    return lambda stage: stage.send(who, name, key, words, **more)


def _draft(who: str, name: str, key: str, words: str) -> Act:
    return lambda stage: stage.draft(who, name, key, words)


def _say(who: str, name: str, key: str, words: str) -> Act:
    return lambda stage: stage.say(who, name, key, words, "too_much")


def _take_back(who: str, name: str, key: str, words: str) -> Act:
    return lambda stage: stage.take_back(who, name, key)


def _keep_after(who: str, name: str, key: str, words: str) -> Act:
    return lambda stage: stage.narrow(who, name, key)


def _keep(who: str, name: str, key: str, words: str) -> Act:
    return _send(who, name, key, words, keep=True)


def _keep_for_safety(who: str, name: str, key: str, words: str) -> Act:
    return _send(who, name, key, words, safe="no")


def _no_consent(who: str, name: str, key: str, words: str) -> Act:
    return _send(who, name, key, words, consent="no")


def _confirm(who: str, name: str, key: str, words: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act(who) as viewer:
            author = stage.author(viewer, name, key, who, ("proposed",))
            reflections.confirm(author, rules.bound_hash(queries.proposed(author.turn)), stage.now)

    return act


def _decline(who: str, name: str, key: str, words: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act(who) as viewer:
            reflections.decline(stage.author(viewer, name, key, who, ("proposed",)), stage.now)

    return act


def _add(who: str, name: str, key: str, words: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act(who) as viewer:
            reflections.add(stage.author(viewer, name, key, who, ("sent",)), words, stage.now)

    return act


UNSENT = (_send, _send, _send, _draft, _say, _keep, _keep_for_safety, _no_consent)
OPENLY: Mapping[str, tuple[Maker, ...]] = {
    "open": UNSENT,
    "returned": UNSENT,
    "proposed": (_confirm, _confirm, _decline, _send, _draft, _say),
    "sent": (_take_back, _keep_after, _add, _say),
    "agreed": (_say, _add),
}
"""What either may do about a turn of that state; sending is what moves a history on, so it is there more than once."""


def _both(*makers: Maker) -> Maker:
    """One after the other within the hour, so that nothing can open between them; the first may be refused."""

    def in_turn(who: str, name: str, key: str, words: str) -> Act:
        def act(stage: Stage) -> None:
            for maker in makers:
                maker(who, name, key, words)(stage)

        return act

    return in_turn


def _return(who: str, name: str, key: str, words: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            reflections.return_for_another_pass(viewer, stage.turn(name, key, who), stage.now)

    return act


def _reply(who: str, name: str, key: str, words: str) -> Act:
    return lambda stage: stage.reply(name, [who], words)


def _review(who: str, name: str, key: str, words: str) -> Act:
    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            turn = stage.turn(name, key, who)
            rated = {str(stage.cast.partners[who]): 3}
            reflections.review(viewer, turn.round, stage.now, note=words, quality=rated, is_done=True)

    return act


PRIVATELY = (_draft, _say, _keep, _keep_for_safety, _both(_keep, _return), _return, _reply, _review)
"""What B may do without A, whatever happens next."""


# Deeds of the counselor that both may notice


def _release(name: str, key: str, of: str, *, back: bool) -> Act:
    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            reflections.release(viewer, stage.turn(name, key, of), stage.now)
        stage.wait(minutes=5)
        if back:
            with stage.act("counselor") as viewer:
                reflections.call_back(viewer, stage.turn(name, key, of), stage.now)

    return act


def _of_assignment(name: str, do: Callable[..., Any]) -> Act:
    def act(stage: Stage) -> None:
        with stage.act("counselor") as viewer:
            do(viewer, stage.assignment(name), stage.now)

    return act


FOR_BOTH = (homework.pause, homework.resume, homework.pause, homework.resume, homework.end, homework.recall)


class Histories(RuleBasedStateMachine):
    """Makes a history up and lives it plainly; at its end it is lived once more with what was private."""

    def __init__(self, theater: Theater) -> None:
        super().__init__()
        self.theater = theater
        self.done: list[Deed | None] = []  # None: A looks
        self.private: set[str] = set()
        self.has_ended = False
        self.house = ExitStack()
        self.plain = Telling(theater, self.house.enter_context(theater.stage()), is_plain=True)

    def _do(self, who: str, said: str, act: Act, **more: bool) -> None:
        self.done.append(Deed(who, said, act, **more))
        note(f"{who} {said}")
        self.plain.live(self.done[-1])

    @property
    def _given(self) -> list[str]:
        return sorted(self.plain.stage.assignments)

    def _turns(self, who: str) -> list[tuple[str, str, str]]:
        """What is there for somebody in the plain telling: exercise, key, state."""
        stage = self.plain.stage
        names = {id_: name for name, id_ in stage.assignments.items()}
        rows = select(Round.assignment_id, Turn.key, Turn.state).join(Round, Turn.round_id == Round.id)
        mine = or_(Turn.partner_id == stage.cast.partners[who], Turn.partner_id.is_(None))
        found = {(names[id_], key, state) for id_, key, state in db.session.execute(rows.where(mine))}
        db.session.remove()
        return sorted(one for one in found if one[2] in OPENLY)

    def _open_to(self, who: str) -> list[tuple[str, str, str]]:
        return [one for one in self._turns(who) if who == A or one[0] not in self.private]

    @initialize(
        slugs=st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3, unique=True), data=st.data()
    )
    def give(self, slugs: list[str], data: st.DataObject) -> None:
        """Both get some exercises."""
        for slug in slugs:
            opening, first = data.draw(st.sampled_from(OPENINGS)), data.draw(st.sampled_from((A, B)))
            self._do(
                "counselor", f"gives {slug}, opening {opening}, {first} first", _give(slug, opening, first)
            )

    @rule(data=st.data(), deeds=st.lists(st.sampled_from((A, B)), min_size=1, max_size=4))
    def openly(self, data: st.DataObject, deeds: list[str]) -> None:
        """Either of them does something, in both tellings; B only where nothing private was done yet."""
        for who in deeds:
            if turns := self._open_to(who):
                name, key, state = data.draw(st.sampled_from(turns))
                make = data.draw(st.sampled_from(OPENLY[state]))
                words = f"{who} openly {len(self.done)}"
                self._do(who, f"{make.__name__} {name} {key}", make(who, name, key, words))

    @precondition(lambda self: not self.has_ended)
    @rule(data=st.data(), make=st.sampled_from(PRIVATELY), is_any=st.booleans())
    def privately(self, data: st.DataObject, make: Maker, is_any: bool) -> None:
        """B does something that stays private whatever comes after it."""
        turns = [
            one[:2] for one in self._turns(B) if one[2] not in {"sent", "agreed"} or one[0] in self.private
        ]
        if is_any or not turns:
            turns = [(name, key) for name in self._given for key in KEYS[name]]
        if turns:
            name, key = data.draw(st.sampled_from(turns))
            self.private.add(name)
            act = make(B, name, key, f"B privately {len(self.done)}")
            self._do(B, f"privately:{make.__name__} {name} {key}", act, is_private=True)

    @precondition(lambda self: not self.has_ended)
    @rule(name=st.sampled_from(OF_B_ALONE))
    def alone(self, name: str) -> None:
        """Something of B's own that hangs on no exercise; once at most."""
        if not any(deed and deed.said == name for deed in self.done):
            self._do(B, name, PRIVATE[name][1], is_private=True)

    @rule()
    def end(self) -> None:
        """All words of B end, or that is undone. Nothing that both know of was of B: none of it stays closed."""
        if self.has_ended:
            self._do(B, "undoes the end", lambda stage: stage.undo_end(B), is_private=True)
            self.has_ended = False
        elif not any(deed and deed.who == B and not deed.is_private for deed in self.done):
            self._do(B, "ends all words", lambda stage: stage.end_words(B), is_private=True)
            self.private.update(KEYS)
            self.has_ended = True

    @rule(data=st.data(), back=st.booleans(), of=st.sampled_from((A, B)))
    def release(self, data: st.DataObject, back: bool, of: str) -> None:
        """The counselor opens something that was sent openly, and may think again."""
        sent = [one for one in self._open_to(of) if one[2] == "sent"]
        if sent:
            name, key, _ = data.draw(st.sampled_from(sent))
            self._do(
                "counselor",
                f"releases {name} {key} of {of}, back: {back}",
                _release(name, key, of, back=back),
            )

    @rule(data=st.data(), do=st.sampled_from(FOR_BOTH))
    def settle(self, data: st.DataObject, do: Any) -> None:
        """An exercise is paused, goes on, ends, or is recalled, for both."""
        if self._given:
            name = data.draw(st.sampled_from(self._given))
            self._do("counselor", f"{do.__name__} {name}", _of_assignment(name, do))

    @rule()
    def met(self) -> None:
        """A joint appointment is set and takes place."""
        self._do("counselor", "meets both", _meet_and_hold)

    @rule(days=st.integers(1, 4))
    def nights(self, days: int) -> None:
        """Time passes, and what comes due is done."""
        for _ in range(days):
            self._do("nobody", "night", _nothing, ends_day=True)

    @precondition(lambda self: self.done.count(None) < MOST_LOOKS)
    @rule()
    def look(self) -> None:
        """A looks at everything."""
        self.done.append(None)
        self.plain.look()

    def teardown(self) -> None:
        """Live it once more, with all that was private."""
        with self.house:
            if not any(deed and deed.is_private for deed in self.done):
                return
            self.plain.look()
            papers = self.plain.papers()
        with self.theater.stage() as stage:
            self._compare(Telling(self.theater, stage, is_plain=False), papers)

    def _compare(self, private: Telling, papers: Mapping[Audience, Any]) -> None:
        for deed in self.done:
            if deed is None:
                private.look()
                continue
            private.live(deed)
            place = len(private.outcomes) - 1
            if deed.is_private or private.outcomes[place] == self.plain.outcomes[place]:
                continue
            if deed.who != A:
                event("what was private changed what others could do openly: not comparable")
                return
            pytest.fail(f"{deed.said}: A hears {self.plain.outcomes[place]}, or {private.outcomes[place]}")
        private.look()
        if found := differences(self.plain.seen, private.seen):
            pytest.fail("\n".join(found[:8]))
        assert papers == private.papers()


def _give(slug: str, opening: str, first: str) -> Act:
    def act(stage: Stage) -> None:
        more: dict[str, Any] = {"plans": {who: Agreed(f"For {who}.") for who in PAIR}}
        if any(part.legs in {"one", "in_turn"} for part in shipped()[slug].parts):
            more["first"] = stage.cast.partners[first]
        stage.assign(slug, slug, PAIR, opening=opening, **more)

    return act


def _meet_and_hold(stage: Stage) -> None:
    stage.meet("joint", "couple", "counselor", in_days=0.01)
    stage.hold("joint")


def _nothing(stage: Stage) -> None:
    """The night does it all by itself."""
