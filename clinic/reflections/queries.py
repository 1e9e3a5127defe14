"""Reads of what people wrote. A partner reads the own words and openings; staff read what was sent."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, false, select
from sqlalchemy.orm import selectinload

from clinic.access import Viewer
from clinic.accounts.models import StaffMember
from clinic.couples import queries as couples
from clinic.couples.models import Couple, CoupleCounselor, Partner
from clinic.extensions import db
from clinic.homework.models import Turn
from clinic.practice.models import Practice
from clinic.reflections.models import Draft, Opening, Reflection, Reply, RoundReview, Words
from clinic.reflections.rules import Readers, Sending


def visible_to(viewer: Viewer) -> Select[tuple[Reflection]]:
    """A partner's own reflections; for staff those of the couples they may see, unless they were taken back."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        return select(Reflection).where(Reflection.couple_id.in_(seen), Reflection.withdrawn_at.is_(None))
    if viewer.is_client:
        return select(Reflection).where(Reflection.partner_id.in_(viewer.partner_ids))
    return select(Reflection).where(false())


def openings_for(viewer: Viewer) -> Select[tuple[Opening]]:
    """Words that were opened to this partner; for staff all openings of the couples they may see."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        return select(Opening).where(Opening.couple_id.in_(seen))
    if viewer.is_client:
        return select(Opening).where(Opening.to_id.in_(viewer.partner_ids))
    return select(Opening).where(false())


def replies_for(viewer: Viewer) -> Select[tuple[Reply]]:
    """The counselor's answers to this partner; for staff those in the couples they may see."""
    if viewer.is_staff:
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        return select(Reply).where(Reply.couple_id.in_(seen))
    return select(Reply).where(Reply.to_id.in_(viewer.partner_ids)) if viewer.is_client else select(Reply).where(false())


def draft_of(turn: Turn, partner_id: UUID) -> Draft | None:
    """The unsent words of one partner for one turn; nobody else ever asks for them."""
    return db.session.scalar(select(Draft).where(Draft.turn_id == turn.id, Draft.partner_id == partner_id))


def latest(turns: Iterable[Turn]) -> dict[UUID, Reflection]:
    """The last revision of each turn that was not taken back, additions apart."""
    rows = db.session.scalars(
        select(Reflection)
        .where(Reflection.turn_id.in_([turn.id for turn in turns]), Reflection.withdrawn_at.is_(None))
        .where(Reflection.is_addition.is_(False))
        .order_by(Reflection.revision)
        .options(selectinload(Reflection.words))
    )
    return {row.turn_id: row for row in rows}


def additions(turns: Iterable[Turn]) -> list[Reflection]:
    """Dated additions to opened words, in order."""
    ids = [turn.id for turn in turns]
    rows = select(Reflection).where(Reflection.turn_id.in_(ids), Reflection.is_addition.is_(True))
    return list(db.session.scalars(rows.order_by(Reflection.sent_at).options(selectinload(Reflection.words))))


def review_of(round_id: UUID) -> RoundReview | None:
    """The counselors' side of a round."""
    return db.session.scalar(select(RoundReview).where(RoundReview.round_id == round_id))


def as_sent(reflection: Reflection) -> Sending:
    """What its author handed in, put together again from the groups."""
    from_groups: dict[str, object] = {}
    tail: dict[str, object] = {}
    engine: dict[str, str] = {}
    narrowed: list[str] = []
    for words in sorted(reflection.words, key=lambda one: one.visibility == "counselor"):
        match words.group:
            case "tail":
                tail = dict(words.answers)
            case "engine":
                engine = dict(words.answers)
            case group:
                if group == "counselor" and len({w.group for w in reflection.words} - {"tail", "engine"}) > 1:
                    narrowed += [key for key in words.answers if key in from_groups]
                from_groups.update(words.answers)
    return Sending(
        answers=from_groups,
        safe=engine.get("safe"),
        consent=engine.get("consent"),  # type: ignore[arg-type]  # one of the three words
        keep=reflection.turn.is_kept,
        narrowed=tuple(narrowed),
        tail=tail,
    )


def readers_of(couple: Couple, author_id: UUID, now: datetime) -> Readers:
    """Who can read today what this partner writes."""
    at_work = select(StaffMember).join(CoupleCounselor, CoupleCounselor.staff_id == StaffMember.id)
    counselors = list(
        db.session.scalars(
            at_work.where(
                CoupleCounselor.couple_id == couple.id,
                CoupleCounselor.from_at <= now,
                (CoupleCounselor.until_at.is_(None)) | (CoupleCounselor.until_at > now),
                StaffMember.left_at.is_(None),
            ).order_by(CoupleCounselor.from_at)
        )
    )
    above = {one.supervisor_id for one in counselors if one.supervisor_id}
    supervisors = db.session.scalars(select(StaffMember).where(StaffMember.id.in_(above))) if above else []
    partner = next((one for one in couple.partners if one.id != author_id), None)
    policy = db.session.get_one(Practice, couple.practice_id).policy
    names = [one.name for one in counselors]
    return Readers(names, [one.name for one in supervisors], partner.name if partner else None, policy)


def partner_row(partner_id: UUID) -> Partner:
    """A partner by id, for rows that were already fetched for the viewer."""
    return db.session.get_one(Partner, partner_id)


def words_for_opening(turn: Turn, group: str) -> tuple[Reflection, Words] | None:
    """The latest words of a group, with the revision that an opening will name."""
    row = latest([turn]).get(turn.id)
    words = next((one for one in row.words if one.group == group), None) if row else None
    return (row, words) if row and words else None
