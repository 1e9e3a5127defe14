"""Reads of rights: copies, which hold no more than the person's own pages; endings, holds, requests."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, false, or_, select
from sqlalchemy.orm import defer

from clinic import clock
from clinic.access import Viewer
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import Person
from clinic.consent import queries as consent
from clinic.couples import queries as couples
from clinic.couples.models import Couple, Partner
from clinic.exercises import answers as shapes
from clinic.exercises.document import Field, label_for
from clinic.exercises.own_questions import TAIL as TAIL_QUESTIONS
from clinic.extensions import db
from clinic.homework import queries as homework
from clinic.homework.models import Turn
from clinic.practice import queries as practices
from clinic.practice.rules import TITLES
from clinic.practice.summary import Letterhead
from clinic.privacy import rules
from clinic.privacy.models import Disclosure, Ending, LegalHold, OwnCopy, RecordsRequest
from clinic.privacy.summary import Line, Message, OwnRecord, Side, SignedPaper, Step
from clinic.progress import queries as progress
from clinic.progress.rules import ENGINE, TAIL, Seen
from clinic.progress.summary import Audience
from clinic.reflections import queries as reflections
from clinic.reflections.models import Draft, NoteToCounselor, Reply


def visible_to(viewer: Viewer) -> Select[OwnCopy]:
    """A client's own copies; nobody else's, whoever asks."""
    if not viewer.is_client:
        return select(OwnCopy).where(false())
    return select(OwnCopy).where(OwnCopy.person_id == viewer.person_id)


def get_for(viewer: Viewer, copy_id: UUID) -> OwnCopy | None:
    """One copy, with what is in it."""
    return db.session.scalar(visible_to(viewer).where(OwnCopy.id == copy_id))


def latest(viewer: Viewer) -> Sequence[OwnCopy]:
    """The copies that there are, the newest first, without what is in them."""
    rows = visible_to(viewer).options(defer(OwnCopy.data_sealed), defer(OwnCopy.pdf_sealed))
    return db.session.scalars(rows.order_by(OwnCopy.asked_at.desc())).all()


def owner_of(copy: OwnCopy) -> Viewer:
    """Who reads while the copy is made: its owner, with no more keys than on the owner's pages."""
    person = db.session.get_one(Person, copy.person_id)
    sides = couples.sides_of(person.id)
    return Viewer(person_id=person.id, practice_id=person.practice_id, name=person.name, sides=sides)


# What belongs into a copy


def record_of(owner: Viewer, letterhead: Letterhead, now: datetime) -> OwnRecord:
    """Own words, what both agreed on, what was opened to this person; nothing of the other's else."""
    account = sign_ins.account_of(owner.person_id)
    assert account is not None
    found = db.session.scalars(couples.visible_to(owner).order_by(Couple.created_at)).all()
    sides = tuple(_side(owner, couple) for couple in found)
    return OwnRecord(
        letterhead=letterhead, name=owner.name, sign_in_name=account.sign_in_name, made_at=now, sides=sides
    )


def _side(owner: Viewer, couple: Couple) -> Side:
    me = couples.side_of(owner, couple)
    assert me is not None
    other = couples.other_of(couple, me.id)
    audience: Audience = "partner_1" if me.position == 1 else "partner_2"
    return Side(
        partner=other.name if other else "",
        zone=couple.zone,
        began_on=clock.local_day(couple.created_at, couple.zone),
        steps=tuple(steps_of(progress.words_for(owner, couple, audience), partial(_said_to, me))),
        drafts=tuple(_drafts(couple, me)),
        messages=tuple(sorted(_messages(owner, couple, me), key=lambda one: one.on)),
        papers=tuple(_papers(owner, couple, me)),
    )


def _said_to(me: Partner, seen: Seen) -> str:
    """Whose words these are, as their owner reads it."""
    return "both" if is_joint(seen) else "you" if seen.by == me.position else "partner"


def steps_of(words: Iterable[Seen], by: Callable[[Seen], str]) -> Iterator[Step]:
    """The words by day and exercise, as they were sent; `by` says whose they are."""
    found = sorted(
        (one for one in words if one.group != ENGINE), key=lambda one: (one.on, one.exercise.title)
    )
    said = {(one.turn_id, key) for one in found for key, answer in one.answers.items() if _is_said(answer)}
    for (on, title), seen in groupby(found, key=lambda one: (one.on, one.exercise.title)):
        lines = [line for one in seen for line in _lines(one, by(one), said)]
        if lines:
            yield Step(exercise=title, on=on, lines=tuple(lines))


def _is_said(answer: object) -> bool:
    return not shapes.is_declined(answer)


def _lines(seen: Seen, by: str, said: Collection[tuple[UUID, str]]) -> Iterator[Line]:
    """The answers of one group; what its author kept closer stands once, as it was answered."""
    when: dict[str, Any] = {"by": by, "on": seen.given_on, "opened_on": seen.opened_on}
    for asked in _asked(seen):
        answer = seen.answers.get(asked.key)
        is_here = _is_said(answer) or (seen.turn_id, asked.key) not in said
        if is_here and (lines := shapes.describe(asked, answer)):
            yield Line(question=label_for(asked.label, seen.role), answer=_plain(lines), **when)
    if seen.is_addition and (text := seen.answers.get("addition")):
        yield Line(question="Added later", answer=(str(text),), **when)


def _plain(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines as a file keeps them: a row of several columns carries its parts, for which a file has no place."""
    return tuple(str(line) for line in lines)


def _asked(seen: Seen) -> list[Field]:
    """The questions of a group, without those about safety: these belong into the counselor's room, not into a file."""
    fields = TAIL_QUESTIONS if seen.group == TAIL else seen.turn.fields
    return [asked for asked in fields if not asked.flags]


def is_joint(seen: Seen) -> bool:
    kinds = {group.key: group.visibility for group in seen.turn.groups}
    return kinds.get(seen.group) == "joint"


def _drafts(couple: Couple, me: Partner) -> Iterator[Step]:
    """Unsent words, of whatever became of their turn."""
    rows = select(Draft).join(Turn, Turn.id == Draft.turn_id).where(Turn.couple_id == couple.id)
    for draft in db.session.scalars(rows.where(Draft.partner_id == me.id).order_by(Draft.saved_at)):
        turn = db.session.get_one(Turn, draft.turn_id)
        asked, on = (
            homework.document_for(turn.round).turns[turn.key],
            clock.local_day(draft.saved_at, couple.zone),
        )
        given = draft.body.get("answers", {})
        lines = [
            Line(by="you", on=on, question=label_for(field.label, "default"), answer=_plain(answer))
            for field in asked.fields
            if not field.flags and (answer := shapes.describe(field, given.get(field.key)))
        ]
        if lines:
            yield Step(exercise=turn.round.assignment.version.title, on=on, lines=tuple(lines))


def _messages(owner: Viewer, couple: Couple, me: Partner) -> Iterator[Message]:
    """What was said to the counselor beside the answers, and what the counselor answered."""
    notes = reflections.notes_visible_to(owner).where(NoteToCounselor.partner_id == me.id)
    for note in db.session.scalars(notes):
        if note.text:
            yield Message(by="you", on=clock.local_day(note.at, couple.zone), text=note.text)
    replies = reflections.replies_for(owner).where(Reply.couple_id == couple.id, Reply.to_id == me.id)
    for reply in db.session.scalars(replies):
        yield Message(by="counselor", on=clock.local_day(reply.at, couple.zone), text=reply.text)


def _papers(owner: Viewer, couple: Couple, me: Partner) -> Iterator[SignedPaper]:
    """Every own signature with the text under which it stands, the first one first; none of the other's."""
    for one in reversed(consent.signed_by(owner, [me.id])[me.id]):
        row, zone = one.signature, couple.zone
        yield SignedPaper(
            title=TITLES[row.document.kind],  # type: ignore[index]  # one of the two
            version=row.number,
            way="paper" if row.paper_on else "words" if row.recorded_by_id else "account",
            on=row.paper_on or clock.local_day(row.signed_at, zone),
            name=row.name or "",
            text=row.document.text,
            hash=row.text_hash,
            taken_back_on=clock.local_day(row.withdrawn_at, zone) if row.withdrawn_at else None,
        )


# Endings and holds


def holds_of(couple_ids: Collection[UUID]) -> dict[UUID, list[LegalHold]]:
    """Every hold of these couples, by couple, the newest first; also those that were lifted."""
    found: dict[UUID, list[LegalHold]] = defaultdict(list)
    rows = select(LegalHold).where(LegalHold.couple_id.in_(couple_ids))
    for row in db.session.scalars(rows.order_by(LegalHold.placed_at.desc())):
        found[row.couple_id].append(row)
    return found


def in_force(holds: Iterable[LegalHold], partner: Partner) -> list[LegalHold]:
    """Those that keep this partner's words now."""
    return [one for one in holds if one.lifted_at is None and one.partner_id in {None, partner.id}]


def holds_on(partner: Partner) -> list[LegalHold]:
    """What keeps this partner's words now, whoever wants them gone."""
    return in_force(holds_of([partner.couple_id])[partner.couple_id], partner)


def hold_for(viewer: Viewer, hold_id: UUID) -> LegalHold | None:
    """One hold of a couple in which this viewer may act."""
    found: LegalHold | None = db.session.scalar(_workable(viewer, LegalHold).where(LegalHold.id == hold_id))
    return found


def ending_for(viewer: Viewer, ending_id: UUID) -> Ending | None:
    """One ending of a couple in which this viewer may act."""
    found: Ending | None = db.session.scalar(_workable(viewer, Ending).where(Ending.id == ending_id))
    return found


def _workable(viewer: Viewer, table: Any) -> Select[Any]:
    """Rows about couples, for those who work with them and for nobody else."""
    return select(table).where(table.couple_id.in_(couples.workable_by(viewer).with_only_columns(Couple.id)))


def endings_of(couple_ids: Collection[UUID]) -> dict[UUID, Ending]:
    """The last ending of each partner of these couples that was not undone."""
    rows = select(Ending).where(Ending.couple_id.in_(couple_ids), Ending.state != "undone")
    return {row.partner_id: row for row in db.session.scalars(rows.order_by(Ending.asked_at))}


def due_endings(now: datetime) -> Sequence[UUID]:
    """Endings whose period is over."""
    rows = select(Ending.id).where(Ending.state == "closed", Ending.due_at <= now)
    return db.session.scalars(rows.order_by(Ending.due_at)).all()


def unwiped() -> Sequence[Ending]:
    """Endings after which the journal of the database may hold something still."""
    return db.session.scalars(
        select(Ending).where(Ending.state == "shredded", Ending.wiped_at.is_(None))
    ).all()


def is_shredded(partner: Partner) -> bool:
    """True when the words of this one are gone; not as long as that can be undone."""
    runs = exists().where(Ending.partner_id == partner.id, Ending.state == "closed")
    return partner.closed_at is not None and not db.session.scalar(select(runs))


def has_another_side(person_id: UUID) -> bool:
    """True when somebody has a record left here, as a client or as one who works here."""
    sides = db.session.scalars(select(Partner).where(Partner.person_id == person_id)).all()
    return not all(map(is_shredded, sides)) or sign_ins.staff_of_person(person_id) is not None


# Retention


@dataclass(frozen=True)
class Kept:
    """The record of one partner after the end of care, and until when it is kept."""

    partner: Partner
    couple: Couple
    until: date
    is_over: bool
    holds: Sequence[LegalHold]
    ending: Ending | None


def is_over(partner: Partner, now: datetime) -> bool:
    """True when the time for which this record is kept has passed."""
    day = until(partner, partner.couple)
    return day is not None and day <= clock.local_day(now, partner.couple.zone)


def until(partner: Partner, couple: Couple) -> date | None:
    """The day on which this record may go; None as long as care goes on."""
    years = practices.by_id(couple.practice_id).retention_years
    return rules.kept_until(partner.left_at, couple.zone, years) if partner.left_at else None


SHOWN = 60


def kept_records(viewer: Viewer) -> list[Kept]:
    """Records of partners whose care has ended and whose words are there, in the order in which their time is over."""
    rows = _workable(viewer, Partner).where(Partner.left_at.is_not(None))
    rows = rows.where(or_(Partner.closed_at.is_(None), exists().where(_runs_for(Partner.id))))
    found = db.session.scalars(rows.order_by(Partner.left_at, Partner.position).limit(SHOWN)).all()
    ids = {one.couple_id for one in found}
    known = {one.id: one for one in couples.these(viewer, list(ids))}
    couples.names_of(known.values())
    holds, endings, today = holds_of(ids), endings_of(ids), clock.now()
    return [
        _kept(one, known[one.couple_id], holds[one.couple_id], endings.get(one.id), today) for one in found
    ]


def _runs_for(partner_id: Any) -> Any:
    return (Ending.partner_id == partner_id) & (Ending.state == "closed")


def _kept(
    partner: Partner, couple: Couple, holds: Sequence[LegalHold], ending: Ending | None, now: datetime
) -> Kept:
    day = until(partner, couple)
    assert day is not None
    is_over = day <= clock.local_day(now, couple.zone)
    return Kept(partner, couple, day, is_over, in_force(holds, partner), ending)


# Records that somebody asks for, and what law demanded


def requests_of(viewer: Viewer, couple_id: UUID) -> Sequence[RecordsRequest]:
    """Every request for records of a couple, the newest first."""
    rows = _workable(viewer, RecordsRequest).where(RecordsRequest.couple_id == couple_id)
    return db.session.scalars(rows.order_by(RecordsRequest.recorded_at.desc())).all()


def request_for(viewer: Viewer, request_id: UUID) -> RecordsRequest | None:
    """One request."""
    rows = _workable(viewer, RecordsRequest).where(RecordsRequest.id == request_id)
    found: RecordsRequest | None = db.session.scalar(rows)
    return found


def disclosures_of(viewer: Viewer, couple_id: UUID) -> Sequence[Disclosure]:
    """What law demanded of a couple's record, the newest first."""
    rows = _workable(viewer, Disclosure).where(Disclosure.couple_id == couple_id)
    return db.session.scalars(rows.order_by(Disclosure.recorded_at.desc())).all()


def told_to(viewer: Viewer, partner: Partner) -> Sequence[Disclosure]:
    """What of it stands in the trail of one client, the newest first."""
    if partner.id not in viewer.partner_ids:
        return []
    rows = select(Disclosure).where(Disclosure.owner_id.in_([partner.id, partner.couple_id]))
    return db.session.scalars(
        rows.where(Disclosure.told_sealed.is_not(None)).order_by(Disclosure.given_on.desc())
    ).all()
