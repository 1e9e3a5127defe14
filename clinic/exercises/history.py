"""What happened in a round until now, looked up in the few ways in which the fold asks."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from clinic.exercises.rounds import Event, EventKind, PartnerId, TurnId, Window

VOIDS_A_RELEASE = frozenset({"called_back", "returned", "took_back", "narrowed", "sent"})
"""Only words that the counselor has read can be released: whatever changes them undoes it."""


class History:
    """The events up to `now` in the order in which they were committed, and the end of the round that they make."""

    def __init__(self, events: Iterable[Event], window: Window, now: datetime) -> None:
        self.now = now
        self.events = [event for event in events if event.at <= now]
        self._on: dict[TurnId, list[Event]] = {}
        self._entries: dict[TurnId, int] = {}
        for event in self.events:
            if event.turn is not None:
                self._on.setdefault(event.turn, []).append(event)
                first = event.turn._replace(entry=1)
                self._entries[first] = max(event.turn.entry, self._entries.get(first, 0))
        self.is_severed = any(event.kind == "severed" for event in self.events)
        ends = [event.at for event in self.events if event.kind in {"closed", "severed"}]
        if window.closes_at <= now:
            ends.append(window.closes_at)
        self.closed_at = min(ends, default=None)

    def on(self, id_: TurnId) -> list[Event]:
        """What happened to a turn."""
        return self._on.get(id_, [])

    def entries(self, first: TurnId) -> int:
        """The number of the last entry of an attempt upon which somebody acted; 0 for none. `first` is its first."""
        return self._entries.get(first, 0)

    def sending(self, id_: TurnId) -> Mapping[str, Any]:
        """What steers in the last sending of a turn: whether it fits, the consent to a release."""
        return next((event.detail for event in reversed(self.on(id_)) if event.kind == "sent"), {})

    def answered(self, id_: TurnId, reference: str) -> datetime | None:
        """The date that a turn names, `reference` being its turn.field; the last act that tells of dates counts."""
        told = (event.detail["answered"] for event in reversed(self.on(id_)) if "answered" in event.detail)
        dates: Mapping[str, str] = next(told, {})
        return datetime.fromisoformat(dates[reference]) if reference in dates else None

    def first_given(self, kind: EventKind, to: Collection[PartnerId], name: str) -> datetime | None:
        """When words of an input, or of a turn, first came to one of these people."""
        found = (
            event.at
            for event in self.events
            if event.kind == kind
            and event.detail["to"] in to
            and name == (event.turn.key if event.turn else event.detail.get("input"))
        )
        return min(found, default=None)

    def appointment_since(self, at: datetime) -> datetime | None:
        """The first joint appointment that took place at that moment or later."""
        held = (event.at for event in self.events if event.kind == "appointment" and event.at >= at)
        return min(held, default=None)

    def was_said(self, mode: str) -> bool:
        """True when authors of words that wait had read that mode, before it was delayed."""
        return any(event.kind == "delayed" and event.detail["than"] == mode for event in self.events)

    def released_at(self, *ids: TurnId) -> datetime | None:
        """The release that stands: after the last word of all these turns."""
        for event in reversed(self.events):
            if event.turn in ids and event.kind == "released":
                return event.at
            if event.turn in ids and event.kind in VOIDS_A_RELEASE:
                return None
        return None
