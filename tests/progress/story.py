"""A short history of the couple, made by the real actions, with one marked text for each kind of visibility."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from clinic import clock, vault
from clinic.access import Viewer
from clinic.couples.models import Couple
from clinic.exercises import actions as exercises
from clinic.exercises import answers as shapes
from clinic.exercises import library
from clinic.exercises import queries as versions
from clinic.exercises.document import Field
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework import tasks as rounds_due
from clinic.homework.models import Assignment, Round, Turn
from clinic.reflections import actions as writing
from clinic.reflections import queries as words
from clinic.reflections import tasks as openings_due
from clinic.reflections.rules import Sending, bound_hash
from tests import cast as people

STARTS = date(2026, 3, 2)
MONDAY = datetime(2026, 3, 2, 18, 0, tzinfo=people.BEGAN.tzinfo)

CANARIES = {
    "draft": "draftcanary",
    "tail": "tailcanary",
    "narrowed": "narrowedcanary",
    "kept": "keptcanary",
    "unreleased": "unreleasedcanary",
    "released": "releasedcanary",
    "sealed": "sealedcanary",
    "opened": "openedcanary",
    "answered": "answeredcanary",
    "partner": "partnercanary",
    "proposed": "proposedcanary",
    "joint": "jointcanary",
}
"""All are Mara's (position 1) but `answered`, which is Jonas's side of what opened."""

SEES: Mapping[str, frozenset[str]] = {
    "draft": frozenset(),
    "tail": frozenset({"counselor", "partner_1"}),
    "narrowed": frozenset({"counselor", "partner_1"}),
    "kept": frozenset({"counselor", "partner_1"}),
    "unreleased": frozenset({"counselor", "partner_1"}),
    "released": frozenset({"counselor", "couple", "partner_1", "partner_2"}),
    "sealed": frozenset({"counselor", "partner_1"}),
    "opened": frozenset({"counselor", "couple", "partner_1", "partner_2"}),
    "answered": frozenset({"counselor", "couple", "partner_1", "partner_2"}),
    "partner": frozenset({"counselor", "couple", "partner_1", "partner_2"}),
    "proposed": frozenset({"counselor", "partner_1"}),
    "joint": frozenset({"counselor", "couple", "partner_1", "partner_2"}),
}
"""Whose report may hold which of them; of what was proposed, a report for both holds only what both agreed on."""


@contextmanager
def reading_as(viewer: Viewer) -> Iterator[None]:
    """Open words as somebody; the transaction ends before the trail is written, as in a request."""
    with vault.reading(viewer, "test"):
        yield
        db.session.rollback()


@dataclass
class Story:
    """A history in the making: assign, send as somebody, let time pass. Needs an app context."""

    cast: people.Cast
    assignments: dict[str, UUID] = field(default_factory=dict)

    @property
    def couple(self) -> Couple:
        return db.session.get_one(Couple, self.cast.couples["couple"])

    def assign(
        self, slug: str, now: datetime, roles: Mapping[str, str] | None = None, **plan: Any
    ) -> Assignment:
        """Give an exercise to both, or to those named in `roles`."""
        counselor = people.viewer_of(self.cast, "counselor")
        exercises.import_documents(library.shipped().values(), now)
        version = versions.get_for(counselor, slug)
        assert version is not None
        roles = roles or {"partner_a": "mutual", "partner_b": "mutual"}
        cast = {self.cast.partners[key]: role for key, role in roles.items()}
        plan.setdefault("starts_on", clock.local_day(now, self.couple.zone))
        made = homework.assign(counselor, self.couple, version, homework.Plan(cast=cast, **plan), now)
        db.session.commit()
        self.assignments[slug] = made.id
        return made

    def turn(self, who: str, slug: str, key: str, now: datetime) -> Turn:
        """The turn that somebody may write now, in the latest round that has one."""
        rows = (
            select(Turn)
            .join(Round)
            .where(Round.assignment_id == self.assignments[slug], Turn.key == key)
            .where(Turn.state.in_(("open", "returned", "proposed")), Round.opens_at <= now)
            .where((Turn.partner_id == self.cast.partners[who]) | Turn.partner_id.is_(None))
            .order_by(Round.number.desc(), Turn.attempt.desc(), Turn.entry.desc())
        )
        found = db.session.scalar(rows.limit(1))
        assert found is not None, f"{who} has no open {slug}.{key}"
        return found

    def author(self, who: str, slug: str, key: str, now: datetime) -> writing.Author:
        turn = self.turn(who, slug, key, now)
        role = next(
            one.role for one in turn.round.assignment.recipients if one.partner_id == self.cast.partners[who]
        )
        return writing.Author(people.viewer_of(self.cast, who), self.cast.partners[who], turn, role)

    def send(
        self,
        who: str,
        slug: str,
        key: str,
        now: datetime,
        answers: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Turn:
        """Send a turn: what is named, and something plain for whatever else is asked."""
        author = self.author(who, slug, key, now)
        asked = shapes.asked(author.asked, author.role, author.turn.attempt)
        plain = {one.key: _plain(one) for one in asked if one.required}
        more.setdefault("safe", "yes" if author.asked.reaches_partner else None)
        with clock.moved_to(now), reading_as(author.viewer):
            writing.send(author, Sending(answers={**plain, **(answers or {})}, **more), now)
            db.session.commit()
        return author.turn

    def pass_to(self, now: datetime) -> None:
        """Let the background do what is due by then."""
        with clock.moved_to(now):
            rounds_due.due(now)
            openings_due.due(now)


def _plain(asked: Field) -> Any:
    match asked.kind:
        case "scale" | "number":
            return 5
        case "choice":
            first = next(iter(asked.options or {}))
            return [first] if asked.many else first
        case "feelings":
            return ["sad"]
        case "ranked":
            return list(asked.options or {})[: int(asked.most or 3)]
        case "date":
            return "2026-03-02"
        case "datetime":
            return "2026-03-20T18:00"
        case _:
            return "something plain"


def told(cast: people.Cast) -> Story:
    """Three weeks with every canary in its place."""
    story, at = Story(cast), people.BEGAN + timedelta(hours=2)
    counselor = people.viewer_of(cast, "counselor")
    for slug in ("weekly_checkin", "feelings_log", "perspective_round", "calm_conversation_plan"):
        first = {"first": cast.partners["partner_a"]} if slug == "perspective_round" else {}
        story.assign(slug, at, **first)
    story.send(
        "partner_a",
        "weekly_checkin",
        "pulse",
        MONDAY,
        {"victory": CANARIES["opened"], "ask": CANARIES["narrowed"], "rely": 3},
        narrowed=("ask",),
        tail={"note": CANARIES["tail"], "usefulness": 8},
    )
    story.send(
        "partner_b",
        "weekly_checkin",
        "pulse",
        MONDAY + timedelta(hours=1),
        {"victory": CANARIES["answered"], "rely": 6},
    )
    story.send(
        "partner_a", "feelings_log", "entry", MONDAY, {"happened": CANARIES["unreleased"]}, consent="yes"
    )
    turn = story.send(
        "partner_a", "feelings_log", "entry", MONDAY, {"happened": CANARIES["released"]}, consent="yes"
    )
    writing.release(counselor, turn, MONDAY + timedelta(hours=2))
    db.session.commit()
    story.send(
        "partner_a", "feelings_log", "entry", MONDAY, {"happened": CANARIES["kept"]}, consent="yes", keep=True
    )
    with reading_as(people.viewer_of(cast, "partner_a")):
        draft = story.author("partner_a", "feelings_log", "entry", MONDAY)
        writing.save_draft(draft, Sending(answers={"happened": CANARIES["draft"]}), 0, MONDAY)
        db.session.commit()
    story.send(
        "partner_a", "perspective_round", "speak", MONDAY, {"topic": "Tuesday", "view": CANARIES["partner"]}
    )
    story.send("partner_a", "calm_conversation_plan", "plan", MONDAY, {"topic": CANARIES["joint"]})
    _agree(story, MONDAY + timedelta(hours=3))
    story.assign("calm_conversation_plan", MONDAY + timedelta(hours=4))
    story.send(
        "partner_a",
        "calm_conversation_plan",
        "plan",
        MONDAY + timedelta(hours=5),
        {"topic": CANARIES["proposed"]},
    )
    story.pass_to(MONDAY + timedelta(days=7))
    week = MONDAY + timedelta(days=7)
    story.send("partner_a", "weekly_checkin", "pulse", week, {"victory": CANARIES["sealed"], "rely": 9})
    return story


def _agree(story: Story, now: datetime) -> None:
    """Jonas says yes to the proposal that he read."""
    turn = story.turn("partner_b", "calm_conversation_plan", "plan", now)
    author = writing.Author(people.viewer_of(story.cast, "partner_b"), story.cast.partners["partner_b"], turn)
    with clock.moved_to(now), reading_as(author.viewer):
        writing.confirm(author, bound_hash(words.proposed(author.turn)), now)
        db.session.commit()
