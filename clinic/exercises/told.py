"""What each partner is told of a round: of the other, only what the rules declassify."""

from collections.abc import Iterable, Sequence

from clinic.exercises.document import Exercise
from clinic.exercises.rounds import Event, Leg, PartnerId


def declassified(
    document: Exercise, legs: Sequence[Leg], events: Iterable[Event], partner: PartnerId
) -> list[Event]:
    """The events that may change what `partner` can get: the own ones, and of the other only what the rules allow."""
    return [kept for event in events if (kept := _as_told(document, legs, event, partner)) is not None]


def _as_told(document: Exercise, legs: Sequence[Leg], event: Event, partner: PartnerId) -> Event | None:
    match event.kind:
        case "closed":
            return Event("closed", event.at)  # for whom it was closed is not told
        case "severed" | "appointment" | "proposed" | "confirmed" | "declined":
            return event
        case "opened":
            return event if partner in (event.detail["to"], event.by) else None
        case "input_opened":
            return event if event.detail["to"] == partner else None
        case "released" | "called_back" | "read_aloud" | "delayed":
            return None
        case "returned":
            return event if _is_asked(document, legs, event, partner) else None
        case "sent" if event.by != partner:
            return _told_of_sending(document, event)
        case "sent" | "took_back" | "narrowed":
            return event if event.by == partner else None


def _is_asked(document: Exercise, legs: Sequence[Leg], event: Event, partner: PartnerId) -> bool:
    turn = event.turn
    return turn is not None and partner in legs[turn.leg].actors(document.turns[turn.key])


def _told_of_sending(document: Exercise, event: Event) -> Event | None:
    """The other's sending, when it reaches the partner at once: only that it happened and what it steers."""
    turn = document.turns[event.turn.key] if event.turn else None
    if turn is None or event.detail.get("whole") or not turn.reaches_at_once:
        return None
    told = {name: event.detail[name] for name in ("met", "answered") if name in event.detail}
    return Event("sent", event.at, event.turn, event.by, told)
