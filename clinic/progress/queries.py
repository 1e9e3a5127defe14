"""Words and rounds as one named audience may read them: every figure of a report and every page of Ours rests on it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from clinic import clock
from clinic.access import Viewer
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises.queries import document_of
from clinic.extensions import asked_once, db
from clinic.homework.models import Assignment, Round, Turn
from clinic.progress.points import Position
from clinic.progress.rules import RoundGiven, Seen, counts_for
from clinic.progress.summary import Audience, Period
from clinic.reflections import queries as reflections
from clinic.reflections.models import Opening, Reflection, Words

POSITIONS: dict[Audience, Position] = {"partner_1": 1, "partner_2": 2}


def words_for(
    viewer: Viewer,
    couple: Couple,
    audience: Audience,
    period: Period | None = None,
    *,
    with_openings: bool = True,
) -> list[Seen]:
    """What this audience may read, in the order of the rounds. The viewer must be allowed to read it, too.

    The counselor: everything that was sent. The couple: what was opened from one to the other, and what they agreed
    on. A partner: the own words, what was opened to that partner, and what they agreed on.
    """
    openings = (
        [] if audience == "counselor" and not with_openings else _openings(viewer, couple, audience, period)
    )
    found = [] if audience == "counselor" else list(_from_openings(viewer, couple, audience, openings))
    if audience != "couple":
        opened = {(one.turn_id, one.group): one.at for one in openings}
        found += _from_reflections(couple, _sent(viewer, couple, audience, period), opened)
    if audience != "counselor":
        found += _from_reflections(couple, _agreed(viewer, couple, period), {}, joint=True)
    unique = {(seen.turn_id, seen.group, seen.by, seen.is_addition, seen.opened_at): seen for seen in found}
    return sorted(unique.values(), key=lambda seen: (seen.order, seen.given_on))


def own_words_for(viewer: Viewer, couple: Couple, audience: Audience) -> list[Seen]:
    """What a partner sent, without what both agreed on, in the order of the rounds.

    Nothing that is the other's as well is opened for it: it would stand among the looks at the other's words.
    """
    openings = _openings(viewer, couple, audience, None)
    opened = {(one.turn_id, one.group): one.at for one in openings}
    found = _from_reflections(couple, _sent(viewer, couple, audience, None), opened, joint=False)
    return sorted(found, key=lambda seen: (seen.order, seen.given_on))


# Openings


def exchanged(viewer: Viewer) -> Select[Opening]:
    """Words that passed between two partners: for staff of their couples, for a partner to and from that partner."""
    if viewer.is_client:
        mine = or_(Opening.to_id.in_(viewer.partner_ids), Opening.author_id.in_(viewer.partner_ids))
        return select(Opening).where(mine)
    return reflections.openings_for(viewer)


def openings_of(viewer: Viewer, couple: Couple) -> Sequence[Opening]:
    """Every opening in a couple in which this viewer has a side, the oldest first; the words stay closed."""
    return _openings(viewer, couple, "couple", None)


def words_of(viewer: Viewer, couple: Couple, audience: Audience, openings: Sequence[Opening]) -> list[Seen]:
    """The words of some openings."""
    return list(_from_openings(viewer, couple, audience, openings))


def agreed_for(viewer: Viewer, couple: Couple) -> list[Seen]:
    """What both agreed on, the newest round first."""
    found = _from_reflections(couple, _agreed(viewer, couple, None), {}, joint=True)
    return sorted(sorted(found, key=lambda seen: seen.order), key=lambda seen: seen.on, reverse=True)


def _openings(viewer: Viewer, couple: Couple, audience: Audience, period: Period | None) -> Sequence[Opening]:
    rows = exchanged(viewer).where(Opening.couple_id == couple.id)
    partner = next((one for one in couple.partners if one.position == POSITIONS.get(audience)), None)
    if partner is not None:
        rows = rows.where(or_(Opening.to_id == partner.id, Opening.author_id == partner.id))
    own = joinedload(Opening.words.and_(Opening.author_id.in_(viewer.partner_ids)))
    framed = _in_period(rows.join(Opening.turn), period).options(*_frame(contains_eager(Opening.turn)), own)
    return db.session.scalars(framed.order_by(Opening.at)).unique().all()


def _from_openings(
    viewer: Viewer, couple: Couple, audience: Audience, openings: Sequence[Opening]
) -> Iterator[Seen]:
    """Opened words lie under the reader's key; a client reads the own side of an exchange from the own words."""
    at = POSITIONS.get(audience)
    for one in openings:
        by = _position(couple, one.author_id)
        if at is not None and by == at:
            continue  # the own words come from the own reflections
        words = one.words if one.author_id in viewer.partner_ids else one
        if words is not None:
            day = clock.local_day(one.at, couple.zone)
            yield _seen(couple, one.turn, one.group, words.answers, by=by, given_on=day, opened_at=one.at)


# Reflections


def _sent(viewer: Viewer, couple: Couple, audience: Audience, period: Period | None) -> list[Reflection]:
    """The last revision of each turn, and the additions."""
    rows = reflections.visible_to(viewer).where(
        Reflection.couple_id == couple.id, Reflection.withdrawn_at.is_(None)
    )
    if at := POSITIONS.get(audience):
        own = [one.id for one in couple.partners if one.position == at]
        rows = rows.where(Reflection.partner_id.in_(own))
    return _latest(_framed(rows, period))


def _agreed(viewer: Viewer, couple: Couple, period: Period | None) -> list[Reflection]:
    """What both confirmed; joint words lie under the couple's key, whoever proposed them.

    A version that one of the two keeps with the counselor is no proposal, however new: only joint words count here.
    """
    rows = _joint(viewer).where(Reflection.couple_id == couple.id, Reflection.withdrawn_at.is_(None))
    rows = rows.where(Reflection.words.any(Words.visibility == "joint"))
    return _latest(_framed(rows, period, Turn.state == "agreed"))


def _joint(viewer: Viewer) -> Select[Reflection]:
    if viewer.is_staff:  # of both, also when the words of one of them end
        seen = couples.visible_to(viewer).with_only_columns(Couple.id)
        return select(Reflection).where(Reflection.couple_id.in_(seen))
    if viewer.is_client:
        return select(Reflection).where(Reflection.couple_id.in_(viewer.couple_ids))
    return select(Reflection).where(false())


def _framed(rows: Select[Reflection], period: Period | None, *more: Any) -> Select[Reflection]:
    framed = _in_period(rows.join(Reflection.turn).where(*more), period)
    options = (*_frame(contains_eager(Reflection.turn)), joinedload(Reflection.words))
    return framed.options(*options).order_by(Reflection.revision)


def _latest(rows: Select[Reflection]) -> list[Reflection]:
    """The newest words of a turn by who wrote them; joint ones are the turn's, whoever proposed them last."""
    found: dict[tuple[UUID, UUID | None, int], Reflection] = {}
    for row in db.session.scalars(rows).unique():
        is_joint = any(words.visibility == "joint" for words in row.words)
        by = None if is_joint else row.partner_id
        found[row.turn_id, by, row.revision if row.is_addition else 0] = row
    return list(found.values())


def _from_reflections(
    couple: Couple,
    rows: Iterable[Reflection],
    opened: Mapping[tuple[UUID, str], datetime],
    joint: bool | None = None,
) -> Iterator[Seen]:
    """The words of these, or of them only those that both agreed on, or only the others."""
    for row in rows:
        for words in row.words:
            if joint is None or joint == (words.visibility == "joint"):
                yield _seen(
                    couple,
                    row.turn,
                    words.group,
                    words.answers,
                    by=_position(couple, row.partner_id),
                    given_on=clock.local_day(row.sent_at, couple.zone),
                    opened_at=opened.get((row.turn_id, words.group)),
                    is_addition=row.is_addition,
                )


# Shared by both


def _in_period(rows: Select[Any], period: Period | None) -> Select[Any]:
    framed = rows.join(Turn.round).join(Round.assignment).join(Assignment.version)
    return (
        framed if period is None else framed.where(Round.local_on.between(period.starts_on, period.ends_on))
    )


def _frame(turn: Any) -> tuple[ORMOption, ...]:
    """A turn with its round, assignment and document in the same statement."""
    assignment = turn.contains_eager(Turn.round).contains_eager(Round.assignment)
    return (assignment.contains_eager(Assignment.version),)


def _seen(couple: Couple, turn: Turn, group: str, answers: Mapping[str, Any], **more: Any) -> Seen:
    round_, assignment = turn.round, turn.round.assignment
    _part, author, other, role = assignment.legs[turn.leg]
    opened_at = more.get("opened_at")
    return Seen(
        exercise=document_of(assignment.version),
        wording=assignment.version.hash,
        assignment_id=assignment.id,
        round_id=round_.id,
        number=round_.number,
        on=round_.local_on,
        turn_id=turn.id,
        leg=turn.leg,
        key=turn.key,
        attempt=turn.attempt,
        entry=turn.entry,
        author=_position(couple, UUID(author)),
        other=_position(couple, UUID(other)) if other else None,
        role=role,
        group=group,
        answers=answers,
        opened_on=clock.local_day(opened_at, couple.zone) if opened_at else None,
        is_addition=more.pop("is_addition", False) or "addition" in answers,
        **more,
    )


def _position(couple: Couple, partner_id: UUID) -> Position:
    return next(1 if one.position == 1 else 2 for one in couple.partners if one.id == partner_id)


# Rounds


def rounds_for(
    viewer: Viewer, couple: Couple, audience: Audience, words: Sequence[Seen], period: Period, now: datetime
) -> list[RoundGiven]:
    """The rounds that stand in this audience's figures; what was done is told from the words it may read alone."""
    by_round: dict[UUID, list[Seen]] = {}
    for seen in words:
        by_round.setdefault(seen.round_id, []).append(seen)
    found = [
        _given(couple, audience, row, by_round.get(row.id, []), now) for row in _rounds(couple, period, now)
    ]
    return [one for one in found if counts_for(audience, asked=one.asked, exercise=one.exercise)]


def _rounds(couple: Couple, period: Period, now: datetime) -> Sequence[Round]:
    rows = (
        select(Round)
        .join(Round.assignment)
        .where(Round.couple_id == couple.id, Assignment.state != "recalled", Round.opens_at <= now)
        .where(Round.local_on.between(period.starts_on, period.ends_on))
        .options(contains_eager(Round.assignment).joinedload(Assignment.version))
        .options(contains_eager(Round.assignment).selectinload(Assignment.recipients))
        .order_by(Round.local_on)
    )
    return db.session.scalars(rows).unique().all()


def _given(
    couple: Couple, audience: Audience, row: Round, words: Sequence[Seen], now: datetime
) -> RoundGiven:
    return RoundGiven(
        exercise=document_of(row.assignment.version),
        on=row.local_on,
        asked=_asked(couple, audience, row.assignment),
        done_by=frozenset(seen.by for seen in words),
        is_closed=row.closed_at is not None or row.closes_at <= now,
        has_opened=any(seen.opened_at is not None for seen in words),
    )


def _asked(couple: Couple, audience: Audience, given: Assignment) -> frozenset[Position]:
    """Who was given it, as far as this audience knows."""
    asked = frozenset(_position(couple, one.partner_id) for one in given.recipients)
    return asked & {POSITIONS[audience]} if audience in POSITIONS else asked


@asked_once
def first_day(couple: Couple, audience: Audience, now: datetime) -> date:
    """The local day of the first round that stands in this audience's figures, or of the couple's record.

    What the other was given alone must not move the days of a report: the reader would see that there was something.
    """
    rows = (
        select(Assignment, func.min(Round.local_on))
        .join(Round, Round.assignment_id == Assignment.id)
        .where(Round.couple_id == couple.id, Assignment.state != "recalled", Round.opens_at <= now)
        .group_by(Assignment.id)
        .options(joinedload(Assignment.version), selectinload(Assignment.recipients))
    )
    days = [
        day
        for given, day in db.session.execute(rows)
        if counts_for(audience, asked=_asked(couple, audience, given), exercise=document_of(given.version))
    ]
    return min(days, default=clock.local_day(couple.created_at, couple.zone))
