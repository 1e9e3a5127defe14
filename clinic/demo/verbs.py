"""One function for each verb of the story, doing what the page would do: fetch for the actor, then the action."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from clinic import clock
from clinic.accounts import actions as accounts
from clinic.appointments import actions as appointments
from clinic.appointments.models import Appointment
from clinic.consent import actions as consent
from clinic.consent.models import ConsentSignature
from clinic.couples import actions as couples
from clinic.couples import queries as couple_rows
from clinic.couples.models import Partner
from clinic.demo.scene import BrokenStory, Scene
from clinic.demo.story import Step
from clinic.exercises import queries as library
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.agreed import Agreed
from clinic.homework.models import Round
from clinic.practice import actions as papers
from clinic.practice import queries as practices
from clinic.practice.models import ConsentDocument
from clinic.reflections import actions as reflections
from clinic.reflections import queries as words
from clinic.reflections.rules import bound_hash
from clinic.safety import actions as safety
from clinic.safety import queries as flags

Act = Callable[[Scene, Step, datetime], Any]

# The beginning


def create(scene: Scene, step: Step, now: datetime) -> None:
    one, two = scene.story.partners
    new = couples.NewCouple((one.name, two.name), scene.story.zone, scene.story.alias)
    scene.couple_id = couples.create(scene.viewer, new, now).id


def invite(scene: Scene, step: Step, now: datetime) -> None:
    made = couples.invite(scene.viewer, scene.partner(step.who), now)
    scene.invitations[step.who] = made.token, made.secret


def join(scene: Scene, step: Step, now: datetime) -> None:
    token, secret = scene.invitations.pop(step.who)
    invitation = couple_rows.invitation_with(couples.token_hash(token))
    if invitation is None or not couples.has_secret(invitation, token, secret, now):
        raise BrokenStory(f"{scene.story.key}: the invitation of {step.who} does not open")
    half = scene.story.half(step.who)
    account = couples.join_as_new(
        invitation, half.name, accounts.NewSignIn(half.sign_in, scene.password_hash), now
    )
    if half.is_welcomed:
        accounts.welcome(scene.client(step.who), account, now)


def confirm_person(scene: Scene, step: Step, now: datetime) -> None:
    couples.confirm(scene.viewer, scene.partner(step.who), now)


def sign(scene: Scene, step: Step, now: datetime) -> None:
    """Both papers, as far as the version in force is not signed yet."""
    partner = scene.partner(step.who)
    for document in _to_sign(partner, now):
        consent.sign(scene.viewer, partner, document, partner.name, now)


def sign_on_paper(scene: Scene, step: Step, now: datetime) -> None:
    partner, on = scene.partner(step.who), clock.local_day(now, scene.story.zone)
    for document in _to_sign(partner, now):
        consent.record_on_paper(scene.viewer, partner, document, partner.name, on, now)


def _to_sign(partner: Partner, now: datetime) -> list[ConsentDocument]:
    signed = db.session.scalars(
        select(ConsentSignature.document_id).where(ConsentSignature.partner_id == partner.id)
    ).all()
    return [one for one in practices.in_force(partner.practice_id, now).values() if one.id not in signed]


def take_back_consent(scene: Scene, step: Step, now: datetime) -> None:
    consent.withdraw(scene.viewer, scene.partner(step.who), now)


def publish(scene: Scene, step: Step, now: datetime) -> None:
    """A small correction of the paper on couple work: a paragraph more, and nobody has to sign again."""
    practice = practices.by_id(scene.couple.practice_id)
    before = practices.in_force(practice.id, now)["consent"]
    text = before.text.replace("## By signing", f"{step.text}\n\n## By signing")
    written = papers.Written("consent", text)
    papers.publish_text(scene.viewer, practice, written, "none", now)


def clear(scene: Scene, step: Step, now: datetime) -> None:
    viewer = scene.viewer
    for partner in scene.partners(step):
        safety.decide(viewer, partner, step.state, step.text, now)  # type: ignore[arg-type]  # the action checks the word


def concern(scene: Scene, step: Step, now: datetime) -> None:
    roles = {scene.partner(half.key).id: half.role for half in scene.story.partners}
    couples.name_concern(scene.viewer, scene.couple, step.text, roles, now)


def pause_all(scene: Scene, step: Step, now: datetime) -> None:
    couples.pause(scene.viewer, scene.couple, now)


def separate(scene: Scene, step: Step, now: datetime) -> None:
    couples.separate(scene.viewer, scene.couple, now)


# Homework


def assign(scene: Scene, step: Step, now: datetime) -> None:
    viewer, couple = scene.viewer, scene.couple
    version = library.get_for(viewer, step.exercise)
    if version is None:
        raise BrokenStory(f"{scene.story.key}: there is no exercise {step.exercise}")
    day = int(step.at.split()[0]) if step.starts is None else step.starts
    concerns = couple_rows.concerns_of(viewer, couple.id)
    plan = homework.Plan(
        cast={
            scene.partner(one.key).id: one.role for one in scene.story.partners if step.who in {"", one.key}
        },
        starts_on=datetime.fromisoformat(scene.present.as_answer(str(day), scene.story.zone)).date(),
        first=scene.partner(step.first).id if step.first else None,
        opening=step.opening,
        times=step.times,
        concern_id=concerns[0].id if concerns else None,
        plans={scene.partner(key).id: Agreed.of(told) for key, told in step.plan.items()},
    )
    scene.assignments[step.of or step.exercise] = homework.assign(viewer, couple, version, plan, now).id


def end(scene: Scene, step: Step, now: datetime) -> None:
    homework.end(scene.viewer, scene.assignment(step), now)


def recall(scene: Scene, step: Step, now: datetime) -> None:
    homework.recall(scene.viewer, scene.assignment(step), now)


def pause(scene: Scene, step: Step, now: datetime) -> None:
    homework.pause(scene.viewer, scene.assignment(step), now)


def resume(scene: Scene, step: Step, now: datetime) -> None:
    homework.resume(scene.viewer, scene.assignment(step), now)


def excuse(scene: Scene, step: Step, now: datetime) -> None:
    partner = scene.partner(step.who)
    recipient = next(one for one in scene.assignment(step).recipients if one.partner_id == partner.id)
    homework.excuse(scene.viewer, recipient, now)


def delay(scene: Scene, step: Step, now: datetime) -> None:
    homework.delay_opening(scene.viewer, scene.assignment(step), step.opening or "counselor", now)


# Writing


def draft(scene: Scene, step: Step, now: datetime) -> None:
    author = scene.author(step, "open", "returned", "proposed", "waiting")
    reflections.settle(author, scene.sending(step, author), now)


def send(scene: Scene, step: Step, now: datetime) -> None:
    author = scene.author(step, "open", "returned", "proposed", "waiting")
    reflections.send(author, scene.sending(step, author), now)


def confirm(scene: Scene, step: Step, now: datetime) -> None:
    author = scene.author(step, "proposed")
    reflections.confirm(author, bound_hash(words.proposed(author.turn)), now)


def decline(scene: Scene, step: Step, now: datetime) -> None:
    reflections.decline(scene.author(step, "proposed"), now)


def take_back(scene: Scene, step: Step, now: datetime) -> None:
    reflections.take_back(scene.author(step, "sent"), now)


def narrow(scene: Scene, step: Step, now: datetime) -> None:
    reflections.narrow(scene.author(step, "sent"), step.fields, now)


def add(scene: Scene, step: Step, now: datetime) -> None:
    reflections.add(scene.author(step, "sent"), step.text, now)


# The counselor's side


def release(scene: Scene, step: Step, now: datetime) -> None:
    reflections.release(scene.viewer, scene.turn(step, ["sent"]), now)


def call_back(scene: Scene, step: Step, now: datetime) -> None:
    reflections.call_back(scene.viewer, scene.turn(step, ["sent"]), now)


def return_(scene: Scene, step: Step, now: datetime) -> None:
    reflections.return_for_another_pass(scene.viewer, scene.turn(step, ["sent"]), now)


def reply(scene: Scene, step: Step, now: datetime) -> None:
    to = [scene.partner(key).id for key in step.to] or [one.id for one in scene.couple.partners]
    reflections.reply(scene.viewer, scene.round(step), to, step.text, now)


def read_aloud(scene: Scene, step: Step, now: datetime) -> None:
    """In the session of that day."""
    day = clock.local_day(now, scene.story.zone)
    reflections.mark_read_aloud(scene.viewer, scene.round(step), day, now)


def review(scene: Scene, step: Step, now: datetime) -> None:
    _read_both_sides(scene.round(step))
    quality = {str(scene.partner(key).id): value for key, value in step.quality.items()}
    reflections.review(
        scene.viewer,
        scene.round(step),
        now,
        note=step.text or None,
        quality=quality or None,
        is_done=step.done,
    )


def read(scene: Scene, step: Step, now: datetime) -> None:
    """The counselor's reading hour: everything that came in and was not read is read, and its care rated."""
    viewer = scene.viewer
    came_in = select(Round).where(Round.couple_id == scene.couple_id, Round.came_in_at.is_not(None))
    for round_ in db.session.scalars(came_in.where(Round.reviewed_at.is_(None)).order_by(Round.came_in_at)):
        sent = sorted({str(turn.sent_by_id) for turn in round_.turns if turn.sent_by_id})
        quality = {partner: 2 + (round_.number + place) % 3 for place, partner in enumerate(sent)}
        _read_both_sides(round_)
        reflections.review(viewer, round_, now, quality=quality, is_done=True)


def _read_both_sides(round_: Round) -> None:
    """As the page of a review does: so that their authors find in their list who read it."""
    for sent in words.latest(round_.turns).values():
        for part in sent.words:
            _ = part.answers


def act_on_flag(scene: Scene, step: Step, now: datetime) -> None:
    viewer, partner = scene.viewer, scene.partner(step.who)
    flag = next(one for one in flags.open_flags(viewer) if one.partner_id == partner.id)
    safety.act_on_flag(viewer, flag, step.text, now)


# Appointments


def schedule(scene: Scene, step: Step, now: datetime) -> None:
    """With both, or with the one whom the step names."""
    starts_at = scene.present.moment(step.on, scene.story.zone)
    partner_id = scene.partner(step.who).id if step.who else None
    slot = appointments.Slot(starts_at, scene.story.zone, step.minutes, partner_id)
    scene.appointments.append(appointments.schedule(scene.viewer, scene.couple, slot, now).id)


def hold(scene: Scene, step: Step, now: datetime) -> None:
    appointments.hold(scene.viewer, _next_appointment(scene), now)


def cancel(scene: Scene, step: Step, now: datetime) -> None:
    appointments.cancel(scene.viewer, _next_appointment(scene), now)


def miss(scene: Scene, step: Step, now: datetime) -> None:
    appointments.miss(scene.viewer, _next_appointment(scene), now)


def bring_up(scene: Scene, step: Step, now: datetime) -> None:
    """Each of the fields named, of the newest turn that the partner sent."""
    turn = scene.turn(step, ["sent"])
    for field in step.fields:
        appointments.bring_up(scene.viewer, turn, field, now)


def _next_appointment(scene: Scene) -> Appointment:
    """The earliest that nobody has settled."""
    rows = (db.session.get_one(Appointment, id_) for id_ in scene.appointments)
    return min((one for one in rows if one.state == "scheduled"), key=lambda one: one.starts_at)


READS = {"review", "read"}
"""For what the counselor opens words."""

BY_PARTNER = frozenset(
    {"sign", "take_back_consent", "draft", "send", "confirm", "decline", "take_back", "narrow", "add"}
)
"""Verbs of the couple; all others are the counselor's."""

ACTS: dict[str, Act] = {
    "create": create,
    "invite": invite,
    "join": join,
    "confirm_person": confirm_person,
    "sign": sign,
    "sign_on_paper": sign_on_paper,
    "take_back_consent": take_back_consent,
    "publish": publish,
    "clear": clear,
    "concern": concern,
    "pause_all": pause_all,
    "separate": separate,
    "assign": assign,
    "end": end,
    "recall": recall,
    "pause": pause,
    "resume": resume,
    "excuse": excuse,
    "delay": delay,
    "draft": draft,
    "send": send,
    "confirm": confirm,
    "decline": decline,
    "take_back": take_back,
    "narrow": narrow,
    "add": add,
    "release": release,
    "call_back": call_back,
    "return": return_,
    "reply": reply,
    "read_aloud": read_aloud,
    "review": review,
    "read": read,
    "act_on_flag": act_on_flag,
    "schedule": schedule,
    "hold": hold,
    "cancel": cancel,
    "miss": miss,
    "bring_up": bring_up,
}
