"""The player walks a moved clock through the story: people, counselors and the house act as they would."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from operator import attrgetter
from uuid import UUID

from clinic import clock, vault
from clinic.access import SYSTEM, Viewer
from clinic.accounts import actions as accounts
from clinic.accounts.models import StaffMember
from clinic.appointments import tasks as appointment_tasks
from clinic.couples import staffing
from clinic.demo.scene import BrokenStory, Scene, staff_viewer
from clinic.demo.story import Member, Present, Step, Story
from clinic.demo.unroll import steps_of
from clinic.demo.verbs import ACTS, BY_PARTNER, READS
from clinic.exercises.turns import HOLD
from clinic.extensions import db
from clinic.homework import tasks as homework_tasks
from clinic.practice import actions as practices
from clinic.practice.library import papers
from clinic.practice.models import Practice
from clinic.reflections import tasks as reflection_tasks

PASSPHRASE = "linden-gold-seam-tea"  # noqa: S105  # everybody in the demo has it; nothing real is behind it


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """One act of one couple at its instant; `place` keeps the order of the story among equals."""

    at: datetime
    place: int
    scene: Scene
    step: Step


@dataclass
class Played:
    """What was made: the practice, the staff by the story's keys, and the scenes of the couples."""

    practice_id: UUID
    staff: dict[str, UUID]
    scenes: list[Scene]


def play(story: Story, now: datetime, seed: int) -> Played:
    """Make the whole history, from the founding until `now`."""
    present = Present(now)
    practice_id, staff, password_hash = _found(story, present)
    scenes = [Scene(couple, present, staff, password_hash) for couple in story.couples]
    house = _House(frozenset(couple.zone for couple in story.couples))
    departures = sorted(_departures(story, present), key=attrgetter("at"))
    for moment in moments(scenes, present, seed):
        while departures and departures[0].at <= moment.at:
            _let_go(departures.pop(0), staff)
        house.wake_before(moment)
        _perform(moment)
    house.wake(now)
    return Played(practice_id, staff, scenes)


@dataclass
class _House:
    """The background work: woken before the first act of a couple's day, and when a release was held long enough."""

    zones: frozenset[str]
    days: dict[str, date] = field(default_factory=dict)  # the last day on which it was woken, by zone
    holds: list[datetime] = field(default_factory=list)
    clock_at: datetime = LONG_AGO

    def wake_before(self, moment: Moment) -> None:
        """Catch up with everything that the house does before this act; time never runs backward."""
        while self.holds and self.holds[0] <= moment.at:
            self.wake(self.holds.pop(0))
        zone = moment.scene.story.zone
        if self.days.get(zone) != clock.local_day(moment.at, zone):
            self.wake(moment.at)
        self.clock_at = moment.at
        if moment.step.do == "release":
            self.holds.append(moment.at + HOLD)

    def wake(self, at: datetime) -> None:
        """What the background work does when it is woken at that moment."""
        self.clock_at = max(at, self.clock_at)
        with clock.moved_to(self.clock_at):
            homework_tasks.due(self.clock_at)
            reflection_tasks.due(self.clock_at)
            appointment_tasks.due(self.clock_at)
        self.days = {zone: clock.local_day(self.clock_at, zone) for zone in self.zones}


def moments(scenes: list[Scene], present: Present, seed: int) -> list[Moment]:
    found = [
        Moment(present.moment(step.at, scene.story.zone), place, scene, step)
        for scene in scenes
        for place, step in enumerate(steps_of(scene.story, seed))
    ]
    for moment in found:
        if moment.at > present.now:
            raise BrokenStory(f"{moment.scene.story.key}: {moment.step.at} lies in the future")
    return sorted(found, key=attrgetter("at", "place"))


def _perform(moment: Moment) -> None:
    """One act as one request would do it: its own reading, one commit."""
    scene, step = moment.scene, moment.step
    with clock.moved_to(moment.at):
        scene.viewer = scene.client(step.who) if step.do in BY_PARTNER else scene.counselor()
        with vault.reading(scene.viewer, "reflections.review" if step.do in READS else f"demo.{step.do}"):
            try:
                ACTS[step.do](scene, step, moment.at)
            except Exception as error:
                db.session.rollback()
                error.add_note(f"{scene.story.key}, {step.at}: {step.do} {step.who} {step.of} {step.turn}")
                raise
            db.session.commit()


# The practice and its people


def _found(story: Story, present: Present) -> tuple[UUID, dict[str, UUID], str]:
    told = story.practice
    at = present.moment(f"{told.founded} 09:00", told.zone)
    password_hash = accounts.hash_passphrase(PASSPHRASE)
    with clock.moved_to(at):
        letterhead = {"address": told.address, "phone": told.phone, "email": told.email, "web": told.web}
        practice = practices.found(told.name, told.zone, told.paper, locale=told.locale, now=at, **letterhead)
        staff: dict[str, UUID] = {}
        for member in told.staff:
            staff[member.key] = _employ(practice, member, staff, password_hash, at)
        owner = db.session.get_one(StaffMember, staff[_owner(story)])
        policy = practices.Written("secrets", told.policy_text(papers()[told.policy_form]), told.policy_form)
        practices.publish_text(staff_viewer(owner), practice, policy, "now", at)
        practices.keep_recovery_key(staff_viewer(owner), practice, at)
        practice_id = practice.id
        db.session.commit()
    return practice_id, staff, password_hash


def _employ(
    practice: Practice, told: Member, staff: dict[str, UUID], password_hash: str, at: datetime
) -> UUID:
    new = accounts.NewMember(
        name=told.name,
        credential=told.credential,
        is_owner="owner" in told.roles,
        is_counselor="counselor" in told.roles,
        is_supervisor="supervisor" in told.roles,
        supervisor_id=staff.get(told.supervisor),
    )
    chosen = accounts.NewSignIn(told.sign_in, password_hash)
    return accounts.employ(SYSTEM, practice.id, new, chosen, at).id


@dataclass(frozen=True)
class _Departure:
    at: datetime
    member: Member
    owner: str


def _departures(story: Story, present: Present) -> Iterator[_Departure]:
    for member in story.practice.staff:
        if member.left:
            yield _Departure(present.moment(member.left, story.practice.zone), member, _owner(story))


def _let_go(departure: _Departure, staff: dict[str, UUID]) -> None:
    """Somebody leaves: the couples go to the heir first."""
    with clock.moved_to(departure.at):
        leaving = db.session.get_one(StaffMember, staff[departure.member.key])
        viewer: Viewer = staff_viewer(db.session.get_one(StaffMember, staff[departure.owner]))
        heir = db.session.get_one(StaffMember, staff[departure.member.heir])
        staffing.hand_over(viewer, leaving, heir, departure.at)
        accounts.let_go(viewer, leaving, departure.at)
        db.session.commit()


def _owner(story: Story) -> str:
    return next(member.key for member in story.practice.staff if "owner" in member.roles)
