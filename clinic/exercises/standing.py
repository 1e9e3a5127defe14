"""Where one turn stands after the acts upon it. What comes too late, because it was given or told, changes nothing."""

from dataclasses import replace

from clinic.exercises.rounds import Event, TurnState


def after(one: TurnState, act: Event) -> TurnState:
    """A turn after one more act upon it."""
    match act.kind:
        case "opened":
            return replace(one, given=one.given | {(act.detail["to"], act.detail["group"])})
        case "sent":
            return _sent(one, act)
        case "proposed" | "confirmed" | "declined":
            return _agreeing(one, act)
        case "narrowed":
            return _narrowed(one, act)
        case _ if one.is_settled or one.sent_by is None:
            return one
        case "returned":
            return replace(one, status="returned")
        case "took_back":
            return replace(one, status="open", sent_at=None, sent_by=None, is_whole_narrowed=False)
        case _:
            return one


def _sent(one: TurnState, act: Event) -> TurnState:
    # What its author kept at first counts from when it is not kept any more: others learn of it then.
    at = act.at if one.sent_at is None or one.is_whole_narrowed else one.sent_at
    return replace(
        one,
        status="sent",
        sent_at=at,
        sent_by=act.by,
        is_whole_narrowed=bool(act.detail.get("whole")) and not one.is_settled,
        groups=frozenset(act.detail.get("groups", ())),
    )


def _narrowed(one: TurnState, act: Event) -> TurnState:
    """Its author keeps these groups, or all that was not given, for the counselor."""
    named = act.detail.get("groups")
    is_whole = named is None and not one.is_settled and one.sent_by is not None
    left = frozenset[str]() if named is None else one.groups - frozenset(named)
    return replace(one, groups=left, is_whole_narrowed=one.is_whole_narrowed or is_whole)


def _agreeing(one: TurnState, act: Event) -> TurnState:
    """A turn that is agreed on: what is confirmed is the proposal that stands, by the one who did not make it."""
    match act.kind:
        case "proposed" if one.status != "agreed":
            bound = act.detail.get("hash")
            return replace(one, status="proposed", sent_at=act.at, sent_by=act.by, proposal=bound)
        case "confirmed" if one.status == "proposed" and act.by != one.sent_by:
            is_same = act.detail.get("hash") == one.proposal
            return replace(one, status="agreed", sent_at=act.at) if is_same else one
        case "declined" if one.status == "proposed":
            return replace(one, status="open", sent_at=None, sent_by=None, proposal=None)
        case _:
            return one
