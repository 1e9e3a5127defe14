"""One world for all rules: words of every kind, each with a canary of its own that names who may ever read it."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from sqlalchemy import select

from clinic import clock
from clinic.access import Viewer
from clinic.accounts import actions as accounts
from clinic.accounts import letters
from clinic.accounts import queries as sign_ins
from clinic.accounts.models import CodeApp, KeptForm, ResetLink
from clinic.appointments import actions as appointments
from clinic.consent import actions as consent
from clinic.consent.models import ConsentSignature
from clinic.couples import actions as couples
from clinic.couples import queries as couple_reads
from clinic.couples import staffing
from clinic.exercises import actions as exercises
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework.agreed import Agreed
from clinic.homework.models import Round, Turn
from clinic.practice import actions as practices
from clinic.practice import queries as houses
from clinic.privacy import actions as rights
from clinic.privacy import endings, holds, records
from clinic.privacy.models import RecordsRequest
from clinic.progress import actions as progress
from clinic.progress.summary import Audience, Period
from clinic.reflections import actions as reflections
from clinic.reflections import seen
from clinic.reflections.models import KeptText, NoteToCounselor
from clinic.reflections.rules import Sending
from clinic.reflections.versions import Page
from clinic.safety import actions as safety
from clinic.safety import queries as flags
from tests import cast as people
from tests.rules.birds import Canary
from tests.rules.stage import Stage

BOTH = {"partner_a": "injured", "partner_b": "involved"}
HOUSE = ("counselor", "supervisor")


@dataclass
class World:
    """Who and what there is; ids by name for the table of routes."""

    cast: people.Cast
    stage: Stage
    canaries: list[Canary] = field(default_factory=list)
    ids: dict[str, UUID | str] = field(default_factory=dict)

    def bird(self, label: str, *readers: str) -> str:
        """A new canary for these readers, as text."""
        token = "zq" + sha256(label.encode()).hexdigest()[:12]
        self.canaries.append(Canary(label, token, frozenset(readers)))
        return self.canaries[-1].text

    def hidden_from(self, who: str) -> list[Canary]:
        """The canaries that this person must never meet."""
        return [one for one in self.canaries if who not in one.readers]


def build() -> World:
    """Make it, in the running app context."""
    cast = people.build()
    exercises.import_documents(shipped().values(), people.BEGAN)
    now = people.BEGAN + timedelta(minutes=40)
    with clock.moved_to(now):
        people.add_couple(cast, "parted", ("parted_a", "Dita"), ("parted_b", "Ugo"), by="counselor", now=now)
        db.session.commit()
    world = World(cast, Stage(cast))
    _couple(world)
    _elsewhere(world, "other", "other_a", "other_b", "other_counselor")
    _elsewhere(world, "elsewhere", "elsewhere_a", "elsewhere_b", "elsewhere_counselor")
    _parted(world)
    _staff_side(world)
    _appointments(world)
    _documents(world)
    _copies(world)
    _papers(world)
    _emergencies(world)
    _mail_and_calendars(world)
    _rights(world)
    _name_rows(world)
    return world


def _couple(world: World) -> None:
    """The couple in the middle: every kind of words, opened and not."""
    stage = world.stage
    _assign_everything(world)
    _checkins(world)
    _letters(world)
    _turns_in_turn(world)
    _logs_and_plans(world)
    _beside_the_answers(world)
    stage.wait(minutes=30)


def _assign_everything(world: World) -> None:
    stage = world.stage
    plans = {who: _agreed(world, who) for who in BOTH}
    with stage.act("counselor") as viewer:
        roles = {stage.cast.partners[who]: role for who, role in BOTH.items()}
        title = world.bird("concern", *HOUSE)
        concern = couples.name_concern(viewer, stage.couple("couple"), title, roles, stage.now)
        world.ids["concern"] = concern.id
    stage.assign("checkin", "weekly_checkin", BOTH, plans=plans, concern_id=world.ids["concern"])
    stage.assign("impact", "impact_statement", BOTH)
    stage.assign("reply", "validation_reply", BOTH)
    stage.assign("turns", "perspective_round", BOTH, first=stage.cast.partners["partner_a"])
    stage.assign("plan", "calm_conversation_plan", BOTH, first=stage.cast.partners["partner_a"])
    stage.assign("wins", "victories_log", BOTH)
    stage.assign("feelings", "feelings_log", BOTH)
    stage.assign("meaning", "trust_definitions", BOTH)
    alone = {"partner_b": Agreed(world.bird("plan of the solo assignment of b", "partner_b", *HOUSE))}
    stage.assign("solo", "feelings_log", {"partner_b": "involved"}, plans=alone)


def _agreed(world: World, who: str) -> Agreed:
    """A word in every box of a plan, for this partner and the house."""
    names = ("rationale", "when_where", "obstacle", "note")
    said = {name: world.bird(f"{name} agreed with {who}", who, *HOUSE) for name in names}
    return Agreed(**said, confidence=8)


def _checkins(world: World) -> None:
    """The first week is open to both; in the second one has answered and the other has a draft."""
    stage = world.stage
    tail = {"note": world.bird("tail of a", "partner_a", *HOUSE)}
    stage.send(
        "partner_a",
        "checkin",
        "pulse",
        world.bird("opened, of a", "partner_a", "partner_b", *HOUSE),
        tail=tail,
    )
    kept = {"ask": world.bird("narrowed, of b", "partner_b", *HOUSE)}
    said = world.bird("opened, of b", "partner_a", "partner_b", *HOUSE)
    stage.send("partner_b", "checkin", "pulse", said, answers=kept, narrowed=("ask",))
    stage.wait(days=7)
    tail = {"note": world.bird("tail of b", "partner_b", *HOUSE)}
    sealed = world.bird("sealed before opening, of b", "partner_b", *HOUSE)
    stage.send("partner_b", "checkin", "pulse", sealed, tail=tail)
    stage.draft("partner_a", "checkin", "pulse", world.bird("draft of a", "partner_a"))


def _letters(world: World) -> None:
    """Words that the counselor releases: one letter is released, the next one is not; its fear is hers alone."""
    stage = world.stage
    stage.send(
        "partner_a", "impact", "first_sitting", world.bird("released, of a", "partner_a", "partner_b", *HOUSE)
    )
    stage.release("impact", "first_sitting", "partner_a")
    fear = {"fear": world.bird("for the counselor, of a", "partner_a", *HOUSE)}
    held = world.bird("release before release, of a", "partner_a", *HOUSE)
    stage.send("partner_a", "impact", "second_sitting", held, answers=fear)


def _turns_in_turn(world: World) -> None:
    stage = world.stage
    stage.send("partner_a", "turns", "speak", world.bird("partner, of a", "partner_a", "partner_b", *HOUSE))
    stage.draft("partner_b", "turns", "summarize", world.bird("draft of b", "partner_b"))


def _logs_and_plans(world: World) -> None:
    stage = world.stage
    stage.send("partner_a", "plan", "plan", world.bird("proposal of a", "partner_a", "partner_b", *HOUSE))
    stage.draft("partner_b", "plan", "plan", world.bird("counter-proposal of b, not proposed", "partner_b"))
    stage.send("partner_b", "wins", "entry", world.bird("win of b", "partner_a", "partner_b", *HOUSE))
    stage.send(
        "partner_b",
        "feelings",
        "entry",
        world.bird("release refused, of b", "partner_b", *HOUSE),
        consent="no",
    )
    stage.send("partner_a", "wins", "entry", world.bird("kept whole, of a", "partner_a", *HOUSE), keep=True)
    stage.send("partner_b", "meaning", "choose", world.bird("taken back, of b", "partner_b"))
    stage.take_back("partner_b", "meaning", "choose")
    stage.send("partner_a", "meaning", "choose", world.bird("sealed, of a", "partner_a", *HOUSE))
    unsafe = world.bird("unsafe, of b", "partner_b", *HOUSE)
    stage.send("partner_b", "wins", "entry", unsafe, safe="no")


def _beside_the_answers(world: World) -> None:
    """Notes to the counselor, a text put aside, answers of the counselor."""
    stage = world.stage
    stage.say("partner_a", "checkin", "pulse", world.bird("note of a", "partner_a", *HOUSE))
    stage.say("partner_b", "turns", "summarize", world.bird("note of b", "partner_b", *HOUSE))
    for who, name, key in (("partner_a", "checkin", "pulse"), ("partner_b", "turns", "summarize")):
        with stage.act(who) as viewer:
            text = world.bird(f"text put aside by {who}", who)
            sending = Sending(answers={"ask": text} if key == "pulse" else {"summary": text})
            box = "x_ask" if key == "pulse" else "x_summary"
            reflections.keep_text(
                stage.author(viewer, name, key, who), Page(sending, (box,)), "window", stage.now
            )
    stage.reply("checkin", ["partner_a"], world.bird("reply to a", "partner_a", *HOUSE))
    stage.reply("checkin", ["partner_b"], world.bird("reply to b", "partner_b", *HOUSE))
    stage.reply(
        "checkin", ["partner_a", "partner_b"], world.bird("reply to both", "partner_a", "partner_b", *HOUSE)
    )


def _elsewhere(world: World, key: str, a: str, b: str, by: str) -> None:
    """Another couple, with another counselor or in another practice: opened words, a letter, a note."""
    stage = world.stage
    stage.assign(f"{key} checkin", "weekly_checkin", {a: "mutual", b: "mutual"}, by=by)
    stage.assign(f"{key} feelings", "feelings_log", {a: "mutual", b: "mutual"}, by=by)
    for who in (a, b):
        stage.send(who, f"{key} checkin", "pulse", world.bird(f"opened, of {who}", a, b, by))
    stage.send(a, f"{key} feelings", "entry", world.bird(f"for the counselor, of {a}", a, by), consent="no")
    stage.say(a, f"{key} checkin", "pulse", world.bird(f"note of {a}", a, by))
    stage.reply(f"{key} checkin", [a], world.bird(f"reply to {a}", a, by), by=by)
    stage.wait(minutes=5)


def _parted(world: World) -> None:
    """What was open when they parted stays; what was not open never opens."""
    stage, pair = world.stage, ("parted_a", "parted_b")
    stage.assign("parted checkin", "weekly_checkin", dict.fromkeys(pair, "mutual"))
    stage.assign("parted meaning", "trust_definitions", dict.fromkeys(pair, "mutual"))
    for who in pair:
        stage.send(who, "parted checkin", "pulse", world.bird(f"opened, of {who}", *pair, *HOUSE))
        stage.send(who, "parted meaning", "choose", world.bird(f"sealed for ever, of {who}", who, *HOUSE))
    stage.draft("parted_a", "parted meaning", "levels", world.bird("draft of parted_a", "parted_a"))
    stage.separate("parted", by="counselor")
    stage.wait(days=1)


def _staff_side(world: World) -> None:
    """What only the counselors write and read."""
    stage = world.stage
    with stage.act("counselor") as viewer:
        reason = world.bird("reason of a clearance", *HOUSE)
        safety.decide(viewer, stage.partner("partner_b"), "conjoint_ok", reason, stage.now)
        open_ones = [
            one for one in flags.open_flags(viewer) if one.partner_id == stage.cast.partners["partner_b"]
        ]
        world.ids["flag"] = open_ones[0].id
    afraid = world.bird("flagged, of a", "partner_a", *HOUSE)
    stage.send("partner_a", "feelings", "entry", afraid, answers={"safe": "unsafe"})
    with stage.act("counselor") as viewer:
        mine = [one for one in flags.open_flags(viewer) if one.partner_id == stage.cast.partners["partner_a"]]
        safety.act_on_flag(viewer, mine[0], world.bird("action on a flag", *HOUSE), stage.now)
        round_ = db.session.scalars(
            select(Round).where(Round.assignment_id == stage.assignments["checkin"]).order_by(Round.number)
        ).first()
        assert round_ is not None
        reflections.review(viewer, round_, stage.now, note=world.bird("private note", *HOUSE))
        page = f"/reflections/rounds/{round_.id}"
        words = [("text", world.bird("reply that could not be sent", "counselor"))]
        typed = accounts.Typed(f"{page}/reply", page, {"text": "Your reply"}, words)
        accounts.keep_form(stage.cast.people["counselor"], typed, "sign_in", stage.now)
        kept = db.session.scalars(select(KeptForm)).one()
        world.ids["kept form counselor"] = kept.id
    with stage.act("counselor") as viewer:
        couple = couples.create(viewer, couples.NewCouple(("Wim", "Bo"), "America/New_York"), stage.now)
        invited = couples.invite(viewer, couple_reads.partners_of(couple)[0], stage.now)
        world.ids |= {"invited": couple.id, "token": invited.token, "secret": invited.secret}
        world.ids["invited_partner"] = couple_reads.partners_of(couple)[0].id


def _appointments(world: World) -> None:
    """Meetings with both, with one alone, elsewhere, and one that has begun; a word to bring up."""
    stage, ids = world.stage, world.ids
    alone = stage.cast.partners["partner_b"]
    stage.meet("begun", "couple", "counselor", in_days=0.02)
    stage.now += timedelta(hours=1)
    for name, key, by, partner_id in (
        ("joint", "couple", "counselor", None),
        ("with b", "couple", "counselor", alone),
        ("other", "other", "other_counselor", None),
        ("elsewhere", "elsewhere", "elsewhere_counselor", None),
    ):
        stage.meet(name, key, by, in_days=5, partner_id=partner_id)
    ids |= {f"appointment {name}": id_ for name, id_ in stage.appointments.items()}
    with stage.act("counselor") as viewer:
        turn = stage.turn("turns", "speak", "partner_a")
        ids["agenda"] = appointments.bring_up(viewer, turn, "view", stage.now).id


def _documents(world: World) -> None:
    """Reports as they were asked for, each for its audience; the narrative is the counselor's own."""
    for name, key, by in (
        ("couple", "couple", "counselor"),
        ("partner_1", "couple", "counselor"),
        ("other", "other", "other_counselor"),
        ("elsewhere", "elsewhere", "elsewhere_counselor"),
    ):
        audience: Audience = "partner_1" if name == "partner_1" else "couple"
        with world.stage.act(by) as viewer:
            readers = HOUSE if by == "counselor" else (by,)
            told = world.bird(f"narrative of the report {name}", *readers)
            period = Period(starts_on=people.BEGAN.date(), ends_on=world.stage.now.date())
            chosen = progress.Chosen(audience, period, "A4", narrative=told)
            made = progress.make_report(viewer, world.stage.couple(key), chosen, world.stage.now)
            world.ids[f"document {name}"] = made.id


def _copies(world: World) -> None:
    """Copies of what is one's own, asked for and not made yet."""
    for who in ("partner_a", "other_a"):
        with world.stage.act(who) as viewer:
            world.ids[f"copy {who}"] = rights.ask(viewer, "A4", world.stage.now).id


def _emergencies(world: World) -> None:
    """An owner read a record and closed it; another one, who works with the couple as well, has it open still."""
    stage = world.stage
    for name, key, by in (("couple", "couple", "owner"), ("elsewhere", "elsewhere", "elsewhere_counselor")):
        with stage.act(by) as viewer:
            reason = world.bird(f"reason of the emergency {name}", "counselor" if name == "couple" else by)
            row = staffing.open_record(viewer, stage.couple(key), reason, 24, stage.now)
            world.ids[f"emergency {name}"] = row.id
            if name == "couple":
                staffing.close_record(viewer, row, stage.now)


def _papers(world: World) -> None:
    """A new version of the consent that asks nobody anew; one of the two has signed it. A draft of the policy."""
    stage = world.stage
    with stage.act("owner") as viewer:
        practice = houses.by_id(stage.cast.practice_id)
        longer = practices.Written(
            "consent", houses.in_force(practice.id, stage.now)["consent"].text + "\n\nMore."
        )
        made = practices.publish_text(viewer, practice, longer, "none", stage.now)
        draft = practices.Written("secrets", "What is not settled yet.", "own")
        world.ids["consent in force"] = made.id
        world.ids["draft"] = practices.save_draft(viewer, practice, draft, stage.now).id
    stage.wait(minutes=5)
    with stage.act("partner_b") as viewer:
        name = world.bird("signature of b", "partner_b", *HOUSE)
        version = houses.in_force(stage.cast.practice_id, stage.now)["consent"]
        consent.sign(viewer, stage.partner("partner_b"), version, name, stage.now)


def _mail_and_calendars(world: World) -> None:
    """Addresses that only their owners meet, a link of a calendar, and one to a new passphrase."""
    stage = world.stage
    for who in ("partner_a", "partner_b", "counselor"):
        with stage.act(who) as viewer:
            address = f"{world.bird(f'address of {who}', who).split()[0]}@example.com"
            letters.write_address(viewer, address, "America/New_York", stage.now)
            if who == "partner_a":
                token = letters.make_calendar(viewer, stage.now, has_individual=True)
                world.ids["feed token"] = token
    with stage.act("counselor"):
        account = sign_ins.account_of(stage.cast.people["counselor"])
        assert account is not None
        token = secrets.token_urlsafe(32)
        until = stage.now + timedelta(minutes=30)
        values = {"token_hash": sign_ins.hash_of(token), "created_at": stage.now, "expires_at": until}
        db.session.add(ResetLink(account_id=account.id, **values))
        world.ids["reset token"] = token


def _rights(world: World) -> None:
    """A hold, a request, what a law demanded, and the words of one who is separated on their way out."""
    stage, ids = world.stage, world.ids
    for key, by in (("couple", "counselor"), ("other", "other_counselor")):
        with stage.act(by) as viewer:
            couple, today = stage.couple(key), stage.now.date()
            reason = world.bird(f"reason of a hold on {key}", by)
            ids[f"hold {key}"] = holds.place(viewer, couple, None, reason, today, stage.now).id
            asker, purpose = (
                world.bird(f"{what} of a request in {key}", by) for what in ("asker", "purpose")
            )
            asked = records.Asked("partner_1", asker, purpose, today)
            ids[f"request {key}"] = records.ask(viewer, couple, asked, stage.now).id
    with stage.act("counselor") as viewer:
        why = world.bird("why a part is left out", "counselor")
        records.leave_out(
            viewer, db.session.get_one(RecordsRequest, ids["request couple"]), "2026-03-03 Any", why
        )
        _demanded_of_a(world, viewer)
        reason = world.bird("reason of an ending", "counselor")
        ids["ending"] = endings.close(viewer, stage.partner("ex_b"), "request", reason, stage.now).id


def _demanded_of_a(world: World, viewer: Viewer) -> None:
    """One that she may know of, and one that she must not."""
    stage = world.stage
    said = {name: world.bird(f"{name} of a disclosure", "counselor") for name in ("basis", "reason", "given")}
    told = world.bird("what a law demanded, as a reads it", "partner_a")
    for words, why in ((told, None), (None, world.bird("why a is not told", "counselor"))):
        what = records.Demanded(
            **said, recipient="The court", on=stage.now.date(), told=words, untold_because=why
        )
        records.disclose(viewer, stage.couple("couple"), stage.partner("partner_a"), what, stage.now)


def _name_rows(world: World) -> None:
    """Ids for the table of routes."""
    stage, ids = world.stage, world.ids
    ids["random"] = uuid4()
    ids |= {f"couple of {key}": id_ for key, id_ in world.cast.couples.items()}
    ids |= {f"partner {key}": id_ for key, id_ in world.cast.partners.items()}
    ids |= {f"staff {key}": id_ for key, id_ in world.cast.staff.items()}
    ids |= {f"assignment {key}": id_ for key, id_ in stage.assignments.items()}
    for name, id_ in stage.assignments.items():
        for round_ in db.session.scalars(select(Round).where(Round.assignment_id == id_)):
            ids[f"round {name} {round_.number}"] = round_.id
            for turn in round_.turns:
                ids[f"turn {name} {_turn_name(world, turn)}"] = turn.id
                ids[f"read {name} {_turn_name(world, turn)}"] = seen.marks([turn]).get(turn.id, "")
    for signature in db.session.scalars(select(ConsentSignature).order_by(ConsentSignature.signed_at)):
        ids[f"signature {_who(world, signature.partner_id)}"] = signature.id
    ids["consent elsewhere"] = houses.in_force(world.cast.elsewhere_id, stage.now)["consent"].id
    apps = {app.person_id: app.id for app in db.session.scalars(select(CodeApp))}
    ids |= {f"factor {key}": apps[id_] for key, id_ in world.cast.people.items() if id_ in apps}
    for kind, label in ((KeptText, "kept"), (NoteToCounselor, "note")):
        for row in db.session.scalars(select(kind)):
            ids[f"{label} {_who(world, row.partner_id)}"] = row.id
    db.session.remove()


def _turn_name(world: World, turn: Turn) -> str:
    again = f" {turn.attempt}.{turn.entry}" if (turn.attempt, turn.entry) != (1, 1) else ""
    return f"{turn.round.number} {turn.key} {_who(world, turn.partner_id)}{again}"


def _who(world: World, partner_id: UUID | None) -> str:
    return next((who for who, id_ in world.cast.partners.items() if id_ == partner_id), "either")
