"""The trail of one couple for those who work with it: who read, wrote, opened, printed or gave away what, and when.

What a client did not send is the client's alone: that somebody looked at a draft is in the chain and not on this page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from clinic.accounts.models import StaffMember
from clinic.audit import ABOUT, AuditEvent
from clinic.couples.models import Couple
from clinic.extensions import db
from clinic.homework.models import Turn

WHYS = {
    "reflections": "to review it",
    "appointments": "to prepare an appointment",
    "progress.report": "for a report",
    "progress": "to see how both go on",
}
"""By the purpose of a reading of staff, or the part of the house it belongs to; the others speak for themselves."""

PAGE = 50
LAST = 1_000_000

KINDS = {
    "words": "what was sent",
    "opening": "what was opened to the other",
    "reply": "replies",
    "note_to_counselor": "a word to the counselor",
    "round_review": "notes of a review",
    "safety_screening": "an interview alone",
    "safety_clearance": "reasons of a clearance",
    "flag": "what was done about a safety concern",
    "concern": "the concern",
    "recipient": "what was agreed about homework",
    "consent_signature": "a signed paper",
    "emergency_access": "the reason of an emergency",
    "document": "a document",
    "records_request": "a request for the record",
    "disclosure": "what a law demanded",
    "ending": "why words end",
    "legal_hold": "the reason of a hold",
}
"""What was read, by the table in which it stands, in the order in which it is told."""

DID = {
    "create couple": "began this record",
    "describe couple": "changed what is noted about the couple",
    "pause couple": "paused all work",
    "resume couple": "let all work go on",
    "separate couple": "noted that they separated",
    "end care partner": "noted that care ended",
    "take up care couple": "noted that care goes on",
    "name concern concern": "named what it is about",
    "close concern concern": "closed what it was about",
    "assign counselor couple_counselor": "gave the couple to a counselor",
    "stand in couple_counselor": "let a colleague stand in",
    "end assignment couple_counselor": "ended somebody’s work with the couple",
    "open in an emergency emergency_access": "opened the record in an emergency",
    "close after an emergency emergency_access": "closed the record after an emergency",
    "note an emergency emergency_access": "read that it was opened in an emergency",
    "invite invitation": "invited a partner",
    "withdraw invitation invitation": "withdrew an invitation",
    "wrong secret invitation": "typed a wrong number at an invitation",
    "taken name invitation": "chose a sign-in name that is taken at an invitation",
    "join partner": "joined",
    "confirm partner": "confirmed who joined",
    "refuse partner": "refused who joined",
    "decide clearance safety_clearance": "decided on a clearance",
    "record screening safety_screening": "wrote down an interview alone",
    "raise flag flag": "answered in a way that raised a safety concern",
    "act on flag flag": "wrote what was done about a safety concern",
    "sign consent_signature": "signed a paper",
    "record signature consent_signature": "recorded a signature on paper",
    "withdraw consent consent_signature": "withdrew a consent",
    "ask for certificate again consent_signature": "asked for a certificate again",
    "assign assignment": "gave an exercise",
    "start round round": "began a round",
    "recall assignment": "recalled an exercise",
    "end assignment": "ended an exercise",
    "pause assignment": "paused an exercise",
    "resume assignment": "let an exercise go on",
    "excuse recipient": "excused somebody from an exercise",
    "delay opening assignment": "let an exercise open later",
    "send turn": "sent an answer",
    "confirm turn": "agreed",
    "decline turn": "declined",
    "take back turn": "took an answer back",
    "narrow turn": "kept an answer, or a part, for the counselor",
    "add turn": "added a line",
    "say note_to_counselor": "left a word for the counselor",
    "read note note_to_counselor": "marked a word to the counselor as read",
    "release turn": "released an answer to the other",
    "call back turn": "called a release back",
    "return turn": "asked for another pass",
    "reply round": "replied",
    "review round": "reviewed a round",
    "read aloud round": "noted that a statement was read aloud",
    "bring up agenda_item": "marked something for an appointment",
    "talked about agenda_item": "noted that it was talked about",
    "schedule appointment": "set an appointment",
    "move appointment": "moved an appointment",
    "held appointment": "noted that an appointment was held",
    "canceled appointment": "canceled an appointment",
    "late canceled appointment": "noted a late cancellation",
    "no show appointment": "noted that nobody came",
    "ask for document document": "had a document made",
    "ask again document": "had a document made once more",
    "record request records_request": "recorded a request for the record",
    "note authorization records_request": "noted an authorization",
    "leave out records_request": "left a part out of a request",
    "take in records_request": "took a part into a request",
    "decide on request records_request": "decided on a request for the record",
    "disclose disclosure": "gave what a law demanded",
    "place legal hold legal_hold": "placed a legal hold",
    "lift legal hold legal_hold": "lifted a legal hold",
    "begin to end ending": "closed a partner’s words",
    "undo ending ending": "undid the closing of a partner’s words",
    "shred partner": "shredded a partner’s words",
    "shred couple": "shredded the record",
}
"""What somebody did, by verb and table of the entry."""


@dataclass(frozen=True)
class Entry:
    """One line: who, what they did, what they read and of whom, for what, and the round that it belongs to."""

    at: datetime
    who: str
    did: str
    read: Sequence[str]
    of: Sequence[str]
    why: str
    round_id: UUID | None


def length(couple: Couple) -> int:
    """How many entries there are about a couple."""
    return db.session.scalar(select(func.count()).where(ABOUT.c.couple_id == couple.id)) or 0


def entries(couple: Couple, start: int) -> list[Entry]:
    """A page of them, the newest first."""
    rows = (
        select(AuditEvent)
        .join(ABOUT, ABOUT.c.event_id == AuditEvent.id)
        .where(ABOUT.c.couple_id == couple.id)
        .order_by(ABOUT.c.at.desc(), AuditEvent.seq.desc())
        .offset(start)
        .limit(PAGE)
    )
    found = db.session.scalars(rows).all()
    names, rounds = _names(couple, found), _rounds(found)
    return [_entry(couple, one, names, rounds) for one in found]


def _entry(
    couple: Couple, one: AuditEvent, names: Mapping[UUID | None, str], rounds: Mapping[UUID, UUID]
) -> Entry:
    who = names.get(one.actor_id, "Somebody who is no longer here")
    read, of = _what_was_read(couple, one.detail.get("rows", {}))
    purpose = _why(one.detail["purpose"]) if one.verb == "read" and _is_staff(couple, one) else ""
    round_id = (
        one.subject_id if one.subject == "round" else rounds.get(one.subject_id) if one.subject_id else None
    )
    did = "read" if one.verb == "read" else DID.get(f"{one.verb} {one.subject}", one.verb)
    return Entry(one.at, who, did, read, of, purpose, round_id)


def _why(purpose: str) -> str:
    return WHYS.get(purpose) or WHYS.get(purpose.partition(".")[0], "")


def _is_staff(couple: Couple, one: AuditEvent) -> bool:
    return one.actor_id not in {partner.person_id for partner in couple.partners}


def _what_was_read(couple: Couple, rows: Iterable[str]) -> tuple[list[str], list[str]]:
    """The kinds of what was opened of this couple, and whose it is; a request may have opened others' too."""
    of = {str(one.id): one.name for one in couple.partners}
    opened = [(table, owner) for table, _, owner in (name.partition(":") for name in rows)]
    here = {*of, str(couple.id), str(couple.practice_id)}
    tables = {table for table, owner in opened if owner in here}
    kinds = [said for table, said in KINDS.items() if table in tables]
    return kinds, [name for id_, name in of.items() if any(owner == id_ for _, owner in opened)]


def _names(couple: Couple, found: Iterable[AuditEvent]) -> dict[UUID | None, str]:
    """Who acted, by person: the two, who works here or did, and the house itself."""
    people = {one.actor_id for one in found}
    staff = db.session.scalars(select(StaffMember).where(StaffMember.person_id.in_(people)))
    return {
        None: "The house",
        **{one.person_id: one.name for one in couple.partners},
        **{one.person_id: one.name for one in staff},
    }


def _rounds(found: Iterable[AuditEvent]) -> dict[UUID, UUID]:
    """The rounds of the turns that were acted on."""
    turns = [one.subject_id for one in found if one.subject == "turn"]
    rows = db.session.execute(select(Turn.id, Turn.round_id).where(Turn.id.in_(turns)))
    return {row.id: row.round_id for row in rows}
