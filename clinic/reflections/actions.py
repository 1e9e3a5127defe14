"""Verbs of writing: save a draft, send, keep back, open, release, answer. Words go where the fold says, and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from clinic import audit, vault
from clinic.access import Viewer
from clinic.couples.models import Couple
from clinic.exercises import answers as shapes
from clinic.exercises.document import Field, Flag
from clinic.exercises.document import Turn as Asked
from clinic.exercises.turns import Act, RoundState
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import queries as rounds
from clinic.homework.models import Round, Turn
from clinic.practice.models import Practice
from clinic.reflections import queries, rules
from clinic.reflections.models import Draft, Opening, Reflection, Reply, RoundReview, Words
from clinic.reflections.rules import Sending
from clinic.safety import actions as safety


class NotNow(Exception):
    """The turn does not admit this act any more, or not yet; what was written is kept in the draft."""


class Incomplete(Exception):
    """Required questions are unanswered; `fields` names them."""

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__(f"{len(fields)} unanswered")
        self.fields = tuple(fields)


class Conflict(Exception):
    """Another save came in between; `draft` is what it left."""

    def __init__(self, draft: Draft) -> None:
        super().__init__("saved elsewhere")
        self.draft = draft


@dataclass(frozen=True)
class Author:
    """A partner at work on one turn, with what the document asks there."""

    viewer: Viewer
    partner_id: UUID
    turn: Turn
    role: str = "mutual"

    @property
    def round(self) -> Round:
        return self.turn.round

    @property
    def asked(self) -> Asked:
        return rounds.document_for(self.turn.round).turns[self.turn.key]


@dataclass(frozen=True)
class Sent:
    """What sending led to: the reflection, and the flags that ask for the stop page."""

    reflection: Reflection
    flags: tuple[Flag, ...] = ()
    is_unsafe: bool = False

    @property
    def stops(self) -> bool:
        """True when the answer must show the crisis block at once."""
        return self.is_unsafe or any(flag.stop for flag in self.flags)


# Drafts


def save_draft(author: Author, sending: Sending, seen: int, now: datetime) -> Draft:
    """Keep unsent words. `seen` is the version that the writer saw, 0 for none; a later one raises Conflict."""
    draft = queries.draft_of(author.turn, author.partner_id)
    if draft is None:
        draft = Draft(turn_id=author.turn.id, partner_id=author.partner_id, version=0, saved_at=now, body={})
        db.session.add(draft)
    elif draft.version != seen:
        if draft.body == sending.to_json():
            return draft
        raise Conflict(draft)
    draft.body, draft.version, draft.saved_at, draft.kept = sending.to_json(), draft.version + 1, now, None
    db.session.flush()
    return draft


def keep_text(author: Author, sending: Sending, seen: int, now: datetime) -> None:
    """Keep a text that came in when it could not be saved in the usual way; it never overwrites anything."""
    try:
        save_draft(author, sending, seen, now)
    except Conflict as conflict:
        conflict.draft.kept = sending.to_json()


def settle(author: Author, sending: Sending, now: datetime) -> Draft:
    """Keep what the writer chose out of two versions, whatever was there."""
    draft = queries.draft_of(author.turn, author.partner_id)
    return save_draft(author, sending, draft.version if draft else 0, now)


# Sending


def send(author: Author, sending: Sending, now: datetime) -> Sent:
    """Hand in a turn: words by audience, the act, flags, and whatever opens by it."""
    before = rounds.state_of(author.round, now)
    _must_admit(before, author, "write", "revise")
    absent = shapes.missing(author.asked, sending.answers, role=author.role, attempt=author.turn.attempt)
    if absent:
        raise Incomplete(absent)
    sending = replace(sending, answers=_to_send(author, sending))
    reflection = _write(author, sending, now)
    raised = _raise_flags(author, sending, now)
    if author.asked.agree:
        _propose(author, sending, now)
    else:
        _note_sending(author, sending, now)
    perform_openings(author.round, now)
    _came_in(author.round, now)
    audit.record(author.viewer, "send", author.turn, revision=reflection.revision)
    return Sent(reflection, tuple(raised), is_unsafe=author.asked.reaches_partner and sending.safe == "no")


def _must_admit(folded: RoundState, author: Author, *acts: Act) -> None:
    name = rounds.turn_id_of(author.turn)
    if not any((author.partner_id, name, act) in folded.acts for act in acts):
        raise NotNow("This part is not open any more. What you wrote is kept.")


def _to_send(author: Author, sending: Sending) -> dict[str, Any]:
    return shapes.to_send(author.asked, sending.answers, role=author.role, attempt=author.turn.attempt)


def _write(author: Author, sending: Sending, now: datetime, *, whole: bool | None = None) -> Reflection:
    """The reflection with its words, one sealed blob for each group; the draft has done its work."""
    couple = db.session.get_one(Couple, author.turn.couple_id)
    readers = queries.readers_of(couple, author.partner_id, now)
    kept = rules.is_kept(author.asked, sending) if whole is None else whole
    reflection = Reflection(
        turn_id=author.turn.id,
        turn=author.turn,
        couple_id=author.turn.couple_id,
        partner_id=author.partner_id,
        revision=_next_revision(author.turn),
        sent_at=now,
        wording=f"{author.round.assignment.version.hash}/en",
        policy_version=db.session.get_one(Practice, couple.practice_id).policy_version,
        readers=rules.readers_sentence(author.asked, readers, author.round.assignment.opening, kept=kept),
    )
    db.session.add(reflection)
    for group, (visibility, answers) in rules.divided(author.asked, sending).items():
        owner = ("couple", author.turn.couple_id) if visibility == "joint" else ("partner", author.partner_id)
        reflection.words.append(
            Words(group=group, visibility=visibility, owner_kind=owner[0], owner_id=owner[1], answers=answers)
        )
    if draft := queries.draft_of(author.turn, author.partner_id):
        db.session.delete(draft)
    db.session.flush()
    return reflection


def _next_revision(turn: Turn) -> int:
    last = db.session.scalar(select(func.max(Reflection.revision)).where(Reflection.turn_id == turn.id))
    return (last or 0) + 1


def _note_sending(author: Author, sending: Sending, now: datetime) -> None:
    groups = [key for key, (kind, _) in rules.divided(author.asked, sending).items() if kind != "counselor"]
    detail: dict[str, Any] = {"groups": groups, "answered": _dates(author, sending.answers)}
    if rules.is_kept(author.asked, sending):
        detail["whole"] = True
    if author.asked.again:
        detail["met"] = rules.is_met(author.asked, sending.answers)
    if author.asked.asks_consent:
        detail["consent"] = sending.consent or author.asked.consent or "no"
    homework.note(author.round, "sent", now, turn=author.turn, by=author.partner_id, **detail)


def _dates(author: Author, answers: Mapping[str, Any]) -> dict[str, str]:
    """Answered dates on which something else opens: the engine is told the moment, not the words."""
    awaited = {turn.opens.answered for turn in rounds.document_for(author.round).turns.values() if turn.opens}
    zone = ZoneInfo(author.round.assignment.zone)
    named = {f"{author.turn.key}.{key}": shapes.moment_of(answer, zone) for key, answer in answers.items()}
    return {name: at.isoformat() for name, at in named.items() if name in awaited and at}


def _raise_flags(author: Author, sending: Sending, now: datetime) -> list[Flag]:
    found = shapes.raised_by_field(author.asked, sending.answers, _earlier(author))
    for field in found:
        safety.raise_flag(author.viewer, author.turn.couple_id, author.partner_id, author.turn.id, field, now)
    if author.asked.reaches_partner and sending.safe in {"no", "not_sure"}:
        safety.raise_flag(author.viewer, author.turn.couple_id, author.partner_id, author.turn.id, "safe", now)
    return [flag for flags in found.values() for flag in flags]


def _earlier(author: Author) -> dict[str, Mapping[str, Any]]:
    """The writer's own answers in this round, by turn key."""
    rows = queries.latest(turn for turn in author.round.turns if turn.id != author.turn.id)
    mine = [row for row in rows.values() if row.partner_id == author.partner_id]
    return {row.turn.key: queries.as_sent(row).answers for row in mine}


def _came_in(round_: Round, now: datetime) -> None:
    round_.came_in_at, round_.reviewed_at = now, None
    db.session.get_one(Couple, round_.couple_id).attention_at = now


# Joint words


def _propose(author: Author, sending: Sending, now: datetime) -> None:
    detail = {"hash": rules.bound_hash(sending.answers), "answered": _dates(author, sending.answers)}
    homework.note(author.round, "proposed", now, turn=author.turn, by=author.partner_id, **detail)


def confirm(author: Author, seen_hash: str, now: datetime) -> None:
    """Agree to exactly the proposal that was read; another one that came in between raises NotNow."""
    _must_admit(rounds.state_of(author.round, now), author, "confirm")
    proposal = queries.latest([author.turn])[author.turn.id]
    if rules.bound_hash(queries.as_sent(proposal).answers) != seen_hash:
        raise NotNow("There is a newer proposal. Please read it first.")
    homework.note(author.round, "confirmed", now, turn=author.turn, by=author.partner_id, hash=seen_hash)
    _came_in(author.round, now)
    audit.record(author.viewer, "confirm", author.turn)


def decline(author: Author, now: datetime) -> None:
    """Suggest another time, or say no; a reason is not asked for."""
    _must_admit(rounds.state_of(author.round, now), author, "decline")
    homework.note(author.round, "declined", now, turn=author.turn, by=author.partner_id)
    audit.record(author.viewer, "decline", author.turn)


# After sending


def take_back(author: Author, now: datetime) -> Draft:
    """Take unopened words back: they are a draft again, and nobody else has them."""
    _must_admit(rounds.state_of(author.round, now), author, "take_back")
    row = queries.latest([author.turn])[author.turn.id]
    row.withdrawn_at = now
    draft = settle(author, queries.as_sent(row), now)
    homework.note(author.round, "took_back", now, turn=author.turn, by=author.partner_id)
    audit.record(author.viewer, "take back", author.turn)
    return draft


def narrow(author: Author, fields: Sequence[str], now: datetime) -> Reflection:
    """Keep fields, or with none named the whole of it, for the counselor; possible until it opens."""
    _must_admit(rounds.state_of(author.round, now), author, "narrow")
    sent = queries.as_sent(queries.latest([author.turn])[author.turn.id])
    sending = replace(sent, keep=not fields, narrowed=tuple({*sent.narrowed, *fields}))
    reflection = _write(author, sending, now)
    if fields:
        audit.record(author.viewer, "narrow", author.turn)
        return reflection
    homework.note(author.round, "narrowed", now, turn=author.turn, by=author.partner_id)
    audit.record(author.viewer, "narrow", author.turn)
    return reflection


def add(author: Author, text: str, now: datetime) -> Reflection:
    """A dated addition below opened words; it reaches whom they reached."""
    _must_admit(rounds.state_of(author.round, now), author, "add")
    given = [key for to, turn, key in rounds.state_of(author.round, now).visible if turn == rounds.turn_id_of(author.turn)]
    reflection = _write(author, Sending(), now)
    reflection.is_addition = True
    words = Words(
        group=given[0], visibility="partner", owner_kind="partner", owner_id=author.partner_id, answers={"addition": text}
    )
    reflection.words.append(words)
    db.session.flush()
    for to in {to for to, turn, _ in rounds.state_of(author.round, now).visible if turn == rounds.turn_id_of(author.turn)}:
        _open(reflection, words, to, "addition", now)
    _came_in(author.round, now)
    return reflection


# Openings


def perform_openings(round_: Round, now: datetime) -> int:
    """Give the words that the fold says are due, each sealed under its reader's key; returns how many."""
    done = 0
    while due := rounds.state_of(round_, now).due:
        for one in due:
            turn = next(row for row in round_.turns if rounds.turn_id_of(row) == one.turn)
            found = queries.words_for_opening(turn, one.group)
            if found is None:
                raise vault.VaultError("Words that are due to open are not there.")
            _open(*found, one.to, one.mode, now)  # type: ignore[arg-type]  # partner ids are UUIDs here
            homework.note(round_, "opened", now, turn=turn, by=found[0].partner_id, group=one.group, to=one.to)
            homework.offer_words(round_, turn, one.to, now)  # type: ignore[arg-type]
            done += 1
    return done


def _open(reflection: Reflection, words: Words, to: UUID, mode: str, now: datetime) -> Opening:
    with vault.house("opening"):
        answers = dict(words.answers)
    opening = Opening(
        words_id=words.id,
        turn_id=reflection.turn_id,
        couple_id=reflection.couple_id,
        group=words.group,
        revision=reflection.revision,
        author_id=reflection.partner_id,
        to_id=to,
        at=now,
        mode=mode,
        answers=answers,
    )
    db.session.add(opening)
    return opening


def release(viewer: Viewer, turn: Turn, now: datetime) -> None:
    """Let the partner read: takes effect after the hold, and can be called back until then."""
    row = queries.latest([turn]).get(turn.id)
    if row is None or not turn.awaits_opening:
        raise NotNow("There is nothing here that can be released: it was kept, taken back or opened already.")
    homework.note(turn.round, "released", now, turn=turn)
    audit.record(viewer, "release", turn, revision=row.revision)


def call_back(viewer: Viewer, turn: Turn, now: datetime) -> None:
    """Undo a release within the hold."""
    if not turn.awaits_opening:
        raise NotNow("It has opened already.")
    homework.note(turn.round, "called_back", now, turn=turn)
    audit.record(viewer, "call back", turn)


def return_for_another_pass(viewer: Viewer, turn: Turn, now: datetime) -> None:
    """Ask the author for another pass; what was sent stays until the new one comes."""
    if turn.state != "sent" or not (turn.awaits_opening or turn.is_kept):
        raise NotNow("It has opened already; ask for an addition instead.")
    homework.note(turn.round, "returned", now, turn=turn)
    audit.record(viewer, "return", turn)


# The counselor's side


def reply(viewer: Viewer, round_: Round, to: Sequence[UUID], text: str, now: datetime) -> list[Reply]:
    """Answer one partner or both; each has a row under the own key."""
    rows = [
        Reply(
            round_id=round_.id,
            couple_id=round_.couple_id,
            to_id=partner_id,
            staff_id=viewer.staff_id,
            at=now,
            is_to_both=len(to) > 1,
            text=text,
        )
        for partner_id in to
    ]
    db.session.add_all(rows)
    audit.record(viewer, "reply", round_, to=[str(one) for one in to])
    return rows


def review(
    viewer: Viewer,
    round_: Round,
    now: datetime,
    *,
    note: str | None = None,
    quality: Mapping[str, int] | None = None,
    meets: Sequence[str] | None = None,
    is_done: bool = False,
) -> RoundReview:
    """Keep the counselors' side of a round; what is None stays as it was. `is_done` marks it reviewed."""
    row = queries.review_of(round_.id)
    if row is None:
        row = RoundReview(practice_id=viewer.practice_id, round_id=round_.id, couple_id=round_.couple_id)
        db.session.add(row)
    row.by_id, row.at = viewer.staff_id, now  # type: ignore[assignment]  # counselors are staff
    for name, value in (("note", note), ("quality", quality), ("meets", meets)):
        if value is not None:
            setattr(row, name, value)
    if is_done:
        round_.reviewed_at = now
    audit.record(viewer, "review", round_, done=is_done)
    return row
