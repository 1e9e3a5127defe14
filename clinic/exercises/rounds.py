"""A round in plain values: its legs and turns, what happens in it, its frame, and what the fold says of it."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from clinic.exercises.document import Group, Opening, Turn

PartnerId = Hashable

EventKind = Literal[
    "sent",  # detail: whole (kept for the counselor), groups (with words), met, consent, answered
    "took_back",
    "narrowed",  # detail: groups, answered; all that was not given when it names no groups
    "returned",  # by the counselor, for another pass
    "released",  # by the counselor; takes effect after the hold
    "called_back",  # a release, within the hold
    "read_aloud",  # told by the counselor; detail: on, the day, empty when the mark was taken away; moves nothing
    "delayed",  # by the counselor: words open later than was said; detail: than, the mode that its authors had read
    "opened",  # detail: group, to
    "proposed",  # detail: hash, answered
    "confirmed",  # detail: hash
    "declined",
    "appointment",  # a joint appointment took place
    "input_opened",  # detail: input, to
    "closed",  # by: who was excused; nobody when it ended for other reasons
    "severed",  # separation, leaving, consent withdrawn: nothing unopened ever opens
]
Ceiling = Literal["counselor", "joint"] | None
"""The widest reach allowed now; None is held."""

Status = Literal["waiting", "open", "returned", "sent", "proposed", "agreed", "missed"]
Act = Literal["write", "revise", "take_back", "narrow", "add", "confirm", "decline"]

HOLD = timedelta(minutes=10)
"""How long a release can be called back before the other partner sees anything."""


class Leg(NamedTuple):
    """The turns done for one author; `part` is the index of the document's part."""

    part: int
    author: PartnerId
    other: PartnerId | None = None
    role: str = "mutual"

    def actors(self, turn: Turn) -> tuple[PartnerId, ...]:
        """Who writes this turn in this leg; nobody where it is for another role, or for an other who is not there."""
        if turn.roles and self.role not in turn.roles:
            return ()
        named = {"author": (self.author,), "other": (self.other,), "either": (self.author, self.other)}[
            turn.by
        ]
        return tuple(partner for partner in named if partner is not None)

    def across(self, partner: PartnerId | None) -> PartnerId | None:
        """The one whom this partner's words can reach."""
        return self.other if partner == self.author else self.author


class TurnId(NamedTuple):
    """One turn of a round: leg (index), key, attempt and entry (both from 1)."""

    leg: int
    key: str
    attempt: int = 1
    entry: int = 1


@dataclass(frozen=True)
class Event:
    """Something that happened, in the order in which it was committed. `by` is a partner; None: staff, time."""

    kind: EventKind
    at: datetime
    turn: TurnId | None = None
    by: PartnerId | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Window:
    """The frame of a round: when it is open, how sealed words open, and the ceiling that holds now."""

    opens_at: datetime
    closes_at: datetime
    opening: Opening = "appointment"
    ceiling: Ceiling = "joint"

    def admits_writing(self, turn: Turn) -> bool:
        """True unless the ceiling holds this turn; words for the counselor need no more than the counselor."""
        return self.ceiling == "joint" or (self.ceiling == "counselor" and not turn.reaches_partner)


@dataclass(frozen=True)
class TurnState:
    """Where one turn stands. `actors` may write it."""

    id: TurnId
    turn: Turn
    actors: tuple[PartnerId, ...]
    status: Status
    since: datetime | None = (
        None  # when it became open; for a turn that waits for an answered date, when it will
    )
    until: datetime | None = None  # when it can no longer be written
    sent_at: datetime | None = None
    sent_by: PartnerId | None = None
    is_whole_narrowed: bool = False
    groups: frozenset[str] = frozenset()  # with words that their author did not keep for the counselor
    given: frozenset[tuple[PartnerId, str]] = frozenset()  # (to, group): opened, and opened for good
    proposal: str | None = None  # hash of the words that stand to be confirmed

    @property
    def opened_to(self) -> frozenset[PartnerId]:
        """Who was given words of it."""
        return frozenset(to for to, _ in self.given)

    @property
    def still_closed(self) -> tuple[Group, ...]:
        """Its words that the other partner was not given: their author can keep them for the counselor."""
        if self.is_whole_narrowed:
            return ()
        given = {group for _, group in self.given}
        return tuple(group for group in self.turn.groups if group.key in self.groups - given)

    @property
    def is_settled(self) -> bool:
        """Given to the other partner, or told at once: neither can be undone."""
        return bool(self.given) or (self.counts_as_sent and self.turn.reaches_at_once)

    @property
    def counts_as_sent(self) -> bool:
        """Sent, as far as anybody but its author and the counselor can tell."""
        return self.status in {"sent", "agreed"} and not self.is_whole_narrowed

    @property
    def is_final(self) -> bool:
        """True when nobody can write it any more, unless its author takes it back."""
        return self.status in {"sent", "agreed", "missed"}

    def missed_at(self, now: datetime) -> datetime | None:
        """When its time ran out without words that anybody else may know of."""
        return (
            self.until if not self.counts_as_sent and self.until is not None and self.until <= now else None
        )


@dataclass(frozen=True)
class DueOpening:
    """Words of one group that `to` is to be given from `at` on."""

    turn: TurnId
    group: str
    to: PartnerId
    at: datetime
    mode: str


@dataclass(frozen=True)
class RoundState:
    """All turns of a round, what is due to open, and when the round is over."""

    turns: Mapping[TurnId, TurnState]
    due: tuple[DueOpening, ...]
    awaiting: frozenset[TurnId]  # turns with words that may still open by themselves or by the counselor
    visible: frozenset[tuple[PartnerId, TurnId, str]]  # (to, turn, group): given, and given for good
    closed_at: datetime | None
    acts: frozenset[tuple[PartnerId, TurnId, Act]]
    ceiling: (
        Ceiling  # under which it was folded: whoever folds again in the same act need not ask for it again
    )

    @property
    def is_over(self) -> bool:
        """True when nothing is left that anybody could write."""
        return self.closed_at is not None or all(turn.is_final for turn in self.turns.values())

    def of(self, partner: PartnerId) -> list[TurnState]:
        """The turns in which this partner acts, in order."""
        return [turn for turn in self.turns.values() if partner in turn.actors]
