"""Which words reach the other partner, when, and by which way; one rule for each kind of visibility."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from clinic.exercises.document import Group
from clinic.exercises.moments import Moments
from clinic.exercises.rounds import HOLD, DueOpening, PartnerId, TurnId, TurnState


class Prospect(NamedTuple):
    """What stands before words that were not given: the moment and mode of their opening, as soon as these are known.

    `is_ready` says that nobody has to write anything more for it; what is not ready ends with the round.
    """

    is_ready: bool
    at: datetime | None = None
    mode: str = ""


class Openings:
    """The words of a round that were sent and not given, each with its prospect; none after a separation."""

    def __init__(self, moments: Moments, turns: Mapping[TurnId, TurnState]) -> None:
        self.layout, self.history, self.window = moments.layout, moments.history, moments.window
        self.moments, self.turns = moments, turns

    def ahead(self) -> Iterator[tuple[TurnState, Group, PartnerId, Prospect]]:
        """Words that some act or moment can still open, group by group, with whom they reach."""
        if self.history.is_severed:
            return
        for one, group, to in self._unopened():
            prospect = self._prospect(one, group)
            if prospect is not None and (prospect.is_ready or self.history.closed_at is None):
                yield one, group, to, prospect

    def due(self) -> Iterator[DueOpening]:
        """What the rules open now, unless the ceiling stops it; what was returned waits for its next pass."""
        for one, group, to, (_, at, mode) in self.ahead():
            if at and at <= self.history.now and one.status == "sent" and self.window.ceiling == "joint":
                yield DueOpening(one.id, group.key, to, at, mode)

    def _unopened(self) -> Iterator[tuple[TurnState, Group, PartnerId]]:
        for one in self.turns.values():
            to = self.layout.legs[one.id.leg].across(one.sent_by)
            if one.status not in {"sent", "returned"} or one.is_whole_narrowed or to is None:
                continue
            for group in one.turn.groups:
                if group.key in one.groups and (to, group.key) not in one.given:
                    yield one, group, to

    def _prospect(self, one: TurnState, group: Group) -> Prospect | None:
        """None for words that stay with the counselor, and for those that their author does not give away."""
        assert one.sent_at is not None  # as it was sent
        match group.visibility:
            case "partner":
                return self._at_once(one, one.sent_at, group)
            case "sealed":
                return self._for_each_other(one, one.sent_at)
            case "release":
                return self._by_release(one, one.sent_at)
            case _:
                return None

    def _at_once(self, one: TurnState, sent_at: datetime, group: Group) -> Prospect:
        """When sent, or at a later moment of the round that the document names."""
        if group.opens is None:
            return Prospect(True, sent_at, "sent")
        moment = self.moments.named(group.opens, one.id.leg, one.actors, one.id.attempt)
        return Prospect(True, max(moment, sent_at), "after") if moment else Prospect(False)

    def _for_each_other(self, one: TurnState, sent_at: datetime) -> Prospect:
        """When both have answered; the mode of the assignment can only delay."""
        name = self.layout.twin(one.id)
        twin = self.turns.get(name) if name else None
        if twin is None or not twin.counts_as_sent or twin.sent_at is None:
            return Prospect(False)
        both, mode = max(sent_at, twin.sent_at), self.window.opening
        match mode:
            case "both_answered":
                return Prospect(True, both, mode)
            case "appointment":
                return Prospect(True, self.history.appointment_since(both), mode)
            case "counselor":
                released = self.history.released_at(one.id, twin.id)
                return Prospect(True, self._as_said(both, released and released + HOLD), mode)

    def _as_said(self, both: datetime, at: datetime | None) -> datetime | None:
        """Where its authors had read that it opens at an appointment, and not before: then not before that either."""
        if at is None or not self.history.was_said("appointment"):
            return at
        held = self.history.appointment_since(both)
        return held and max(at, held)

    def _by_release(self, one: TurnState, sent_at: datetime) -> Prospect | None:
        """By the counselor's act, after the hold, with the author's consent."""
        consent = self.history.sending(one.id).get("consent") or "no"
        if consent == "no":
            return None
        is_talked_about = consent != "after_appointment" or self.history.appointment_since(sent_at)
        released = self.history.released_at(one.id) if is_talked_about else None
        return Prospect(True, released and released + HOLD, "release")
