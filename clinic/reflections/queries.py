"""Reads of what people wrote. A partner reads the own words and openings; staff read what was sent."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, false, func, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload, lazyload

from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises import answers as shapes
from clinic.exercises.document import Input
from clinic.exercises.document import Turn as Asked
from clinic.exercises.history import VOIDS_A_RELEASE
from clinic.extensions import asked_once, db
from clinic.homework import queries as rounds
from clinic.homework.models import Assignment, Round, RoundEvent, Turn
from clinic.practice import queries as practices
from clinic.reflections.models import (
    Draft,
    KeptText,
    NoteToCounselor,
    Opening,
    Reflection,
    Reply,
    RoundReview,
    Words,
)
from clinic.reflections.rules import ENGINE_GROUP, TAIL_GROUP, Readers, Sending


def visible_to(viewer: Viewer) -> Select[Reflection]:
    """A partner's own reflections; for staff those of the couples they may see, unless they were taken back or end."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        rows = select(Reflection).where(Reflection.couple_id.in_(seen), Reflection.withdrawn_at.is_(None))
        return rows.where(Reflection.partner_id.not_in(couples.CLOSED))
    if viewer.is_client:
        return select(Reflection).where(Reflection.partner_id.in_(viewer.partner_ids))
    return select(Reflection).where(false())


def openings_for(viewer: Viewer) -> Select[Opening]:
    """Words that were opened to this partner; for staff all openings of the couples they may see."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        return select(Opening).where(Opening.couple_id.in_(seen))
    if viewer.is_client:
        return select(Opening).where(Opening.to_id.in_(viewer.partner_ids))
    return select(Opening).where(false())


def given(viewer: Viewer, round_: Round, needed: Input) -> list[Opening]:
    """The words of another exercise on which this round builds: the last ones that were opened in this couple."""
    rows = (
        openings_for(viewer)
        .join(Turn, Turn.id == Opening.turn_id)
        .join(Round, Round.id == Turn.round_id)
        .join(Assignment, Assignment.id == Round.assignment_id)
        .where(Opening.couple_id == round_.couple_id, Opening.mode != "addition")
        .where(Turn.key == needed.turn, Assignment.slug == needed.exercise)
        .order_by(Opening.at.desc(), Opening.revision.desc())
    )
    found = list(db.session.scalars(rows))
    return [one for one in found if one.turn_id == found[0].turn_id]


def replies_for(viewer: Viewer) -> Select[Reply]:
    """The counselor's answers to this partner; for staff those in the couples they may see."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        return select(Reply).where(Reply.couple_id.in_(seen))
    return (
        select(Reply).where(Reply.to_id.in_(viewer.partner_ids))
        if viewer.is_client
        else select(Reply).where(false())
    )


def draft_of(turn: Turn, partner_id: UUID) -> Draft | None:
    """The unsent words of one partner for one turn; nobody else ever asks for them."""
    return _unsent(turn, partner_id)[0]


def kept_texts(turn: Turn, partner_id: UUID, place: str = "write") -> list[KeptText]:
    """Texts of one partner that wait for a choice, the oldest first; nobody else ever asks for them."""
    return [row for row in _unsent(turn, partner_id)[1] if row.place == place]


@asked_once
def _unsent(turn: Turn, partner_id: UUID) -> tuple[Draft | None, list[KeptText]]:
    rows = db.session.execute(_UNSENT, {"turn": turn.id, "partner": partner_id}).all()
    return rows[0].Draft if rows else None, [row.KeptText for row in rows if row.KeptText]


_UNSENT = (
    select(Draft, KeptText)
    .select_from(Turn)
    .outerjoin(Draft, and_(Draft.turn_id == Turn.id, Draft.partner_id == bindparam("partner")))
    .outerjoin(KeptText, and_(KeptText.turn_id == Turn.id, KeptText.partner_id == bindparam("partner")))
    .where(Turn.id == bindparam("turn"))
    .order_by(KeptText.kept_at)
)
"""Made once: every save while somebody types asks it."""


def unsent_of(viewer: Viewer, couple_id: UUID) -> list[tuple[UUID, datetime]]:
    """Turns for which this partner has words that were never sent, and when they were last kept; the words stay closed.

    Whatever became of the turn: a draft of something that was recalled, closed or ended is its author's all the same.
    """
    mine = (Draft.turn_id, Draft.saved_at), (KeptText.turn_id, KeptText.kept_at)
    found: dict[UUID, datetime] = {}
    for turn, at in mine:
        rows = (
            select(turn, at)
            .join(Turn, Turn.id == turn)
            .where(turn.class_.partner_id.in_(viewer.partner_ids), Turn.couple_id == couple_id)
        )
        for turn_id, saved in db.session.execute(rows):
            found[turn_id] = max(saved, found.get(turn_id, saved))
    return sorted(found.items(), key=lambda one: one[1], reverse=True)


def latest(turns: Iterable[Turn], partner_id: UUID | None = None) -> dict[UUID, Reflection]:
    """The last revision of each turn that was not taken back, additions apart; one partner's, or whoever sent it."""
    return {row.turn_id: row for row in _standing(tuple(turn.id for turn in turns), partner_id)}


def standing_for(viewer: Viewer, turns: Iterable[Turn]) -> dict[UUID, Reflection]:
    """The same, as far as this viewer may read it."""
    rows = visible_to(viewer).where(Reflection.turn_id.in_([turn.id for turn in turns]), *_STANDS)
    found = db.session.scalars(rows.order_by(Reflection.revision).options(joinedload(Reflection.words)))
    return {row.turn_id: row for row in found.unique()}


def own_in(round_id: UUID, partner_id: UUID) -> dict[UUID, Reflection]:
    """The same by turn for one partner's own words in a round, with nothing of the other's at hand."""
    return {turn.id: row for turn, row in _known(round_id, partner_id).items() if row}


def turns_known(round_id: UUID, partner_id: UUID) -> list[Turn]:
    """The turns of a round that a partner may know of: the own, those of either, and those of which words opened."""
    return list(_known(round_id, partner_id))


@asked_once
def _known(round_id: UUID, partner_id: UUID) -> dict[Turn, Reflection | None]:
    """Both in one statement: the turns in order, each with the own words that stand in it."""
    own = and_(Reflection.turn_id == Turn.id, Reflection.partner_id == partner_id)
    opened = select(Opening.id).where(Opening.turn_id == Turn.id, Opening.to_id == partner_id).exists()
    rows = (
        select(Turn, Reflection)
        .outerjoin(Reflection, and_(own, *_STANDS))
        .outerjoin(Reflection.words)
        .where(Turn.round_id == round_id)
        .where(or_(Turn.partner_id == partner_id, Turn.partner_id.is_(None), opened))
        .order_by(Turn.leg, Turn.order, Turn.entry, Reflection.revision)
        .options(lazyload(Reflection.turn), contains_eager(Reflection.words))
    )
    return {row.Turn: row.Reflection for row in db.session.execute(rows).unique()}


@asked_once
def _standing(turn_ids: tuple[UUID, ...], partner_id: UUID | None) -> list[Reflection]:
    by = Reflection.partner_id == partner_id if partner_id else true()
    rows = (
        select(Reflection)
        .where(Reflection.turn_id.in_(turn_ids), by, *_STANDS)
        .order_by(Reflection.revision)
        .options(joinedload(Reflection.words))
    )
    return list(db.session.scalars(rows).unique())


_STANDS = (Reflection.withdrawn_at.is_(None), Reflection.is_addition.is_(False))
"""Words that were sent and not taken back; additions are told apart."""


def revisions(turn: Turn, partner_id: UUID) -> list[Reflection]:
    """Every revision that a partner sent of a turn and did not take back, the first one first."""
    rows = select(Reflection).where(Reflection.turn_id == turn.id, Reflection.partner_id == partner_id)
    mine = rows.where(Reflection.withdrawn_at.is_(None), Reflection.is_addition.is_(False))
    return list(db.session.scalars(mine.order_by(Reflection.revision)))


def next_revision(turn: Turn) -> int:
    """The number of the next revision of a turn."""
    return (db.session.scalar(_LAST_REVISION, {"turn": turn.id}) or 0) + 1


_LAST_REVISION = select(func.max(Reflection.revision)).where(Reflection.turn_id == bindparam("turn"))


def additions(turns: Iterable[Turn]) -> list[Reflection]:
    """Dated additions to opened words, in order."""
    ids = [turn.id for turn in turns]
    rows = select(Reflection).where(Reflection.turn_id.in_(ids), Reflection.is_addition.is_(True))
    return list(
        db.session.scalars(rows.order_by(Reflection.sent_at).options(joinedload(Reflection.words))).unique()
    )


def last_sent_at(round_: Round) -> datetime | None:
    """When the last words came in that were not taken back."""
    ids = [turn.id for turn in round_.turns]
    sent = select(func.max(Reflection.sent_at)).where(Reflection.turn_id.in_(ids))
    return db.session.scalar(sent.where(Reflection.withdrawn_at.is_(None)))


@asked_once
def review_of(round_id: UUID) -> RoundReview | None:
    """The counselors' side of a round."""
    return db.session.scalar(select(RoundReview).where(RoundReview.round_id == round_id))


def sent_by(turn: Turn, partner_id: UUID) -> Sending | None:
    """What a partner sent last in a turn, put together again; None when there is nothing, or it was taken back."""
    row = own_in(turn.round_id, partner_id).get(turn.id)
    return as_sent(row) if row else None


def has_sent(turn: Turn, partner_id: UUID) -> bool:
    """True when words of this partner stand in a turn: sent, and not taken back."""
    mine = select(Reflection.id).where(Reflection.turn_id == turn.id, Reflection.partner_id == partner_id)
    return db.session.scalar(mine.where(Reflection.withdrawn_at.is_(None)).limit(1)) is not None


def as_sent(reflection: Reflection) -> Sending:
    """What its author handed in, put together again from the groups; for the author and for staff."""
    groups = {words.group: words for words in reflection.words}
    tail, engine = (groups.pop(name, None) for name in (TAIL_GROUP, ENGINE_GROUP))
    closer = groups.pop("counselor", None)
    answers = {key: answer for words in groups.values() for key, answer in words.answers.items()}
    kept_closer = dict(closer.answers) if closer else {}
    asked = rounds.document_for(reflection.turn.round).turns[reflection.turn.key]
    own = engine.answers if engine else {}
    apart = (key for key in kept_closer if answers and shapes.may_narrow(asked, asked.field(key)))
    return Sending(
        answers={**answers, **kept_closer},
        safe=own.get("safe"),
        consent=own.get("consent"),
        keep=reflection.turn.is_kept or _is_no_proposal(reflection, asked),
        narrowed=tuple(own.get("narrowed") or apart),
        tail=dict(tail.answers) if tail else {},
    )


def _is_no_proposal(reflection: Reflection, asked: Asked) -> bool:
    """True of a version that its author kept of what both agree on: the row of the turn knows nothing of it."""
    return asked.agree and all(words.visibility != "joint" for words in reflection.words)


@asked_once
def proposal_of(turn: Turn) -> Reflection | None:
    """The last revision with joint words, whoever proposed it."""
    rows = (
        select(Reflection)
        .where(Reflection.turn_id == turn.id, Reflection.words.any(Words.visibility == "joint"))
        .order_by(Reflection.revision.desc())
        .options(joinedload(Reflection.words))
    )
    return db.session.scalars(rows.limit(1)).unique().first()


def proposed(turn: Turn) -> dict[str, Any]:
    """The joint answers that are on the table; both partners read these, and nothing else of the revision."""
    row = proposal_of(turn)
    joint = [words for words in row.words if words.visibility == "joint"] if row else []
    return {key: answer for words in joint for key, answer in words.answers.items()}


def kept_page(turn: Turn, partner_id: UUID, name: str) -> KeptText | None:
    """What an open page sent before."""
    rows = select(KeptText).where(KeptText.turn_id == turn.id, KeptText.partner_id == partner_id)
    return db.session.scalar(rows.where(KeptText.page == name))


# Release


def released_at(turn: Turn) -> datetime | None:
    """When the counselor released a turn, unless that was undone since, or there are newer words than were read."""
    ids = {one.id for one in opened_together(turn)}
    acts = [event for event in turn.round.events if event.turn_id in ids]
    acts = [event for event in acts if event.kind == "released" or event.kind in VOIDS_A_RELEASE]
    return acts[-1].at if acts and acts[-1].kind == "released" else None


def can_be_read_aloud(round_: Round) -> bool:
    """True when something came in that reaches the partner by the counselor alone: it may be heard first."""
    turns = rounds.document_for(round_).turns
    return any(
        turns[one.key].asks_consent and one.state == "sent" and not one.is_kept for one in round_.turns
    )


def read_aloud_on(round_: Round) -> date | None:
    """The day on which it was read aloud in a session, as the counselor last marked it."""
    days = [event.detail["on"] for event in round_.events if event.kind == "read_aloud"]
    return date.fromisoformat(days[-1]) if days and days[-1] else None


def opened_together(turn: Turn) -> list[Turn]:
    """The turn, and where the counselor opens sealed words, the same turn of the other: one act opens both."""
    asked = rounds.document_for(turn.round).turns[turn.key]
    is_sealed = any(group.visibility == "sealed" for group in asked.groups)
    if not is_sealed or turn.round.assignment.opening != "counselor":
        return [turn]
    name = (turn.key, turn.attempt, turn.entry)
    return [one for one in turn.round.turns if (one.key, one.attempt, one.entry) == name]


def consent_of(turn: Turn) -> str | None:
    """What the author said to a release; None where it was not asked."""
    sent = [event for event in turn.round.events if event.turn_id == turn.id and event.kind == "sent"]
    return sent[-1].detail.get("consent") if sent else None


def own_consent(turn: Turn) -> str | None:
    """The same for its author's page, with no other act of the round at hand."""
    sent = select(RoundEvent.detail).where(
        RoundEvent.round_id == turn.round_id, RoundEvent.turn_id == turn.id
    )
    last = db.session.scalar(sent.where(RoundEvent.kind == "sent").order_by(RoundEvent.seq.desc()).limit(1))
    return last.get("consent") if last else None


def words_to_release(turn: Turn, row: Reflection) -> list[Words]:
    """The words that a release would open: not opened yet, and of a kind that waits for the counselor."""
    if turn.is_kept:
        return []
    events = [event for event in turn.round.events if event.turn_id == turn.id and event.kind == "opened"]
    opened = {event.detail["group"] for event in events}
    kinds = {"sealed"} if turn.round.assignment.opening == "counselor" else set()
    if consent_of(turn) in {"yes", "after_appointment"}:
        kinds.add("release")
    return [words for words in row.words if words.visibility in kinds and words.group not in opened]


def can_return(turn: Turn) -> bool:
    """True when its author can be asked for another pass: sent, and nothing of it has opened."""
    waits = turn.state == "sent" and (turn.awaits_opening or turn.is_kept)
    return waits and not any(one.kind == "opened" and one.turn_id == turn.id for one in turn.round.events)


def is_early(turn: Turn) -> bool:
    """True while its authors wait for the appointment at which it opens, as they read before it was delayed."""
    together = opened_together(turn)
    sent = max((one.sent_at for one in together if one.sent_at), default=None)
    if len(together) < 2 or sent is None:
        return False
    said = any(one.kind == "delayed" and one.detail["than"] == "appointment" for one in turn.round.events)
    held = (one for one in rounds.events_of(turn.round) if one.kind == "appointment")
    return said and not any(one.at >= sent for one in held)


def can_release(turn: Turn) -> bool:
    """True when the counselor's act would open something."""
    row = latest([turn]).get(turn.id)
    waits = row is not None and turn.awaits_opening and released_at(turn) is None
    return waits and row is not None and bool(words_to_release(turn, row))


# Readers


def readers_of(couple: Couple, author_id: UUID, now: datetime) -> Readers:
    """Who can read today what this partner writes."""
    staff = couples.counselors_and_above(couple.id, now)
    names = [counselor.name for counselor, _ in staff]
    others = list(dict.fromkeys(one.name for _, one in staff if one is not None and one.name not in names))
    partner = couples.other_of(couple, author_id)
    policy = practices.by_id(couple.practice_id).policy
    return Readers(names, others, partner.name if partner else None, policy)


# What came in

SentBy = Mapping[tuple[UUID, UUID], Reflection]
"""The last revision by turn and partner."""


def sent_in(viewer: Viewer, round_: Round) -> SentBy:
    """What was sent in a round, as far as this viewer may read it."""
    rows = came_in(viewer, round_)
    return {(row.turn_id, row.partner_id): row for row in rows if not row.is_addition}


def added_in(viewer: Viewer, round_: Round) -> list[Reflection]:
    """Dated additions to what was sent in a round, as far as this viewer may read them, in order."""
    added = [row for row in came_in(viewer, round_) if row.is_addition]
    return sorted(added, key=lambda row: row.sent_at)


def sent_before(viewer: Viewer, round_: Round) -> SentBy:
    """What was sent in the round before, as far as this viewer may read it."""
    rows = _in_and_before(viewer, round_)
    return {
        (row.turn_id, row.partner_id): row
        for row in rows
        if row.turn.round_id != round_.id and not row.is_addition
    }


def sent_for(viewer: Viewer, appointment_ids: Collection[UUID]) -> list[Reflection]:
    """What was sent in the rounds that belong to these appointments, as far as this viewer may read it."""
    rows = visible_to(viewer).join(Reflection.turn).join(Turn.round)
    found = _in_order(rows.where(Round.appointment_id.in_(appointment_ids)).order_by(Round.opens_at))
    return list({(row.turn_id, row.partner_id): row for row in found if not row.is_addition}.values())


def came_in(viewer: Viewer, round_: Round) -> list[Reflection]:
    """Every revision that was sent in a round and every addition, as far as this viewer may read them, in order."""
    return [row for row in _in_and_before(viewer, round_) if row.turn.round_id == round_.id]


@asked_once
def _in_and_before(viewer: Viewer, round_: Round) -> list[Reflection]:
    """The same of a round and of the one before it; whoever looks at one sets it beside the other."""
    numbers = (round_.number - 1, round_.number)
    rows = visible_to(viewer).join(Reflection.turn).join(Turn.round)
    return _in_order(rows.where(Round.assignment_id == round_.assignment_id, Round.number.in_(numbers)))


def _in_order(rows: Select[Reflection]) -> list[Reflection]:
    given = contains_eager(Reflection.turn).joinedload(Turn.round).joinedload(Round.assignment)
    whole = (given.lazyload(Assignment.recipients), joinedload(Reflection.words))
    return list(db.session.scalars(rows.order_by(Reflection.revision).options(*whole)).unique())


def queue(viewer: Viewer) -> list[Round]:
    """Rounds in which something came in that nobody has reviewed, the oldest first."""
    seen = couples.visible_to(viewer).with_only_columns(Couple.id)
    rows = select(Round).where(
        Round.couple_id.in_(seen), Round.came_in_at.is_not(None), Round.reviewed_at.is_(None)
    )
    return list(db.session.scalars(rows.order_by(Round.came_in_at)))


def notes_visible_to(viewer: Viewer) -> Select[NoteToCounselor]:
    """Words beside the answers: their author's own, and for staff those of the couples they may see."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        rows = select(NoteToCounselor).where(NoteToCounselor.couple_id.in_(seen))
        return rows.where(NoteToCounselor.partner_id.not_in(couples.CLOSED))
    if viewer.is_client:
        return select(NoteToCounselor).where(NoteToCounselor.partner_id.in_(viewer.partner_ids))
    return select(NoteToCounselor).where(false())


def unread_notes(viewer: Viewer) -> list[NoteToCounselor]:
    """Words beside the answers that no counselor has read, the oldest first."""
    unread = notes_visible_to(viewer).where(NoteToCounselor.read_at.is_(None))
    return list(db.session.scalars(unread.order_by(NoteToCounselor.at)))


def notes_of(viewer: Viewer, round_: Round) -> list[NoteToCounselor]:
    """Words beside the answers of a round, the oldest first."""
    of = notes_visible_to(viewer).where(NoteToCounselor.turn_id.in_([turn.id for turn in round_.turns]))
    return list(db.session.scalars(of.order_by(NoteToCounselor.at)))


def replies_in(viewer: Viewer, round_: Round) -> list[Reply]:
    """What was answered about a round, the oldest first."""
    return list(db.session.scalars(replies_for(viewer).where(Reply.round_id == round_.id).order_by(Reply.at)))


def senders(rounds: Iterable[Round]) -> dict[UUID, set[UUID]]:
    """By round, who has sent something that was not taken back; one statement."""
    rows = (
        select(Turn.round_id, Reflection.partner_id)
        .join(Turn, Turn.id == Reflection.turn_id)
        .where(Turn.round_id.in_([row.id for row in rounds]), Reflection.withdrawn_at.is_(None))
    )
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for round_id, partner_id in db.session.execute(rows):
        found[round_id].add(partner_id)
    return found
