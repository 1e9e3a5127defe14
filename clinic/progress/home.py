"""What a client's pages show: one thing to do, what is done, what opened; folded from declassified events alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import String, cast, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, lazyload

from clinic import clock
from clinic.access import Viewer
from clinic.accounts.models import StaffMember
from clinic.appointments.models import Appointment
from clinic.audit import AuditEvent, WordsRead
from clinic.couples import queries as couples
from clinic.couples.models import Couple, CoupleCounselor, EmergencyAccess, Partner
from clinic.exercises.queries import document_of
from clinic.exercises.turns import RoundState, TurnState
from clinic.extensions import db
from clinic.homework import queries as homework
from clinic.homework.agreed import Agreed
from clinic.homework.cards import Task
from clinic.homework.models import Assignment, Recipient, Round, Turn
from clinic.homework.rules import TO_WRITE
from clinic.progress import exchange, queries, report, rules
from clinic.progress.exchange import Exchange
from clinic.progress.rules import Seen
from clinic.progress.summary import Audience, Win
from clinic.reflections import queries as reflections
from clinic.reflections.models import Draft, Opening, Reflection, Reply
from clinic.safety import queries as safety

KEPT_IN_VIEW = timedelta(days=42)
"""What was done stays on the page so long after its round."""

OPENED_IN_VIEW = 5


@dataclass(frozen=True)
class Done:
    """One own part that is done, and what becomes of it."""

    turn_id: UUID
    title: str
    sent_on: date
    said: str


@dataclass(frozen=True)
class Opened:
    """One round whose words both may read."""

    round_id: UUID
    title: str
    on: date


@dataclass(frozen=True)
class Home:
    """A client's home in one couple."""

    tasks: Sequence[Task]
    done: Sequence[Done]
    opened: Sequence[Opened]
    win: Win | None
    replies: Sequence[Reply]
    appointment: Appointment | None
    counselor: StaffMember | None


def home_of(viewer: Viewer, couple: Couple, partner: Partner, now: datetime) -> Home:
    """Everything on it follows from this partner's own acts and from what was declassified."""
    rounds = _rounds_of(couple, partner, now)
    ceiling = safety.ceiling_of(couple, now)
    states, turns = (
        homework.states_for(partner.id, rounds, now, ceiling=ceiling),
        homework.turns_in(viewer, rounds),
    )
    told = [(row, states[row.id], turns[row.id]) for row in rounds]
    tasks = [task for row, state, own in told for task in _tasks(row, state, own, partner, rounds[row])]
    openings = queries.openings_of(viewer, couple)
    appointment = report.next_appointment(viewer, couple, _audience(partner), now)
    couples.counselors_and_above(couple.id, now)  # who counsels is named here, too: fetched once for both
    return Home(
        tasks=sorted(tasks, key=lambda task: (task.asked.repeat is not None, task.until or now)),
        done=[line for row, state, own in told for line in _done(row, state, own, partner)],
        opened=list(_opened(couple, openings))[:OPENED_IN_VIEW],
        win=next(_wins(viewer, couple, openings), None),
        replies=_replies(viewer, couple, now),
        appointment=appointment,
        counselor=db.session.get(StaffMember, appointment.staff_id) if appointment else None,
    )


def _audience(partner: Partner) -> Audience:
    return "partner_1" if partner.position == 1 else "partner_2"


def _rounds_of(couple: Couple, partner: Partner, now: datetime) -> dict[Round, frozenset[UUID]]:
    """What a partner was given and may still look at, each with the own turns in which a draft waits."""
    begun = select(func.aggregate_strings(cast(Draft.turn_id, String), " ")).join(
        Turn, Turn.id == Draft.turn_id
    )
    begun = begun.where(Turn.round_id == Round.id, Draft.partner_id == partner.id, Turn.state.in_(TO_WRITE))
    rows = (
        select(Round, begun.scalar_subquery())
        .join(Round.assignment)
        .join(Recipient, Recipient.assignment_id == Assignment.id)
        .where(
            Round.couple_id == couple.id, Recipient.partner_id == partner.id, Assignment.state != "recalled"
        )
        .where(Round.opens_at <= now, or_(Round.closed_at.is_(None), Round.closes_at > now - KEPT_IN_VIEW))
        .options(contains_eager(Round.assignment).joinedload(Assignment.version))
        .options(contains_eager(Round.assignment).joinedload(Assignment.recipients))
        .order_by(Round.opens_at.desc(), Assignment.assigned_at, Assignment.slug)
        .limit(40)
    )
    found = db.session.execute(rows).unique()
    return {row: frozenset(map(UUID, (drafts or "").split())) for row, drafts in found}


# To do, done


def _tasks(
    row: Round, state: RoundState, own: Sequence[Turn], partner: Partner, begun: frozenset[UUID]
) -> Iterator[Task]:
    if row.assignment.state != "active":
        return
    document = homework.document_for(row)
    may = {(turn, act) for who, turn, act in state.acts if who == partner.id}
    for turn in own:
        name = homework.turn_id_of(turn)
        one = state.turns.get(name)
        if one is None or (one.status == "proposed" and one.sent_by == partner.id):
            continue
        act = "confirm" if (name, "confirm") in may else "write" if (name, "write") in may else None
        if act is not None:
            yield Task(
                asked=one.turn,
                exercise=document,
                agreed=_agreed(row, partner),
                until=one.until or row.closes_at,
                opening=row.assignment.opening,
                act=act,
                has_begun=turn.id in begun,
                turn=turn,
            )


def _agreed(row: Round, partner: Partner) -> Agreed:
    own = next((one for one in row.assignment.recipients if one.partner_id == partner.id), None)
    return own.agreed if own else Agreed()


def _done(row: Round, state: RoundState, own: Sequence[Turn], partner: Partner) -> Iterator[Done]:
    """The own parts that were sent and have not opened; of a log the whole is one line."""
    document = homework.document_for(row)
    waiting = [one for one in state.turns.values() if _waits(one, partner)]
    rows = {homework.turn_id_of(turn): turn for turn in own}
    said: set[str] = set()
    for one in waiting:
        if one.id not in rows or one.turn.key in said:
            continue
        said.add(one.turn.key)
        step = "" if len(document.turns) == 1 else f": {one.turn.title.lower()}"
        yield Done(
            turn_id=rows[one.id].id,
            title=f"{document.title}{step}",
            sent_on=clock.local_day(one.sent_at or row.opens_at, row.assignment.zone),
            said=exchange.waiting_said(
                one.turn,
                row.assignment.opening,
                is_kept=one.is_whole_narrowed,
                is_closed=state.closed_at is not None,
            ),
        )


def _waits(one: TurnState, partner: Partner) -> bool:
    return one.sent_by == partner.id and one.status in {"sent", "returned", "proposed"} and not one.opened_to


# What opened


def _opened(couple: Couple, openings: Sequence[Opening]) -> Iterator[Opened]:
    """Rounds by their last opening, the newest first; dates only."""
    told: set[UUID] = set()
    for one in reversed(openings):
        if one.turn.round_id not in told:
            told.add(one.turn.round_id)
            title = one.turn.round.assignment.version.title
            yield Opened(one.turn.round_id, title, clock.local_day(one.at, couple.zone))


def opened_for(viewer: Viewer, couple: Couple) -> list[Opened]:
    """Every round of which words opened, the newest opening first."""
    return list(_opened(couple, queries.openings_of(viewer, couple)))


def _wins(viewer: Viewer, couple: Couple, openings: Sequence[Opening]) -> Iterator[Win]:
    """Small wins that both may read, the newest first; only words in which one was asked for are opened."""
    for one in reversed(openings):
        asked = document_of(one.turn.round.assignment.version).turns[one.turn.key]
        group = next((group for group in asked.groups if group.key == one.group), None)
        if group is not None and any(field.marks == "victory" for field in group.fields):
            yield from reversed(rules.wins(queries.words_of(viewer, couple, "couple", [one])))


def exchange_for(viewer: Viewer, couple: Couple, round_id: UUID) -> Exchange | None:
    """One round as both may read it."""
    openings = [one for one in queries.openings_of(viewer, couple) if one.turn.round_id == round_id]
    return exchange.exchange(queries.words_of(viewer, couple, "couple", openings))


@dataclass(frozen=True)
class Ours:
    """What both may read, beside the exchanges: wins, and what they agreed on."""

    wins: Sequence[Win]
    agreed: Sequence[Seen]


def ours_for(viewer: Viewer, couple: Couple) -> Ours:
    """Wins that opened, the newest first, and joint plans."""
    openings = queries.openings_of(viewer, couple)
    agreed = queries.agreed_for(viewer, couple)
    return Ours(wins=list(_wins(viewer, couple, openings)), agreed=agreed)


def _replies(viewer: Viewer, couple: Couple, now: datetime) -> Sequence[Reply]:
    """What the counselor answered this partner in the last six weeks."""
    rows = reflections.replies_for(viewer).where(Reply.couple_id == couple.id, Reply.at > now - KEPT_IN_VIEW)
    return db.session.scalars(rows.order_by(Reply.at.desc()).limit(3)).all()


# Mine


def mine_for(viewer: Viewer, partner: Partner) -> Sequence[Reflection]:
    """What this partner sent, the newest first, one row for each part; the words stay closed."""
    rows = (
        reflections.visible_to(viewer)
        .where(
            Reflection.partner_id == partner.id,
            Reflection.withdrawn_at.is_(None),
            Reflection.is_addition.is_(False),
        )
        .options(joinedload(Reflection.turn).joinedload(Turn.round), lazyload(Reflection.words))
        .order_by(Reflection.revision)
    )
    latest = {row.turn_id: row for row in db.session.scalars(rows).unique()}
    return sorted(latest.values(), key=lambda row: row.sent_at, reverse=True)


@dataclass(frozen=True)
class Look:
    """One day on which somebody of the practice read what this partner sent."""

    reader: str
    role: str
    on: date
    kinds: Sequence[str]
    whys: Sequence[str]


KINDS = {"words": "what you sent", "note_to_counselor": "a word that you left for your counselor"}
WHYS = {
    "reflections": "to review it",
    "appointments": "to prepare an appointment",
    "progress.report": "for a report",
    "progress": "to see how you both go on",
}
"""By the purpose of a reading, or the part of the house that it belongs to. Of a request or a duty the record tells."""

OTHER_WHY = "in their work with you"
LOOKS_IN_VIEW = 30


def looks_at(couple: Couple, partner: Partner) -> list[Look]:
    """Which staff read this partner's words, and for what, by day, the latest first.

    By day and no closer: a counselor reads both sides in one sitting, so that a minute would tell when the other sent.
    """
    rows = (
        select(StaffMember, WordsRead.at, WordsRead.kind, AuditEvent.detail["purpose"].as_string())
        .join(WordsRead, WordsRead.reader_id == StaffMember.person_id)
        .join(AuditEvent, AuditEvent.id == WordsRead.event_id)
        .where(WordsRead.owner_id.in_([partner.id, couple.id]))
        .order_by(WordsRead.at.desc())
        .limit(LOOKS_IN_VIEW * 20)
    )
    seen: dict[tuple[UUID, date], set[str]] = {}
    staff: dict[UUID, StaffMember] = {}
    for member, at, kind, purpose in db.session.execute(rows):
        staff[member.id] = member
        seen.setdefault((member.id, clock.local_day(at, couple.zone)), set()).update({kind, why(purpose)})
    roles = _roles_in(couple)
    looks = [
        Look(
            staff[id_].name,
            roles(staff[id_], on),
            on,
            [said for kind, said in KINDS.items() if kind in found],
            [said for said in (*WHYS.values(), OTHER_WHY) if said in found],
        )
        for (id_, on), found in seen.items()
    ]
    return looks[:LOOKS_IN_VIEW]


def why(purpose: str) -> str:
    return WHYS.get(purpose) or WHYS.get(purpose.partition(".")[0], OTHER_WHY)


def _roles_in(couple: Couple) -> Callable[[StaffMember, date], str]:
    """Why somebody could read on a day: as the counselor, standing in, in an emergency, or supervising."""
    at_work, opened = couples.staffing_of(couple.id), couples.emergencies_of(couple.id)

    def role(member: StaffMember, on: date) -> str:
        if any(_held(one, member, couple, on) and not one.is_cover for one in at_work):
            return "your counselor"
        if any(_held(one, member, couple, on) for one in at_work):
            return "stood in for your counselor"
        if any(_held(one, member, couple, on) for one in opened):
            return "in an emergency, for a reason that your counselor can tell you"
        return "supervisor" if member.is_supervisor else "of the practice"

    return role


def _held(one: CoupleCounselor | EmergencyAccess, member: StaffMember, couple: Couple, on: date) -> bool:
    first = clock.local_day(one.from_at, couple.zone)
    last = clock.local_day(one.until_at, couple.zone) if one.until_at else date.max
    return one.staff_id == member.id and first <= on <= last
