"""Couples who do anything that the engine lets them do, in any order: stories for the tests of the fold."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from clinic.exercises.document import Exercise, Field, Opens, Part, Repeat, Span, Turn
from clinic.exercises.library import shipped
from clinic.exercises.turns import (
    Act,
    DueOpening,
    Event,
    Leg,
    RoundState,
    TurnId,
    Window,
    declassified,
    state,
)

A, B = "A", "B"
START = datetime(2026, 3, 2, 3, tzinfo=UTC)
CLOSES = START + timedelta(days=6)


def document(*parts: Part) -> Exercise:
    """A document of these parts; everything that the engine does not read is taken from a shipped one."""
    return Exercise(
        **{**_plain(shipped()["weekly_checkin"]), "parts": list(parts), "trends": [], "inputs": []}
    )


def _plain(exercise: Exercise) -> dict[str, Any]:
    return {name: getattr(exercise, name) for name in exercise.__struct_fields__}


def turn(key: str, visibility: str, **more: Any) -> Turn:
    """A turn that asks one text."""
    asked = more.pop("fields", None) or [Field(key="text", kind="text", label="What?")]
    return Turn(key=key, title=key, visibility=visibility, fields=asked, **more)  # type: ignore[arg-type]


def part(legs: str, *turns: Turn) -> Part:
    """A part of these turns."""
    return Part(legs=legs, turns=list(turns))  # type: ignore[arg-type]


OWN = {
    "halves": document(part("each", turn("half", "sealed"))),
    "letter": document(part("one", turn("letter", "release", consent="no"))),
    "log": document(part("each", turn("log", "partner", repeat=Repeat(most=4)), turn("secret", "counselor"))),
    "after a secret": document(
        part(
            "one",
            turn("secret", "counselor"),
            turn("word", "partner", opens=Opens(after="secret"), within=Span(days=1)),
            turn("answer", "partner", by="other", opens=Opens(after="word", when="over")),
        )
    ),
    "reply": document(
        part(
            "each", turn("half", "sealed"), turn("reply", "partner", opens=Opens(after="half", when="opened"))
        )
    ),
    "on a day": document(
        part(
            "one",
            turn("day", "release", fields=[Field(key="on", kind="date", label="When?")], consent="no"),
            turn("then", "counselor", opens=Opens(answered="day.on")),
        )
    ),
    "plan": document(
        part(
            "one",
            turn("plan", "joint", by="either", agree=True),
            turn("then", "sealed", opens=Opens(after="plan")),
        )
    ),
}
IN_TURN = {f"{slug} in turn": shipped()[slug] for slug in ("impact_statement", "validation_reply")}
"""What one writes, given as a mutual one: the other does the same afterwards."""
DOCUMENTS = {**shipped(), **OWN, **IN_TURN}


def legs_of(exercise: Exercise, *, is_mutual: bool = False) -> list[Leg]:
    """Both partners as recipients, A first."""
    found = []
    for index, one in enumerate(exercise.parts):
        people = (
            [(A, B)]
            if one.legs == "one" and not is_mutual
            else [(A, None), (B, None)]
            if one.legs == "solo"
            else [(A, B), (B, A)]
        )
        found += [Leg(index, author, other) for author, other in people]
    return found


@dataclass
class Story:
    """One round as it is lived. `play` takes any move and makes of it something that was possible then."""

    name: str
    opening: str = "appointment"
    now: datetime = START
    ceiling: str | None = "joint"
    events: list[Event] = field(default_factory=list)
    given: list[tuple[DueOpening, datetime]] = field(default_factory=list)

    @property
    def exercise(self) -> Exercise:
        return DOCUMENTS[self.name]

    @property
    def legs(self) -> list[Leg]:
        return legs_of(self.exercise, is_mutual=self.name in IN_TURN)

    def fold(
        self, partner: str | None = None, events: list[Event] | None = None, now: datetime | None = None
    ) -> RoundState:
        """The round as the house folds it, or as the page of a partner does."""
        told = self.events if events is None else events
        if partner is not None:
            told = declassified(self.exercise, self.legs, told, partner)
        window = Window(START, CLOSES, self.opening, self.ceiling)  # type: ignore[arg-type]
        return state(self.exercise, self.legs, told, now or self.now, window=window)

    def note(self, kind: str, turn: TurnId | None = None, by: str | None = None, **detail: Any) -> None:
        """Something happened."""
        self.events.append(Event(kind, self.now, turn, by, detail))  # type: ignore[arg-type]

    def wait(self, **span: float) -> None:
        """Let time go by; what is due opens, as the background work does it."""
        self.now += timedelta(**span)
        self.open_due()

    def open_due(self) -> None:
        while due := self.fold().due:
            for one in due:
                sent_by = self.fold().turns[one.turn].sent_by
                self.given.append((one, self.now))
                self.note("opened", one.turn, sent_by, group=one.group, to=one.to)

    def send(self, by: str, key: str, *, attempt: int = 1, entry: int = 1, **detail: Any) -> TurnId:
        """Hand in a turn, all of its groups; `leg` is found by who acts."""
        id_ = next(
            id_
            for p, id_, act in self.sorted_acts()
            if act in {"write", "revise"}
            and (p, id_.key, id_.attempt, id_.entry) == (by, key, attempt, entry)
        )
        groups = [group.key for group in self.exercise.turns[key].groups if group.visibility != "counselor"]
        self.note("sent", id_, by, **{"groups": [] if detail.get("whole") else groups, **detail})
        self.open_due()
        return id_

    def sorted_acts(self) -> list[tuple[str, TurnId, Act]]:
        return sorted(self.fold().acts)  # type: ignore[arg-type]

    # Any move

    def play(self, kind: int, pick: int, bits: int) -> None:
        """One move of many: mostly the partners', now and then the counselor's, the calendar's or the house's."""
        if kind < 10:
            self._partner_acts(pick, bits)
        elif kind < 13:
            self._counselor_acts(pick, bits)
        elif kind == 13:
            self.note("appointment")
        elif kind == 14:
            self.ceiling = ("joint", "joint", "counselor", None)[bits % 4]
        elif kind == 15 and self.exercise.inputs:
            self.note(
                "input_opened",
                input=self.exercise.inputs[pick % len(self.exercise.inputs)].key,
                to=(A, B)[bits % 2],
            )
        elif kind == 16 and bits == 0:
            self.note(("closed", "severed")[pick % 2])
        self.open_due()
        self.now += timedelta(minutes=(1, 9, 60, 600, 1500)[pick % 5])
        if bits % 3:
            self.open_due()

    def _partner_acts(self, pick: int, bits: int) -> None:
        acts = self.sorted_acts()
        if not acts:
            return
        by, id_, act = acts[pick % len(acts)]
        asked = self.exercise.turns[id_.key]
        match act:
            case "write" | "revise":
                self.note("proposed" if asked.agree else "sent", id_, by, **self._sending(asked, bits))
            case "confirm":
                self.note("confirmed", id_, by, hash=self.fold().turns[id_].proposal)
            case "decline":
                self.note("declined", id_, by)
            case "take_back":
                self.note("took_back", id_, by)
            case "narrow":
                self.note("narrowed", id_, by)

    def _sending(self, asked: Turn, bits: int) -> dict[str, Any]:
        if asked.agree:
            return {
                "hash": f"words {bits}",
                "answered": {f"{asked.key}.when": (self.now + timedelta(days=1)).isoformat()},
            }
        whole = (asked.reaches_partner or asked.asks_consent) and bits in {0, 7, 8}
        groups = [group.key for group in asked.groups if group.visibility != "counselor"]
        detail: dict[str, Any] = {"groups": [] if whole or bits == 9 else groups}
        if whole:
            detail["whole"] = True
        if asked.again:
            detail["met"] = bits % 2 == 0
        if asked.asks_consent:
            detail["consent"] = ("yes", "after_appointment", "no")[bits % 3]
        return detail

    def _counselor_acts(self, pick: int, bits: int) -> None:
        """Also at moments when the page would not offer it: a race ends in a legal state."""
        sent = [id_ for id_, one in self.fold().turns.items() if one.sent_by is not None]
        if sent:
            self.note(("released", "released", "called_back", "returned")[bits % 4], sent[pick % len(sent)])
