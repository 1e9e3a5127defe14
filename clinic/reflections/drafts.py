"""Unsent words: save what is typed, keep what could not be saved, choose between two versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm.exc import StaleDataError

from clinic.access import Viewer
from clinic.exercises.document import Field
from clinic.exercises.document import Turn as Asked
from clinic.exercises.turns import RoundState
from clinic.extensions import db, take_lock
from clinic.homework import queries as rounds
from clinic.homework.agreed import Agreed
from clinic.homework.models import Round, Turn
from clinic.reflections import queries, versions
from clinic.reflections.models import Draft, KeptText
from clinic.reflections.rules import Sending
from clinic.reflections.versions import Page, Pick

Cause = Literal["window", "sign_in", "error"]
Place = Literal["write", "add", "say"]
KEPT_AT_MOST = 20
"""Texts of one turn that came without a living sign-in."""


class Conflict(Exception):
    """Another window saved, or sent, in between; `there` is what it left, `version` the draft's, 0 when it was sent."""

    def __init__(self, there: Sending, version: int, at: datetime | None = None) -> None:
        super().__init__("saved elsewhere")
        self.there, self.version, self.at = there, version, at


class Incomplete(Exception):
    """Required questions are unanswered, or an answer cannot be read yet; `fields` names them."""

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__(f"{len(fields)} unanswered")
        self.fields = tuple(fields)


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
    def agreed(self) -> Agreed:
        """What was agreed with this partner about it."""
        own = (one for one in self.round.assignment.recipients if one.partner_id == self.partner_id)
        return next((one.agreed for one in own), Agreed())

    @property
    def asked(self) -> Asked:
        return rounds.document_for(self.turn.round).turns[self.turn.key]


def author_for(viewer: Viewer, turn_id: UUID, *, also_recalled: bool = False) -> Author | None:
    """The viewer as the author of a turn; None for every turn that is not this partner's to write."""
    turn = rounds.turn_for(viewer, turn_id, also_recalled=also_recalled) if viewer.is_client else None
    if turn is None:
        return None
    mine = {side.partner_id for side in viewer.sides if side.couple_id == turn.couple_id}
    own = next((one for one in turn.round.assignment.recipients if one.partner_id in mine), None)
    return Author(viewer, own.partner_id, turn, own.role) if own else None


def writer_for(viewer: Viewer, turn_id: UUID) -> Author | None:
    """The same for a save while one types, with no more at hand than that needs."""
    own = rounds.writer_of(viewer, turn_id)
    return Author(viewer, own.partner_id, own.turn, own.role) if own else None


def state_for(author: Author, now: datetime) -> RoundState:
    """The round as its author may know it: folded from what is declassified for this partner."""
    return rounds.states_for(author.partner_id, [author.round], now)[author.round.id]


def earlier_of(author: Author) -> dict[str, Mapping[str, Any]]:
    """The writer's own answers in this round, by turn key."""
    rows = queries.own_in(author.round.id, author.partner_id).values()
    return {row.turn.key: queries.as_sent(row).answers for row in rows if row.turn_id != author.turn.id}


def compared_with(author: Author) -> dict[str, Mapping[str, Any]]:
    """The same, when a flag of this turn compares with what was said before; else nothing is opened for it."""
    flags = [flag for field in author.asked.fields for flag in field.flags]
    return earlier_of(author) if any(flag.than for flag in flags) else {}


@dataclass(frozen=True)
class Saved:
    """What became of a page: the draft's version and time, and what it said before and says now."""

    version: int
    at: datetime
    before: Sending
    after: Sending


def save_draft(author: Author, sending: Sending, seen: int, now: datetime) -> Draft:
    """Keep unsent words. `seen` is the version that the writer saw, 0 for none; another one raises Conflict."""
    return _save(author, queries.draft_of(author.turn, author.partner_id), sending, seen, now)


def save_page(author: Author, page: Page, seen: int, now: datetime) -> Saved:
    """Put what one page says over the draft. Raises Conflict when another window changed what is on this page."""
    draft = queries.draft_of(author.turn, author.partner_id)
    before = _standing(author, draft)
    after = versions.overlaid(before, page)
    draft = _save(author, draft, after, seen, now)
    return Saved(draft.version, draft.saved_at, before, after)


def _save(author: Author, draft: Draft | None, sending: Sending, seen: int, now: datetime) -> Draft:
    """Everything is read and worked out before the lock is taken; under it there is one statement."""
    if draft is None:
        draft = _new_draft(author, sending, seen, now)
    elif draft.body == sending.to_json():
        return draft
    elif draft.version != seen:
        raise Conflict(Sending.from_json(draft.body), draft.version, draft.saved_at)
    take_lock()
    draft.body, draft.version, draft.saved_at = sending.to_json(), draft.version + 1, now
    try:
        db.session.flush()
    except StaleDataError:
        db.session.rollback()
        raise _came_between(author) from None
    return draft


def _new_draft(author: Author, sending: Sending, seen: int, now: datetime) -> Draft:
    _must_not_be_sent(author, sending, seen)
    take_lock()
    is_there = queries.draft_of(author.turn, author.partner_id) is not None
    if is_there or rounds.state_now(author.turn) != author.turn.state:
        db.session.rollback()
        raise _came_between(author)
    draft = Draft(turn_id=author.turn.id, partner_id=author.partner_id, version=0, saved_at=now, body={})
    db.session.add(draft)
    return draft


def _came_between(author: Author) -> Conflict:
    """Another window saved, or sent, after this one had read and before it wrote."""
    draft, there = queries.draft_of(author.turn, author.partner_id), standing(author)
    return Conflict(there, draft.version, draft.saved_at) if draft else Conflict(there, 0)


def _must_not_be_sent(author: Author, sending: Sending, seen: int) -> None:
    """A draft that is gone was sent from another window: what it said may differ from what is saved now."""
    sent = queries.sent_by(author.turn, author.partner_id) if seen else None
    if sent is not None and sent.answers != sending.answers:
        raise Conflict(sent, 0)


def standing(author: Author) -> Sending:
    """The draft as it stands; before there is one, what was sent or is proposed, or nothing."""
    return _standing(author, queries.draft_of(author.turn, author.partner_id))


def _standing(author: Author, draft: Draft | None) -> Sending:
    if draft is not None:
        return Sending.from_json(draft.body)
    return queries.sent_by(author.turn, author.partner_id) or Sending(answers=queries.proposed(author.turn))


def settle(author: Author, sending: Sending, now: datetime) -> Draft:
    """Make this the draft, whatever was there."""
    draft = queries.draft_of(author.turn, author.partner_id)
    return save_draft(author, sending, draft.version if draft else 0, now)


def keep_text(author: Author, page: Page, cause: Cause, now: datetime, *, name: str = "") -> KeptText:
    """Put a text aside that could not become the draft; its author alone reads it, and nothing is overwritten.

    `name` is what the script of an open page calls itself: what it sends later takes the place of what it sent before.
    """
    return _keep(author, "write", page.to_json(), cause, now, name)


def keep_words(author: Author, place: Place, text: str, cause: Cause, now: datetime) -> KeptText:
    """The same for an addition and for a word to the counselor, which have no draft."""
    return _keep(author, place, {"text": text}, cause, now, "")


def _keep(
    author: Author, place: Place, body: dict[str, Any], cause: Cause, now: datetime, name: str
) -> KeptText:
    kept = queries.kept_page(author.turn, author.partner_id, name) if name else None
    if kept is None:
        kept = KeptText(turn_id=author.turn.id, partner_id=author.partner_id, place=place, page=name)
        db.session.add(kept)
    kept.kept_at, kept.cause, kept.body = now, cause, body
    db.session.flush()
    return kept


def has_room(author: Author, place: Place) -> bool:
    """False when so much came after a sign-in had ended that no more is taken: what is there is never dropped."""
    kept = queries.kept_texts(author.turn, author.partner_id, place)
    return sum(one.cause == "sign_in" for one in kept) <= KEPT_AT_MOST


def forget_kept(author: Author, place: Place) -> None:
    """What was put aside of an addition or a word has arrived by now."""
    for kept in queries.kept_texts(author.turn, author.partner_id, place):
        db.session.delete(kept)


def choose(author: Author, kept: KeptText, picks: Mapping[str, Pick], seen: int, now: datetime) -> Draft:
    """Make the draft what its author chose, question by question; the kept text has done its work.

    Raises Conflict when the draft went on since the choice was shown.
    """
    draft, there = queries.draft_of(author.turn, author.partner_id), standing(author)
    if draft is not None and draft.version != seen:
        raise Conflict(there, draft.version, draft.saved_at)
    page = Page.from_json(kept.body)
    found = versions.differences(author.asked, page, there, author.role)
    db.session.delete(kept)
    return settle(author, versions.merged(there, found, picks, page), now)
