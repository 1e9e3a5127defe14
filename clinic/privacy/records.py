"""Records that somebody asks for, step by step to a decision; and what the practice gives because a law demands it."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from clinic import audit
from clinic.access import Viewer
from clinic.couples.models import Couple, Partner
from clinic.documents import actions as documents
from clinic.extensions import db
from clinic.practice import queries as practices
from clinic.privacy import queries
from clinic.privacy.models import Disclosure, RecordsRequest
from clinic.privacy.rules import RightsError, Scope, scope_of
from clinic.privacy.summary import GivenRecord, LeftOut, Step
from clinic.progress import queries as progress
from clinic.progress import report
from clinic.progress.rules import Seen
from clinic.progress.summary import Audience, content_hash

BOTH: Scope = "couple"


@dataclass(frozen=True)
class Asked:
    """Who asks for which record, what for, and since when."""

    scope: Scope
    asker: str
    purpose: str
    on: date


def ask(viewer: Viewer, couple: Couple, asked: Asked, now: datetime) -> RecordsRequest:
    """Put down that somebody asks for records; nothing is given by that."""
    request = RecordsRequest(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        scope=asked.scope,
        asker=asked.asker,
        purpose=asked.purpose,
        asked_on=asked.on,
        recorded_by_id=viewer.staff_id,
        recorded_at=now,
    )
    db.session.add(request)
    audit.record(viewer, "record request", request, scope=asked.scope)
    return request


def authorize(viewer: Viewer, request: RecordsRequest, position: int, on: date) -> None:
    """One partner's written authorization is there, given on that day."""
    _must_be_open(request)
    if position not in needed(request):
        raise RightsError("This one's authorization is not needed: the record holds nothing of theirs.")
    setattr(request, f"authorized_{position}_on", on)
    audit.record(viewer, "note authorization", request, position=position)


def needed(request: RecordsRequest) -> tuple[int, ...]:
    """Whose authorization it takes: of both for the joint record, of one for that one's own part."""
    return (1, 2) if request.scope == BOTH else (int(request.scope[-1]),)


def authorizations(request: RecordsRequest) -> dict[int, date | None]:
    """When each of these was given."""
    return {one: getattr(request, f"authorized_{one}_on") for one in needed(request)}


def leave_out(viewer: Viewer, request: RecordsRequest, part: str, why: str) -> None:
    """A part is not given, for a reason that stands in what is given."""
    _must_be_open(request)
    others = [one for one in request.left_out or [] if one["part"] != part]
    request.left_out = [*others, {"part": part, "why": why}]
    audit.record(viewer, "leave out", request, parts=len(request.left_out))


def take_in(viewer: Viewer, request: RecordsRequest, part: str) -> None:
    """It is given after all."""
    _must_be_open(request)
    request.left_out = [one for one in request.left_out or [] if one["part"] != part]
    audit.record(viewer, "take in", request, parts=len(request.left_out))


def refuse(viewer: Viewer, request: RecordsRequest, because: str, now: datetime) -> None:
    """Nothing is given."""
    _decide(viewer, request, "refused", because, now)


def give(viewer: Viewer, request: RecordsRequest, couple: Couple, because: str, now: datetime) -> None:
    """Freeze what these authorizations cover, without the parts that are left out, and have its pages made."""
    _must_be_open(request)
    missing = [one for one, on in authorizations(request).items() if on is None]
    if missing:
        names = " and ".join(one.name for one in couple.partners if one.position in missing)
        raise RightsError(f"The authorization of {names} is missing. Without it nothing is given.")
    if any(one.closed_at for one in couple.partners if one.position in needed(request)):
        raise RightsError("Words of this record end, or have ended, so that nothing is given of it.")
    _decide(viewer, request, "given", because, now)
    record = record_for(viewer, request, couple, now)
    order = documents.Order(
        kind="given_record",
        audience=request.scope,
        paper=practices.by_id(couple.practice_id).paper,
        from_on=min((step.on for step in record.steps), default=request.asked_on),
        to_on=max((step.on for step in record.steps), default=request.asked_on),
        content=msgspec.to_builtins(record),
        content_hash=content_hash(record),
    )
    document = documents.ask(viewer, couple, order, now)
    request.document_id, request.given_hash = document.id, order.content_hash


def _must_be_open(request: RecordsRequest) -> None:
    if request.decision:
        raise RightsError("This request was decided. What was given stays as it was given.")


def _decide(viewer: Viewer, request: RecordsRequest, decision: str, because: str, now: datetime) -> None:
    _must_be_open(request)
    request.decision, request.decided_because = decision, because
    request.decided_by_id, request.decided_at = viewer.staff_id, now
    audit.record(viewer, "decide on request", request, decision=decision)


# What is given


def record_for(viewer: Viewer, request: RecordsRequest, couple: Couple, now: datetime) -> GivenRecord:
    """The record as it is given: no more than the authorizations cover, and nothing about safety."""
    out = {one["part"]: one["why"] for one in request.left_out or []}
    parts = parts_of(viewer, request, couple)
    names = {one.position: one.name for one in couple.partners}
    authorized = authorizations(request)
    return GivenRecord(
        letterhead=practices.letterhead_of(practices.by_id(couple.practice_id)),
        asker=request.asker,
        purpose=request.purpose,
        about=about(request.scope, couple),
        asked_on=request.asked_on,
        made_at=now.astimezone(ZoneInfo(couple.zone)),
        authorized=tuple(
            f"{names[one]} on {on:%B} {on.day}, {on.year}" for one, on in authorized.items() if on
        ),
        signed_by=report.signature_of(viewer),
        steps=tuple(step for step in parts if part_key(step) not in out),
        left_out=tuple(
            LeftOut(what=part_said(part_key(step)), why=out[part_key(step)])
            for step in parts
            if part_key(step) in out
        ),
    )


def parts_of(viewer: Viewer, request: RecordsRequest, couple: Couple) -> tuple[Step, ...]:
    """What can be given, day by day. The joint record: what passed between both, and what they agreed on.

    One's own part: the own words alone, for the other's need the other's authorization.
    """
    names = {one.position: one.name for one in couple.partners}
    find = progress.words_for if request.scope == BOTH else _own
    kept = find(viewer, couple, request.scope)  # type: ignore[arg-type]  # a scope is an audience
    return tuple(
        queries.steps_of(
            kept, lambda seen: " and ".join(names.values()) if queries.is_joint(seen) else names[seen.by]
        )
    )


def _own(viewer: Viewer, couple: Couple, audience: Audience) -> list[Seen]:
    return [one for one in progress.own_words_for(viewer, couple, audience) if not queries.is_joint(one)]


def part_key(step: Step) -> str:
    """How a form names a part."""
    return f"{step.on.isoformat()} {step.exercise}"


def part_said(key: str) -> str:
    """How a page names it: "Weekly check-in, March 8, 2026"."""
    day, _, exercise = key.partition(" ")
    on = date.fromisoformat(day)
    return f"{exercise}, {on:%B} {on.day}, {on.year}"


def about(scope: str, couple: Couple) -> str:
    """What a record holds, in a few words."""
    first, second = couple.partners
    if scope == BOTH:
        return f"The joint record of {first.name} and {second.name}"
    return f"{next(one.name for one in couple.partners if scope_of(one.position) == scope)}’s own part"


# What a law demands


@dataclass(frozen=True)
class Demanded:
    """What was given to whom, on what basis, and why; `told` is what the client reads of it, None for nothing."""

    basis: str
    reason: str
    recipient: str
    given: str
    on: date
    told: str | None
    untold_because: str | None = None


def disclose(
    viewer: Viewer, couple: Couple, partner: Partner | None, what: Demanded, now: datetime
) -> Disclosure:
    """Put down what law made the practice give; it stands in the trail of whose words it was, unless law forbids it."""
    if what.told is None and not what.untold_because:
        raise RightsError("Say which law forbids to tell them.")
    disclosure = Disclosure(
        practice_id=couple.practice_id,
        couple_id=couple.id,
        partner_id=partner.id if partner else None,
        owner_kind="partner" if partner else "couple",
        owner_id=partner.id if partner else couple.id,
        basis=what.basis,
        reason=what.reason,
        recipient=what.recipient,
        given=what.given,
        given_on=what.on,
        recorded_by_id=viewer.staff_id,
        recorded_at=now,
        told=what.told,
        untold_because=what.untold_because,
    )
    db.session.add(disclosure)
    audit.record(viewer, "disclose", disclosure, is_told=what.told is not None)
    return disclosure
