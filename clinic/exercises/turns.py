"""The engine: one pure fold from what happened in a round to where each turn stands, who may act, and who sees what.

`state(document, legs, events, now)` knows no database, no text and no person: only ids, times and the few fixed facts
that a document declares. Homework feeds it times, reflections feed it acts, both keep what it says as cached columns.

What a partner's page shows is folded from `declassified(events, partner)` alone. A turn of one partner may therefore
wait only for what is declassified for that partner; the loader refuses documents that break this, and a turn that its
author keeps for the counselor counts for everybody else as not sent.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce

from clinic.exercises.acts import acts
from clinic.exercises.document import Exercise
from clinic.exercises.history import History
from clinic.exercises.layout import Layout, Place
from clinic.exercises.moments import Moments
from clinic.exercises.openings import Openings
from clinic.exercises.rounds import (
    HOLD,
    Act,
    Ceiling,
    DueOpening,
    Event,
    EventKind,
    Leg,
    PartnerId,
    RoundState,
    Status,
    TurnId,
    TurnState,
    Window,
)
from clinic.exercises.standing import after
from clinic.exercises.told import declassified

__all__ = [
    "HOLD",
    "Act",
    "Ceiling",
    "DueOpening",
    "Event",
    "EventKind",
    "Leg",
    "PartnerId",
    "RoundState",
    "Status",
    "TurnId",
    "TurnState",
    "Window",
    "declassified",
    "state",
]


def state(
    document: Exercise, legs: Sequence[Leg], events: Sequence[Event], now: datetime, *, window: Window
) -> RoundState:
    """Fold `events` up to `now` (aware) into the state of the round. Pure: equal arguments, equal result."""
    layout, history = Layout(document, legs), History(events, window, now)
    moments = Moments(layout, history, window)
    for place, attempt in layout.attempts():
        _go_through(moments, place, attempt)
    turns = {id_: moments.turns[id_] for id_ in sorted(moments.turns, key=layout.in_document)}
    openings = Openings(moments, turns)
    return RoundState(
        turns=turns,
        due=tuple(openings.due()),
        awaiting=frozenset(one.id for one, *_ in openings.ahead()),
        visible=frozenset((to, id_, group) for id_, one in turns.items() for to, group in one.given),
        closed_at=history.closed_at,
        acts=frozenset(acts(moments)),
        ceiling=window.ceiling,
    )


def _go_through(moments: Moments, place: Place, attempt: int) -> None:
    """One attempt of a turn with its entries: those that there are, and the next one when none is left open.

    A later attempt exists only once it has opened, or was acted upon.
    """
    since, last = moments.opens(place, attempt), moments.history.entries(place.id(attempt))
    if not place.actors or (attempt > 1 and since is None and not last):
        return
    most = place.turn.repeat.most if place.turn.repeat else 1
    is_full = True
    for entry in range(1, min(last + 1, most) + 1):
        if entry > last and not is_full:
            return
        one = _stand(moments, place, place.id(attempt, entry), since)
        moments.keep(one)
        is_full = is_full and one.status == "sent"
        since = one.sent_at or since


def _stand(moments: Moments, place: Place, id_: TurnId, since: datetime | None) -> TurnState:
    """Where a turn stands after the acts upon it, the end of its time and the end of the round."""
    is_open = since is not None and since <= moments.now
    fresh = TurnState(id_, place.turn, place.actors, "open" if is_open else "waiting", since)
    one = reduce(after, moments.history.on(id_), fresh)
    until = moments.ends(place.turn, since)
    if one.status not in {"sent", "agreed"} and until <= moments.now:
        one = replace(one, status="sent" if one.status == "returned" else "missed")
    return replace(one, until=until)
