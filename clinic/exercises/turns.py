"""The engine: one pure fold from what happened in a round to where each turn stands, who may act, and who sees what.

`state(document, legs, events, now)` knows no database, no text and no person: only ids, times and the few fixed facts
that a document declares. Homework feeds it times, reflections feed it acts, both keep what it says as cached columns.

What a partner's page shows is folded from `declassified(events, partner)` alone. A turn of one partner may therefore
wait only for what is declassified for that partner; the loader refuses documents that break this, and a turn that its
author keeps for the counselor counts for everybody else as not sent.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from clinic.exercises.document import Exercise, Group, Opening, Opens, Part, Turn

PartnerId = Hashable

EventKind = Literal[
    "sent",  # detail: whole (kept for the counselor), groups (with words), met, consent, answered
    "took_back",
    "narrowed",  # detail: groups; all of them when it names none
    "returned",  # by the counselor, for another pass
    "released",  # by the counselor; takes effect after the hold
    "called_back",  # a release, within the hold
    "opened",  # detail: group, to
    "proposed",  # detail: hash, answered
    "confirmed",  # detail: hash
    "declined",
    "appointment",  # a joint appointment took place
    "input_opened",  # detail: input, to
    "closed",
    "severed",  # separation, leaving, consent withdrawn: nothing unopened ever opens
]
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
    ceiling: Literal["counselor", "joint"] | None = "joint"

    def admits_writing(self, turn: Turn) -> bool:
        """True unless the ceiling holds this turn; words for the counselor need no more than the counselor."""
        return self.ceiling == "joint" or (self.ceiling == "counselor" and not turn.reaches_partner)


@dataclass(frozen=True)
class TurnState:
    """Where one turn stands. `actors` may write it; `opened_to` names who was given words of it."""

    id: TurnId
    turn: Turn
    actors: tuple[PartnerId, ...]
    status: Status
    since: datetime | None = None  # when it became open; for a turn that waits for an answered date, when it will
    until: datetime | None = None  # when it can no longer be written
    sent_at: datetime | None = None
    sent_by: PartnerId | None = None
    is_whole_narrowed: bool = False
    opened_to: frozenset[PartnerId] = frozenset()
    proposal: str | None = None  # hash of the words that stand to be confirmed

    @property
    def is_settled(self) -> bool:
        """Given to the other partner, or told at once: neither can be undone."""
        return bool(self.opened_to) or (self.counts_as_sent and _reaches_at_once(self.turn))

    @property
    def counts_as_sent(self) -> bool:
        """Sent, as far as anybody but its author and the counselor can tell."""
        return self.status in {"sent", "agreed"} and not self.is_whole_narrowed

    @property
    def is_final(self) -> bool:
        return self.status in {"sent", "agreed", "missed"}


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

    @property
    def is_over(self) -> bool:
        """True when nothing is left that anybody could write."""
        return self.closed_at is not None or all(turn.is_final for turn in self.turns.values())

    def of(self, partner: PartnerId) -> list[TurnState]:
        """The turns in which this partner acts, in order."""
        return [turn for turn in self.turns.values() if partner in turn.actors]


def state(
    document: Exercise, legs: Sequence[Leg], events: Sequence[Event], now: datetime, *, window: Window
) -> RoundState:
    """Fold `events` up to `now` (aware) into the state of the round. Pure: equal arguments, equal result."""
    fold = _Fold(document, legs, [event for event in events if event.at <= now], now, window)
    turns = fold.turns()
    due = tuple(fold.due_openings(turns))
    given = frozenset(
        (e.detail["to"], e.turn, e.detail["group"]) for e in fold.events if e.kind == "opened" and e.turn
    )
    awaiting = frozenset(
        one.id for one, group, _to in fold.unopened(turns) if fold.may_open(one, group, turns)
    )
    return RoundState(turns, due, awaiting, given, fold.closed_at, frozenset(fold.acts(turns)))


def declassified(
    document: Exercise, legs: Sequence[Leg], events: Iterable[Event], partner: PartnerId
) -> list[Event]:
    """The events that may change what `partner` can get: the own ones, and of the other only what the rules allow."""
    return [kept for event in events if (kept := _as_told(document, legs, event, partner)) is not None]


def _as_told(document: Exercise, legs: Sequence[Leg], event: Event, partner: PartnerId) -> Event | None:
    match event.kind:
        case "closed" | "severed" | "appointment" | "proposed" | "confirmed" | "declined":
            return event
        case "opened":
            return event if event.detail["to"] == partner or event.by == partner else None
        case "input_opened":
            return event if event.detail["to"] == partner else None
        case "released" | "called_back":
            return None
        case "returned":
            actors = _actors(document.turns[event.turn.key], legs[event.turn.leg]) if event.turn else ()
            return event if partner in actors else None
        case "sent":
            return event if event.by == partner else _told_of_sending(document, event)
        case "took_back" | "narrowed":
            return event if event.by == partner else None


def _told_of_sending(document: Exercise, event: Event) -> Event | None:
    """The other's sending, when it reaches the partner at once: only that it happened and what it steers."""
    turn = document.turns[event.turn.key] if event.turn else None
    if turn is None or event.detail.get("whole") or not _reaches_at_once(turn):
        return None
    told = {name: event.detail[name] for name in ("met", "answered") if name in event.detail}
    return Event("sent", event.at, event.turn, event.by, told)


def _reaches_at_once(turn: Turn) -> bool:
    return any(group.visibility in {"partner", "joint"} for group in turn.groups)


def _actors(turn: Turn, leg: Leg) -> tuple[PartnerId, ...]:
    if turn.roles and leg.role not in turn.roles:
        return ()
    named = {"author": (leg.author,), "other": (leg.other,), "either": (leg.author, leg.other)}[turn.by]
    return tuple(partner for partner in named if partner is not None)


class _Fold:
    """The working state of one call of `state`."""

    def __init__(
        self, document: Exercise, legs: Sequence[Leg], events: list[Event], now: datetime, window: Window
    ) -> None:
        self.document, self.legs, self.events, self.now, self.window = document, legs, events, now, window
        self.acts_on: dict[TurnId, list[Event]] = {}
        for event in events:
            if event.turn is not None:
                self.acts_on.setdefault(event.turn, []).append(event)
        closings = [event.at for event in events if event.kind in {"closed", "severed"}]
        if now >= window.closes_at:
            closings.append(window.closes_at)
        self.closed_at = min(closings, default=None)
        self.is_severed = any(event.kind == "severed" for event in events)
        self.order = {key: place for place, key in enumerate(document.turns)}
        self.done: dict[TurnId, TurnState] = {}

    # Turns

    def turns(self) -> dict[TurnId, TurnState]:
        """Every turn that exists so far, in the order of the document."""
        for index, leg in enumerate(self.legs):
            part = self.document.parts[leg.part]
            start = self._leg_starts(index, leg, part)
            for block in _blocks(part):
                for attempt in range(1, block.attempts + 1):
                    for turn in block.turns:
                        self._run(index, block, turn, start, attempt)
        return {id_: self.done[id_] for id_ in sorted(self.done, key=self._place)}

    def _place(self, id_: TurnId) -> tuple[int, int, int, int]:
        return id_.leg, self.order[id_.key], id_.attempt, id_.entry

    def _leg_starts(self, index: int, leg: Leg, part: Part) -> datetime | None:
        """At once, or in turn: after the last turn of the leg before that the partner may know of."""
        before = index - 1
        if part.legs != "in_turn" or before < 0 or self.legs[before].part != leg.part:
            return self.window.opens_at
        known = [turn for turn in part.turns if _reaches_at_once(turn) and _actors(turn, self.legs[before])]
        return self._over_at(before, known[-1]) if known else self.window.opens_at

    def _run(self, index: int, block: "_Block", turn: Turn, start: datetime | None, attempt: int) -> None:
        """One attempt of a turn, with its entries; a later attempt exists only once it has opened."""
        actors = _actors(turn, self.legs[index])
        since = self._opens(index, block, turn, start, attempt)
        if actors and (attempt == 1 or since is not None or TurnId(index, turn.key, attempt) in self.acts_on):
            self._take_entries(index, turn, actors, attempt, since)

    def _take_entries(
        self, index: int, turn: Turn, actors: tuple[PartnerId, ...], attempt: int, since: datetime | None
    ) -> None:
        """The entries that there are, and the next one when none of them is left open."""
        name = TurnId(index, turn.key, attempt)
        last = max((id_.entry for id_ in self.acts_on if id_._replace(entry=1) == name), default=0)
        is_full = True
        for entry in range(1, min(last + 1, turn.repeat.most if turn.repeat else 1) + 1):
            if entry > last and not is_full:
                return
            one = self.done[name._replace(entry=entry)] = self._stand(
                name._replace(entry=entry), turn, actors, since
            )
            is_full = is_full and one.status == "sent"
            since = one.sent_at or since

    def _opens(
        self, index: int, block: "_Block", turn: Turn, start: datetime | None, attempt: int
    ) -> datetime | None:
        """When an attempt of a turn opens; None as long as it waits."""
        if start is None:
            return None
        if attempt > 1 and turn is block.turns[0]:
            last = self.done.get(TurnId(index, block.turns[-1].key, attempt - 1))
            return last.sent_at if last and last.counts_as_sent and not self._met(last.id) else None
        if turn.opens is None:
            return start if attempt == 1 else None
        found = self._moment(index, turn.opens, _actors(turn, self.legs[index]), attempt)
        return max(start, found) if found else None

    def _moment(
        self, index: int, opens: Opens, actors: tuple[PartnerId, ...], attempt: int
    ) -> datetime | None:
        """The moment that an `opens` names, or None while it has not come."""
        if opens.input:
            return self._first_given("input_opened", actors, lambda e: e.detail["input"] == opens.input)
        if opens.answered:
            return self._answered(index, opens.answered)
        if opens.when == "opened":
            return self._first_given(
                "opened", actors, lambda e: e.turn is not None and e.turn.key == opens.after
            )
        where = self._leg_with(index, opens.after or "")
        awaited = self.document.turns[opens.after or ""]
        if opens.when == "over":
            return self._over_at(where, awaited)
        same = self.done.get(TurnId(where, awaited.key, min(attempt, self._block(where, awaited).attempts)))
        is_own = same is not None and same.status == "sent" and same.sent_by in actors  # kept: the author goes on
        return same.sent_at if same and (same.counts_as_sent or is_own) else None

    def _block(self, index: int, turn: Turn) -> "_Block":
        return next(one for one in _blocks(self.document.parts[self.legs[index].part]) if turn in one.turns)

    def _leg_with(self, index: int, key: str) -> int:
        """The leg that a reference means: this one, else the same author's in the other part, else its first."""
        parts = [self.document.parts[leg.part] for leg in self.legs]
        holding = [i for i, part in enumerate(parts) if any(turn.key == key for turn in part.turns)]
        same_author = [i for i in holding if self.legs[i].author == self.legs[index].author]
        return index if index in holding else (same_author or holding or [index])[0]

    def _first_given(self, kind: str, actors: tuple[PartnerId, ...], matches: Any) -> datetime | None:
        times = [e.at for e in self.events if e.kind == kind and e.detail["to"] in actors and matches(e)]
        return min(times, default=None)

    def _answered(self, index: int, reference: str) -> datetime | None:
        """An answered date, also one to come: that of the last answer, once an agreed turn was agreed."""
        key = reference.partition(".")[0]
        where = self._leg_with(index, key)
        told = [
            id_ for id_, one in self.done.items() if (id_.leg, id_.key) == (where, key) and one.counts_as_sent
        ]
        dates = [event.detail.get("answered", {}) for id_ in told for event in self.acts_on[id_]]
        named = [datetime.fromisoformat(date[reference]) for date in dates if reference in date]
        return named[-1] if named else None

    def _last(self, leg: int, key: str) -> TurnState | None:
        found = [one for id_, one in self.done.items() if id_.leg == leg and id_.key == key]
        return found[-1] if found else None

    def _over_at(self, leg: int, turn: Turn) -> datetime | None:
        """When a turn was left by any exit; None while it can still be written or still wait."""
        last = self._last(leg, turn.key)
        if last is None:
            return None
        if not last.counts_as_sent:
            return _passed(last, self.now) or self._never_comes(leg, last)
        block = self._block(leg, turn)
        is_done = last.id.attempt >= block.attempts or self._met(
            TurnId(leg, block.turns[-1].key, last.id.attempt)
        )
        if is_done and not turn.repeat:
            return last.sent_at
        return self._broken_off(leg, block, last.id.attempt)

    def _never_comes(self, leg: int, one: TurnState) -> datetime | None:
        """When a turn that is waited for was missed: what waits for it is over with it."""
        opens = one.turn.opens
        if one.status != "waiting" or opens is None or opens.after is None or opens.when != "sent":
            return None
        where = self._leg_with(leg, opens.after)
        awaited = self._last(where, opens.after)
        return None if awaited is None or awaited.counts_as_sent else self._over_at(where, awaited.turn)

    def _broken_off(self, leg: int, block: "_Block", attempt: int) -> datetime | None:
        """When a loop ended because somebody's turn in it was missed."""
        ids = [TurnId(leg, turn.key, n) for turn in block.turns for n in (attempt, attempt + 1)]
        times = [_passed(self.done[id_], self.now) for id_ in ids if id_ in self.done]
        return min((at for at in times if at), default=None)

    def _met(self, id_: TurnId) -> bool:
        sent = [event for event in self.acts_on.get(id_, ()) if event.kind == "sent"]
        return bool(sent and sent[-1].detail.get("met"))

    def _stand(
        self, id_: TurnId, turn: Turn, actors: tuple[PartnerId, ...], since: datetime | None
    ) -> TurnState:
        """Where a turn stands after the acts upon it, the end of its time and the end of the round."""
        acts = self.acts_on.get(id_, ())
        one = TurnState(id_, turn, actors, "waiting" if since is None or since > self.now else "open", since)
        for act in acts:
            one = _after(one, act)
        until = self._ends(turn, since)
        if one.status not in {"sent", "agreed"} and until is not None and until <= self.now:
            one = replace(one, status="sent" if one.status == "returned" else "missed")
        return replace(one, until=until)

    def _ends(self, turn: Turn, since: datetime | None) -> datetime | None:
        ends = self.closed_at or self.window.closes_at
        if turn.within and since is not None and (self._starts_openly(turn) or not _reaches_at_once(turn)):
            ends = min(ends, since + timedelta(days=turn.within.days, hours=turn.within.hours))
        return ends

    def _starts_openly(self, turn: Turn) -> bool:
        """True when the other partner knows of the moment too; else its end would tell when a private act was."""
        if turn.opens is None or turn.repeat:
            return not turn.repeat
        key = turn.opens.after or (turn.opens.answered or "").partition(".")[0]
        return turn.opens.when == "opened" or (bool(key) and _reaches_at_once(self.document.turns[key]))

    # Openings

    def due_openings(self, turns: Mapping[TurnId, TurnState]) -> Iterator[DueOpening]:
        """What the rules open now; the ceiling and a separation stop it."""
        for one, group, to in self.unopened(turns):
            moment = self._group_opens(one, group, turns) if one.status == "sent" else None
            if moment and moment[0] <= self.now and self.window.ceiling == "joint" and not self.is_severed:
                yield DueOpening(one.id, group.key, to, *moment)

    def unopened(self, turns: Mapping[TurnId, TurnState]) -> Iterator[tuple[TurnState, Group, PartnerId]]:
        """Sent words, group by group, that the other partner was not given."""
        for one in turns.values():
            to = self._counterpart(one)
            if (
                one.status not in {"sent", "returned"}
                or one.is_whole_narrowed
                or one.sent_by is None
                or to is None
            ):
                continue
            given = {
                e.detail["group"] for e in self.acts_on[one.id] if e.kind == "opened" and e.detail["to"] == to
            }
            written = self._groups_with_words(one.id) - given
            yield from ((one, group, to) for group in one.turn.groups if group.key in written)

    def may_open(self, one: TurnState, group: Group, turns: Mapping[TurnId, TurnState]) -> bool:
        """True as long as some act or moment could open this group; what misses its other half ends with the round."""
        if group.visibility in {"counselor", "joint"} or self.is_severed:
            return False
        if group.visibility == "release":
            return self._consent(one.id) != "no"
        twin = self._twin(one, turns) if group.visibility == "sealed" else None
        is_answered = twin.counts_as_sent if twin else self._group_opens(one, group, turns) is not None
        return self.closed_at is None or is_answered

    def _groups_with_words(self, id_: TurnId) -> set[str]:
        found: set[str] = set()
        for event in self.acts_on.get(id_, ()):
            if event.kind == "sent":
                found = set(event.detail.get("groups", ()))
            elif event.kind == "narrowed":
                found -= set(event.detail.get("groups", found))
        return found

    def _counterpart(self, one: TurnState) -> PartnerId | None:
        leg = self.legs[one.id.leg]
        return leg.other if one.sent_by == leg.author else leg.author

    def _group_opens(
        self, one: TurnState, group: Group, turns: Mapping[TurnId, TurnState]
    ) -> tuple[datetime, str] | None:
        """When the words of a group reach the partner, and by which mode."""
        match group.visibility:
            case "partner":
                return self._partner_opens(one, group)
            case "sealed":
                return self._sealed_opens(one, turns)
            case "release":
                return self._release_opens(one)
            case _:
                return None

    def _partner_opens(self, one: TurnState, group: Group) -> tuple[datetime, str] | None:
        if one.sent_at is None or group.opens is None:
            return (one.sent_at, "sent") if one.sent_at else None
        moment = self._moment(one.id.leg, group.opens, one.actors, one.id.attempt)
        return (max(moment, one.sent_at), "after") if moment else None

    def _sealed_opens(self, one: TurnState, turns: Mapping[TurnId, TurnState]) -> tuple[datetime, str] | None:
        """When both have answered; the mode of the assignment can only delay."""
        twin = self._twin(one, turns)
        if twin is None or not twin.counts_as_sent or twin.sent_at is None or one.sent_at is None:
            return None
        both = max(one.sent_at, twin.sent_at)
        match self.window.opening:
            case "both_answered":
                return both, "both_answered"
            case "appointment":
                held = [e.at for e in self.events if e.kind == "appointment" and e.at >= both]
                return (min(held), "appointment") if held else None
            case "counselor":
                released = self._released_at(one.id, twin.id)
                return (released + HOLD, "counselor") if released else None

    def _twin(self, one: TurnState, turns: Mapping[TurnId, TurnState]) -> TurnState | None:
        mine = self.legs[one.id.leg]
        for index, leg in enumerate(self.legs):
            if leg.part == mine.part and leg.author == mine.other and leg.other == mine.author:
                return turns.get(one.id._replace(leg=index))
        return None

    def _release_opens(self, one: TurnState) -> tuple[datetime, str] | None:
        """By the counselor's act, after the hold, with the author's consent."""
        consent, released = self._consent(one.id), self._released_at(one.id)
        if released is None or consent == "no" or one.sent_at is None:
            return None
        if consent == "after_appointment" and not any(
            e.kind == "appointment" and e.at >= one.sent_at for e in self.events
        ):
            return None
        return released + HOLD, "release"

    def _consent(self, id_: TurnId) -> str:
        sent = [e for e in self.acts_on.get(id_, ()) if e.kind == "sent"]
        return str(sent[-1].detail.get("consent") or "no") if sent else "no"

    def _released_at(self, *ids: TurnId) -> datetime | None:
        """The release that stands: after the last word of all these turns, since only what was read can be released."""
        undoing = {"called_back", "returned", "took_back", "narrowed", "sent"}
        acts = [e for e in self.events if e.turn in ids and (e.kind == "released" or e.kind in undoing)]
        return acts[-1].at if acts and acts[-1].kind == "released" else None

    # Acts

    def acts(self, turns: Mapping[TurnId, TurnState]) -> Iterator[tuple[PartnerId, TurnId, Act]]:
        """Who may do what now. Held turns admit nothing; what was sent can be kept back until it was opened."""
        for one in turns.values():
            for actor in one.actors:
                for act in self._acts_of(one, actor, turns):
                    yield actor, one.id, act

    def _acts_of(self, one: TurnState, actor: PartnerId, turns: Mapping[TurnId, TurnState]) -> Iterator[Act]:
        is_open = self.closed_at is None and self.window.admits_writing(one.turn)
        is_in_time = is_open and (one.until is None or self.now < one.until)
        if one.status in {"open", "returned", "proposed"} and is_in_time:
            yield "write"
            if one.status == "proposed" and actor != one.sent_by:
                yield from ("confirm", "decline")
        if one.status in {"sent", "returned"} and one.sent_by == actor and not one.turn.agree:
            yield from self._acts_after_sending(one, turns, is_in_time=is_in_time)

    def _acts_after_sending(
        self, one: TurnState, turns: Mapping[TurnId, TurnState], *, is_in_time: bool
    ) -> Iterator[Act]:
        """Words that were given, or for which words were given, stand; until then their author may change them."""
        if one.opened_to:
            yield "add"
        twin = self._twin(one, turns)
        if one.is_settled or (twin is not None and one.sent_by in twin.opened_to):
            return
        yield "take_back"
        if not one.is_whole_narrowed and any(group.visibility != "counselor" for group in one.turn.groups):
            yield "narrow"
        if is_in_time and one.status == "sent":
            yield "revise"


class _Block(NamedTuple):
    """Turns that are gone through together, as often as their loop allows; the last of them decides."""

    turns: tuple[Turn, ...]
    attempts: int = 1


def _blocks(part: Part) -> Iterator[_Block]:
    """The turns of a part in order: each for itself, those of a loop together."""
    keys = [turn.key for turn in part.turns]
    ends = {keys.index(one.again.back_to): place for place, one in enumerate(part.turns) if one.again}
    place = 0
    while place < len(keys):
        end = ends.get(place, place)
        again = part.turns[end].again if place in ends else None
        yield _Block(tuple(part.turns[place : end + 1]), again.attempts if again else 1)
        place = end + 1


def _passed(one: TurnState, now: datetime) -> datetime | None:
    """When the time of a turn ran out without words that anybody else may know of."""
    return one.until if not one.counts_as_sent and one.until is not None and one.until <= now else None


def _after(one: TurnState, act: Event) -> TurnState:
    """A turn after one act upon it. What comes too late, because it was given or told meanwhile, changes nothing."""
    if act.kind == "opened":
        return replace(one, opened_to=one.opened_to | {act.detail["to"]})
    if act.kind in {"proposed", "confirmed", "declined"}:
        return _agreeing(one, act)
    if act.kind == "sent":
        # What its author kept at first counts from when it is not kept any more: others learn of it then.
        at = act.at if one.sent_at is None or one.is_whole_narrowed else one.sent_at
        whole = bool(act.detail.get("whole")) and not one.is_settled
        return replace(one, status="sent", sent_at=at, sent_by=act.by, is_whole_narrowed=whole)
    if one.is_settled or one.sent_by is None:
        return one
    match act.kind:
        case "returned":
            return replace(one, status="returned")
        case "took_back":
            return replace(one, status="open", sent_at=None, sent_by=None, is_whole_narrowed=False)
        case "narrowed" if not act.detail.get("groups"):
            return replace(one, is_whole_narrowed=True)
        case _:
            return one


def _agreeing(one: TurnState, act: Event) -> TurnState:
    """A turn that is agreed on: what is confirmed is the proposal that stands, by the one who did not make it."""
    match act.kind:
        case "proposed" if one.status != "agreed":
            return replace(
                one, status="proposed", sent_at=act.at, sent_by=act.by, proposal=act.detail.get("hash")
            )
        case "confirmed" if one.status == "proposed" and act.by != one.sent_by:
            is_same = act.detail.get("hash") == one.proposal
            return replace(one, status="agreed", sent_at=act.at) if is_same else one
        case "declined" if one.status == "proposed":
            return replace(one, status="open", sent_at=None, sent_by=None, proposal=None)
        case _:
            return one
