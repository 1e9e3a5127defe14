"""Who may do what now. Held turns admit nothing; what was sent can be kept back until it was opened."""

from collections.abc import Iterator

from clinic.exercises.moments import Moments
from clinic.exercises.rounds import Act, PartnerId, TurnId, TurnState


def acts(moments: Moments) -> Iterator[tuple[PartnerId, TurnId, Act]]:
    """Every act that a page may offer: by whom, on which turn."""
    for one in moments.turns.values():
        for actor in one.actors:
            yield from ((actor, one.id, act) for act in _acts_of(moments, one, actor))


def _acts_of(moments: Moments, one: TurnState, actor: PartnerId) -> Iterator[Act]:
    is_open = moments.history.closed_at is None and moments.window.admits_writing(one.turn)
    is_in_time = is_open and (one.until is None or moments.now < one.until)
    if one.status in {"open", "returned", "proposed"} and is_in_time:
        yield "write"
        if one.status == "proposed" and actor != one.sent_by:
            yield from ("confirm", "decline")
    if one.status in {"sent", "returned"} and one.sent_by == actor and not one.turn.agree:
        yield from _after_sending(moments, one, is_in_time=is_in_time)


def _after_sending(moments: Moments, one: TurnState, *, is_in_time: bool) -> Iterator[Act]:
    """Words that were given, or for which words were given, stand; until then their author may change them."""
    if one.given and not moments.history.is_severed and moments.window.ceiling == "joint":
        yield "add"
    if one.still_closed:
        yield "narrow"
    if one.is_settled or _was_answered(moments, one):
        return
    yield "take_back"
    if is_in_time and one.status == "sent":
        yield "revise"


def _was_answered(moments: Moments, one: TurnState) -> bool:
    """True when the other's words were given for these: each for the other's, as sealed ones are."""
    is_sealed = any(group.visibility == "sealed" for group in one.turn.groups)
    name = moments.layout.twin(one.id) if is_sealed else None
    twin = moments.turns.get(name) if name else None
    return twin is not None and one.sent_by in twin.opened_to
