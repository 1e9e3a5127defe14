"""Verbs of writing: send, keep back, add, agree. Words go where the fold says, nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from clinic import audit, vault
from clinic.couples import queries as couples
from clinic.couples.models import Couple
from clinic.exercises import answers as shapes
from clinic.exercises.document import Field, Flag
from clinic.exercises.own_questions import keeps_with_counselor
from clinic.exercises.turns import Act, Ceiling, EventKind, RoundState
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import queries as rounds
from clinic.homework.models import Round
from clinic.practice.models import Practice
from clinic.reflections import queries, rules
from clinic.reflections.desk import (
    call_back,
    mark_note_read,
    mark_read_aloud,
    release,
    reply,
    return_for_another_pass,
    review,
)
from clinic.reflections.drafts import (
    Author,
    Conflict,
    Incomplete,
    author_for,
    choose,
    compared_with,
    earlier_of,
    forget_kept,
    keep_text,
    keep_words,
    save_draft,
    save_page,
    settle,
    standing,
    state_for,
    writer_for,
)
from clinic.reflections.models import Draft, NoteToCounselor, Reflection, Words
from clinic.reflections.openings import NotNow, open_words, perform_openings
from clinic.reflections.rules import Sending
from clinic.safety import actions as safety

__all__ = [
    "Author",
    "Conflict",
    "Incomplete",
    "NotNow",
    "Sent",
    "add",
    "author_for",
    "call_back",
    "choose",
    "compared_with",
    "confirm",
    "decline",
    "earlier_of",
    "forget_kept",
    "keep_text",
    "keep_words",
    "mark_note_read",
    "mark_read_aloud",
    "narrow",
    "perform_openings",
    "release",
    "reply",
    "return_for_another_pass",
    "review",
    "save_draft",
    "save_page",
    "say",
    "send",
    "settle",
    "standing",
    "state_for",
    "still_open",
    "take_back",
    "writer_for",
]

Kind = Literal["not_now", "too_much", "something_else"]


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


# Sending


def send(author: Author, sending: Sending, now: datetime) -> Sent:
    """Hand in a turn: words by audience, the act, flags, and whatever opens by it."""
    ceiling = _must_admit(author, now, "write", "revise").ceiling
    if open_questions := still_open(author, sending):
        raise Incomplete(open_questions)
    sending = replace(sending, answers=_to_send(author, sending))
    if draft := queries.draft_of(author.turn, author.partner_id):
        db.session.delete(draft)
    reflection = _write(author, sending, now)
    raised = _raise_flags(author, sending, now)
    folded = _note_act(author, sending, now, ceiling)
    perform_openings(author.round, now, folded)
    _came_in(author.round, now)
    audit.record(author.viewer, "send", author.turn, revision=reflection.revision)
    return Sent(reflection, tuple(raised), is_unsafe=author.asked.reaches_partner and sending.safe == "no")


def still_open(author: Author, sending: Sending) -> list[Field]:
    """Questions that have to be answered, or read otherwise, before this can be sent."""
    who: dict[str, Any] = {"role": author.role, "attempt": author.turn.attempt}
    odd = rules.unreadable(author.asked, sending.answers, **who)
    absent = shapes.missing(author.asked, sending.answers, **who)
    return [one for one in author.asked.fields if one in odd or one in absent]


def _must_admit(author: Author, now: datetime, *acts: Act) -> RoundState:
    folded, name = state_for(author, now), rounds.turn_id_of(author.turn)
    # A request of several transactions knows its author's side as it was in the first: it may have been closed since.
    is_closed = couples.is_closed(author.turn.couple_id, author.partner_id)
    if is_closed or not any((author.partner_id, name, act) in folded.acts for act in acts):
        raise NotNow("This part is not open any more. What you wrote is kept.")
    return folded


def _to_send(author: Author, sending: Sending) -> dict[str, Any]:
    return shapes.to_send(author.asked, sending.answers, role=author.role, attempt=author.turn.attempt)


def _write(author: Author, sending: Sending, now: datetime) -> Reflection:
    """The reflection with its words, one sealed blob for each group."""
    couple = db.session.get_one(Couple, author.turn.couple_id)
    readers, opening = queries.readers_of(couple, author.partner_id, now), author.round.assignment.opening
    kept = rules.is_kept(author.asked, sending)
    sentence = rules.readers_sentence(author.asked, readers, opening, kept=kept)
    reflection = _reflection(author, couple, now, sentence)
    for group, (visibility, answers) in rules.divided(author.asked, sending).items():
        owner = ("couple", couple.id) if visibility == "joint" else ("partner", author.partner_id)
        reflection.words.append(
            Words(group=group, visibility=visibility, owner_kind=owner[0], owner_id=owner[1], answers=answers)
        )
    return reflection


def _reflection(author: Author, couple: Couple, now: datetime, sentence: str) -> Reflection:
    reflection = Reflection(
        turn_id=author.turn.id,
        turn=author.turn,
        couple_id=couple.id,
        partner_id=author.partner_id,
        revision=queries.next_revision(author.turn),
        sent_at=now,
        wording=f"{author.round.assignment.version.hash}/en",
        policy_version=db.session.get_one(Practice, couple.practice_id).policy_version,
        readers=sentence,
    )
    db.session.add(reflection)
    return reflection


def _note_act(author: Author, sending: Sending, now: datetime, ceiling: Ceiling) -> RoundState | None:
    """What the round learns of a sending. Joint words that stay with the counselor are no act upon it at all."""
    kept = rules.is_kept(author.asked, sending)
    if author.asked.agree:
        return None if kept else _propose(author, sending, now, ceiling)
    groups = [key for key, (kind, _) in rules.divided(author.asked, sending).items() if kind != "counselor"]
    detail: dict[str, Any] = {"groups": groups, "answered": _dates(author, sending)}
    if kept:
        detail["whole"] = True
    if author.asked.again:
        detail["met"] = rules.is_met(author.asked, sending.answers)
    if author.asked.asks_consent:
        detail["consent"] = sending.consent or author.asked.consent or "no"
    return _note(author, "sent", now, ceiling, **detail)


def _note(author: Author, kind: EventKind, now: datetime, ceiling: Ceiling, **detail: Any) -> RoundState:
    """The act of this partner on this turn."""
    by = author.partner_id
    return homework.note(author.round, kind, now, turn=author.turn, by=by, ceiling=ceiling, **detail)


def _dates(author: Author, sending: Sending) -> dict[str, str]:
    """Answered dates on which something else opens: the engine is told the moment, not the words.

    A date that its author keeps for the counselor is told to nobody, and nothing opens on it.
    """
    if rules.is_kept(author.asked, sending):
        return {}
    awaited = {turn.opens.answered for turn in rounds.document_for(author.round).turns.values() if turn.opens}
    zone = ZoneInfo(author.round.assignment.zone)
    said = rules.as_given(author.asked, sending)
    named = {f"{author.turn.key}.{key}": shapes.moment_of(answer, zone) for key, answer in said.items()}
    return {name: at.isoformat() for name, at in named.items() if name in awaited and at}


def _raise_flags(author: Author, sending: Sending, now: datetime) -> list[Flag]:
    found = shapes.raised_by_field(author.asked, sending.answers, compared_with(author))
    fields = list(found)
    if author.asked.reaches_partner and keeps_with_counselor(sending.safe):
        fields.append("safety")
    for field in fields:
        safety.raise_flag(author.viewer, author.turn.couple_id, author.partner_id, author.turn.id, field, now)
    return [flag for flags in found.values() for flag in flags]


def _came_in(round_: Round, now: datetime) -> None:
    round_.came_in_at, round_.reviewed_at = now, None
    db.session.get_one(Couple, round_.couple_id).attention_at = now


# Joint words


def _propose(author: Author, sending: Sending, now: datetime, ceiling: Ceiling) -> RoundState:
    bound = _kept_hash(rules.bound_hash(rules.joint_answers(author.asked, sending)))
    return _note(author, "proposed", now, ceiling, hash=bound, answered=_dates(author, sending))


def _kept_hash(bound: str) -> str:
    """The hash as the round keeps it: keyed, for the words of a short plan could be guessed from a stolen database."""
    return vault.keyed_hash("bound", bound)


def confirm(author: Author, seen_hash: str, now: datetime) -> None:
    """Agree to exactly the proposal that was read; another one that came in between raises NotNow."""
    folded = _must_admit(author, now, "confirm")
    if rules.bound_hash(queries.proposed(author.turn)) != seen_hash:
        raise NotNow("There is a newer proposal. Please read it first.")
    stands = folded.turns[rounds.turn_id_of(author.turn)].proposal
    perform_openings(author.round, now, _note(author, "confirmed", now, folded.ceiling, hash=stands))
    _came_in(author.round, now)
    audit.record(author.viewer, "confirm", author.turn)


def decline(author: Author, now: datetime) -> None:
    """Suggest another time, or say no; a reason is not asked for."""
    _note(author, "declined", now, _must_admit(author, now, "decline").ceiling)
    audit.record(author.viewer, "decline", author.turn)


# After sending


def take_back(author: Author, now: datetime) -> Draft:
    """Take unopened words back: they are a draft again, and nobody else has them."""
    ceiling = _must_admit(author, now, "take_back").ceiling
    draft = settle(author, standing(author), now)
    row = queries.latest([author.turn], author.partner_id)[author.turn.id]
    for revision in queries.revisions(author.turn, author.partner_id):
        revision.withdrawn_at = now
    _note(author, "took_back", now, ceiling)
    author.round.came_in_at = queries.last_sent_at(author.round)
    audit.record(author.viewer, "take back", author.turn, revision=row.revision)
    return draft


def narrow(author: Author, fields: Sequence[str], now: datetime) -> Reflection:
    """Keep fields, or with none named the whole of it, for the counselor; possible until they open."""
    folded, name = _must_admit(author, now, "narrow"), rounds.turn_id_of(author.turn)
    sent = queries.as_sent(queries.latest([author.turn], author.partner_id)[author.turn.id])
    allowed = [key for key in rules.still_closed(author.asked, folded.turns[name]) if key in fields]
    if fields and not allowed:
        raise NotNow("These answers have opened, or go to your counselor alone already.")
    if not fields and (author.partner_id, name, "take_back") not in folded.acts:
        raise NotNow("A part of it has opened. You can still keep other answers closer, one by one.")
    sending = replace(sent, keep=not fields, narrowed=tuple(dict.fromkeys([*sent.narrowed, *allowed])))
    reflection = _write(author, sending, now)
    # Noted also where the fold changes nothing by it: a release was given to the words as they were before.
    told: dict[str, Any] = {"groups": [], "answered": _dates(author, sending)} if fields else {}
    _note(author, "narrowed", now, folded.ceiling, **told)
    audit.record(author.viewer, "narrow", author.turn)
    return reflection


def add(author: Author, text: str, now: datetime) -> Reflection:
    """A dated addition below opened words; it reaches whom they reached."""
    folded, name = _must_admit(author, now, "add"), rounds.turn_id_of(author.turn)
    given = sorted((key, to) for to, turn, key in folded.visible if turn == name and to != author.partner_id)
    couple = db.session.get_one(Couple, author.turn.couple_id)
    sentence = rules.addition_sentence(queries.readers_of(couple, author.partner_id, now))
    reflection = _reflection(author, couple, now, sentence)
    reflection.is_addition = True
    words = Words(
        group=given[0][0],
        visibility="partner",
        owner_kind="partner",
        owner_id=author.partner_id,
        answers={"addition": text},
    )
    reflection.words.append(words)
    db.session.flush()
    for to in {to for _, to in given}:
        open_words(reflection, words, to, "addition", now)  # type: ignore[arg-type]  # partner ids are UUIDs here
    _came_in(author.round, now)
    audit.record(author.viewer, "add", author.turn, revision=reflection.revision)
    return reflection


def say(author: Author, kind: Kind, text: str, now: datetime) -> NoteToCounselor:
    """Not now, too much, or something else: for the counselor alone; the turn stays as it is."""
    note = NoteToCounselor(
        turn_id=author.turn.id,
        couple_id=author.turn.couple_id,
        partner_id=author.partner_id,
        kind=kind,
        at=now,
        text=text,
    )
    db.session.add(note)
    db.session.get_one(Couple, author.turn.couple_id).attention_at = now
    audit.record(author.viewer, "say", note)
    return note
