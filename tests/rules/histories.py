"""One base history of a couple, played again and again; between its acts one partner does private things, or not."""

from collections.abc import Callable, Iterable, Mapping
from datetime import time, timedelta

from clinic import clock
from clinic.accounts import actions as accounts
from clinic.accounts import factors, letters, tries
from clinic.accounts import queries as sign_ins
from clinic.consent import actions as consent
from clinic.couples import actions as couples
from clinic.exercises import actions as library
from clinic.exercises.library import shipped
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.agreed import Agreed
from clinic.practice import actions as practices
from clinic.practice import queries as papers
from clinic.privacy import actions as rights
from clinic.privacy import holds, records
from clinic.privacy.rules import Scope
from clinic.reflections import actions as reflections
from clinic.reflections.rules import Sending
from clinic.reflections.versions import Page
from clinic.safety import actions as safety
from clinic.safety import queries as flags
from clinic.safety.library import QUESTIONS
from tests import cast as people
from tests.rules.stage import Stage

A, B = "partner_a", "partner_b"
PAIR = {A: "involved", B: "injured"}
OF_B: Scope = "partner_2"
Private = Callable[[Stage], None]
"""Something that B does, or that is done for B alone, and that A must not be able to notice."""

DAYS, UNDO_DAYS = 16, 3
LOOKS = (2, 5, 9, 15)


def prepare() -> people.Cast:
    """What is there before the first day: everybody, and the library."""
    cast = people.build()
    library.import_documents(shipped().values(), people.BEGAN)
    practice = papers.by_id(cast.practice_id)
    newer = practices.Written("consent", "A newer version, which asks nobody anew.")
    practices.publish_text(people.viewer_of(cast, "owner"), practice, newer, "none", people.BEGAN)
    practices.set_terms(people.viewer_of(cast, "owner"), practice, UNDO_DAYS, practice.retention_years)
    for who in (A, B):
        viewer = people.viewer_of(cast, who)
        letters.write_address(viewer, f"{who}@example.com", "America/New_York", people.BEGAN)
        letters.write_wishes(
            viewer, letters.Wishes(True, (time(21), time(8)), "America/New_York"), people.BEGAN
        )
    made = letters.make_calendar(people.viewer_of(cast, A), people.BEGAN, has_individual=True)
    cast.calendars[A] = f"/appointments/feed/{made}.ics"
    db.session.commit()
    return cast


# The base: all that both may know of. One act a day, at noon; private things happen in the afternoon.


def base(stage: Stage, day: int) -> None:
    """What happens on that day in every history."""
    act = BASE.get(day)
    if act is not None:
        act(stage)


def _give(stage: Stage) -> None:
    plans = {who: Agreed(rationale=f"For {who}.") for who in PAIR}
    both = {"plans": plans}
    stage.assign("checkin", "weekly_checkin", PAIR, **both)
    stage.assign("impact", "impact_statement", PAIR, **both)
    stage.assign("reply", "validation_reply", PAIR, **both)
    stage.assign("turns", "perspective_round", PAIR, first=stage.cast.partners[B], **both)
    stage.assign("plan", "calm_conversation_plan", PAIR, **both)
    stage.assign("wins", "victories_log", PAIR, **both)
    stage.assign("feelings", "feelings_log", PAIR, **both)
    stage.assign("meaning", "trust_definitions", PAIR, **both)
    stage.assign("prep", "session_prep", PAIR, **both)
    stage.meet("joint", "couple", "counselor", in_days=8)


def _first_words(stage: Stage) -> None:
    stage.send(A, "checkin", "pulse", "the first week, of A")
    stage.send(B, "turns", "speak", "what B tells")
    stage.send(B, "wins", "entry", "a good day")


def _checkin_of_b(stage: Stage) -> None:
    # What is narrowed looks like what is declined: one history has the one, another the other.
    stage.send(B, "checkin", "pulse", "the first week, of B", answers={"ask": {"declined": True}})
    stage.draft(A, "turns", "summarize", "what A has understood so far")


def _meaning_of_a(stage: Stage) -> None:
    stage.send(A, "meaning", "choose", "what trust is to A")


def _propose(stage: Stage) -> None:
    stage.send(B, "plan", "plan", "a plan of B")


def _hold(stage: Stage) -> None:
    stage.now += timedelta(hours=1)
    stage.hold("joint")


def _feelings_of_a(stage: Stage) -> None:
    stage.send(A, "feelings", "entry", "an evening, of A", consent="no")


BASE: Mapping[int, Private] = {
    0: _give,
    1: _first_words,
    2: _checkin_of_b,
    4: _meaning_of_a,
    5: _propose,
    8: _hold,
    9: _feelings_of_a,
}


def play(stage: Stage, private: Iterable[str], looks: Callable[[Stage, int], None]) -> None:
    """Live through all days; `looks` is called at the end of some of them."""
    chosen, begins = sorted(set(private)), stage.now
    for day in range(DAYS):
        stage.now = begins + timedelta(days=day)
        stage.wait()
        base(stage, day)
        for name in chosen:
            on, act = PRIVATE[name]
            if on == day:
                stage.now = begins + timedelta(days=day, hours=3)
                act(stage)
        stage.now = begins + timedelta(days=day, hours=8)
        stage.wait()
        if day in LOOKS:
            looks(stage, day)


# Private things


def _drafts(stage: Stage) -> None:
    for name, key in (
        ("impact", "first_sitting"),
        ("meaning", "choose"),
        ("feelings", "entry"),
        ("wins", "entry"),
    ):
        stage.draft(B, name, key, "unsent")
    with stage.act(B) as viewer:
        author = stage.author(viewer, "impact", "first_sitting", B)
        reflections.keep_text(
            author, Page(Sending(answers={"event": "aside"}), ("x_event",)), "window", stage.now
        )


def _draft_of_a_counter_proposal(stage: Stage) -> None:
    stage.draft(B, "plan", "plan", "another plan, not proposed")


def _draft_of_the_next_plan(stage: Stage) -> None:
    stage.draft(B, "plan", "plan", "the next plan, not proposed")


def _sealed(stage: Stage) -> None:
    stage.send(
        B, "checkin", "pulse", "the next week", tail={"note": "hard", "usefulness": 2, "how_far": "tried"}
    )


def _sealed_and_taken_back(stage: Stage) -> None:
    stage.send(B, "meaning", "choose", "what trust is to B")
    stage.take_back(B, "meaning", "choose")


def _sealed_and_kept(stage: Stage) -> None:
    stage.send(B, "meaning", "choose", "what trust is to B")
    stage.narrow(B, "meaning", "choose")


def _sealed_after_the_appointment(stage: Stage) -> None:
    stage.send(B, "meaning", "choose", "what trust is to B, late")
    stage.send(B, "meaning", "levels", "in three parts")


def _fields_narrowed(stage: Stage) -> None:
    stage.send(B, "checkin", "pulse", "the third week", narrowed=("ask", "victory", "rely"))
    stage.narrow(B, "checkin", "pulse", ["speak"])


def _to_the_counselor(stage: Stage) -> None:
    stage.send(B, "feelings", "entry", "a bad night", consent="no")
    stage.send(B, "feelings", "entry", "another", consent="yes")


def _unsafe(stage: Stage) -> None:
    stage.send(B, "feelings", "entry", "afraid", answers={"safe": "unsafe"}, consent="no")
    stage.send(B, "wins", "entry", "kept for safety", safe="no")
    stage.send(B, "wins", "entry", "kept by choice", keep=True)
    with stage.act("counselor") as viewer:
        for flag in flags.open_flags(viewer):
            safety.act_on_flag(viewer, flag, "called", stage.now)


def _letter_before_release(stage: Stage) -> None:
    stage.send(B, "impact", "first_sitting", "the letter", consent="yes")
    stage.send(B, "impact", "second_sitting", "its second half", consent="after_appointment")


def _letter_called_back(stage: Stage) -> None:
    stage.send(B, "impact", "first_sitting", "the letter", consent="yes")
    with stage.act("counselor") as viewer:
        turn = stage.turn("impact", "first_sitting", B)
        reflections.release(viewer, turn, stage.now)
        stage.now += timedelta(minutes=5)
        reflections.call_back(viewer, turn, stage.now)
    with stage.act("counselor") as viewer:
        turn = stage.turn("impact", "first_sitting", B)
        reflections.return_for_another_pass(viewer, turn, stage.now)
        reflections.reply(viewer, turn.round, [stage.cast.partners[B]], "once more, please", stage.now)


def _said(stage: Stage) -> None:
    stage.say(B, "turns", "speak", "it is too much", "too_much")
    stage.say(B, "impact", "first_sitting", "not now", "not_now")
    stage.reply("checkin", [B], "for B alone")


def _settings(stage: Stage) -> None:
    with clock.moved_to(stage.now):
        people.token_for(stage.cast, B, stage.now, "Chrome on Android")
    with stage.act(B) as viewer:
        account = sign_ins.account_of(stage.cast.people[B])
        assert account is not None
        accounts.change_password(viewer, account, people.passphrase_hash(), stage.now)
    with stage.act(B) as viewer:
        letters.make_calendar(viewer, stage.now, has_individual=True)
        letters.write_address(viewer, "elsewhere@example.com", "Europe/Vienna", stage.now)
        letters.write_wishes(viewer, letters.Wishes(False, (time(1), time(2)), "Europe/Vienna"), stage.now)


def _signs(stage: Stage) -> None:
    with stage.act(B) as viewer:
        for version in papers.in_force(stage.cast.practice_id, stage.now).values():
            consent.sign(viewer, stage.partner(B), version, "The name of B", stage.now)


def _second_step(stage: Stage) -> None:
    """B sets up an app for codes, gets the paper with it, and mistypes at the door."""
    person_id = stage.cast.people[B]
    with stage.act(B) as viewer:
        factors.begin_code_app(viewer, stage.now)
        people.add_code_app(person_id, stage.now)
        factors.new_recovery_codes(viewer, person_id)
        account = sign_ins.account_of(person_id)
        assert account is not None
        tries.count_sign_in(tries.second_door(account.sign_in_hash, None, "10.0.0.7"), stage.now)
        assert not factors.uses_code(person_id, "000000", stage.now)
    with clock.moved_to(stage.now):
        people.token_for(stage.cast, B, stage.now, "Firefox on Windows")


def _met_alone(stage: Stage) -> None:
    stage.meet("alone", "couple", "counselor", in_days=0.01, partner_id=stage.cast.partners[B])
    stage.meet("alone again", "couple", "counselor", in_days=3, partner_id=stage.cast.partners[B])
    stage.now += timedelta(hours=1)
    stage.hold("alone")


def _given_alone(stage: Stage) -> None:
    plan = {B: Agreed(rationale="for B alone")}
    stage.assign("solo", "feelings_log", {B: "mutual"}, plans=plan)
    stage.send(B, "solo", "entry", "alone", consent="no")
    stage.assign("solo prep", "session_prep", {B: "mutual"}, plans=plan)
    stage.assign("solo letter", "impact_statement", {B: "injured"}, plans=plan)
    with stage.act("counselor") as viewer:
        homework.recall(viewer, stage.assignment("solo letter"), stage.now)


def _on_the_desk(stage: Stage) -> None:
    """The counselor's own: a concern with roles, a review, a fresh clearance of B, who was asked alone."""
    with stage.act("counselor") as viewer:
        roles = {stage.cast.partners[who]: role for who, role in PAIR.items()}
        couples.name_concern(viewer, stage.couple("couple"), "what it is about", roles, stage.now)
        safety.decide(viewer, stage.partner(B), "conjoint_ok", "seen alone again", stage.now)
        said = {one.key: "yes" for one in QUESTIONS}
        safety.record_screening(viewer, stage.partner(B), "talk", said, "She is afraid.", stage.now)
        round_ = stage.turn("turns", "speak", B).round
        rated = {str(stage.cast.partners[B]): 3}
        reflections.review(viewer, round_, stage.now, note="a note", quality=rated, is_done=True)


def _end(stage: Stage) -> None:
    """B asks that all words of B's end. Nothing of what both know of waits to open by then."""
    stage.end_words(B)


def _end_undone(stage: Stage) -> None:
    stage.undo_end(B)


def _rights(stage: Stage) -> None:
    """What the practice does about B's own part alone: a copy, a request, what a law demands, and a hold."""
    with stage.act(B) as viewer:
        rights.ask(viewer, "A4", stage.now)
    today = clock.local_day(stage.now, "America/New_York")
    with stage.act("counselor") as viewer:
        couple, partner = stage.couple("couple"), stage.partner(B)
        asked = records.Asked(OF_B, "A court", "a case", today)
        given, refused = (records.ask(viewer, couple, asked, stage.now) for _ in range(2))
        records.authorize(viewer, given, 2, today)
        records.give(viewer, given, couple, "as authorized", stage.now)
        records.refuse(viewer, refused, "not needed", stage.now)
        for told in ("A court ordered it.", None):
            why = None if told else "a law of silence"
            what = records.Demanded("a law", "an order", "a court", "a part", today, told, why)
            records.disclose(viewer, couple, partner, what, stage.now)
        holds.place(viewer, couple, partner, "a case", today, stage.now)


PRIVATE: Mapping[str, tuple[int, Private]] = {
    "drafts": (0, _drafts),
    "a letter before its release": (1, _letter_before_release),
    "sealed, and kept for the counselor": (5, _sealed_and_kept),
    "sealed, and taken back": (6, _sealed_and_taken_back),
    "a draft of a counter-proposal": (6, _draft_of_a_counter_proposal),
    "words for the counselor": (4, _to_the_counselor),
    "an unsafe answer": (5, _unsafe),
    "a letter released and called back": (2, _letter_called_back),
    "said beside the answers": (3, _said),
    "a new passphrase and device": (2, _settings),
    "a second step": (2, _second_step),
    "met alone": (3, _met_alone),
    "signed anew": (4, _signs),
    "given alone": (4, _given_alone),
    "on the desk": (9, _on_the_desk),
    "a draft of the next plan": (8, _draft_of_the_next_plan),
    "sealed before opening": (8, _sealed),
    "sealed after the appointment": (10, _sealed_after_the_appointment),
    "fields narrowed": (14, _fields_narrowed),
    "the end of all words": (9, _end),
    "the end, undone": (11, _end_undone),
    "rights of one": (10, _rights),
}
"""By name: the day and the act."""

HISTORIES: Mapping[str, tuple[str, ...]] = {
    "unsent": ("drafts", "a draft of a counter-proposal", "said beside the answers"),
    "letters": (
        "a letter before its release",
        "sealed after the appointment",
        "on the desk",
        "rights of one",
    ),
    "second thoughts": ("a letter released and called back", "sealed, and taken back", "fields narrowed"),
    "for the counselor": (
        "words for the counselor",
        "an unsafe answer",
        "sealed, and kept for the counselor",
        "the end of all words",
        "the end, undone",
    ),
    "alone": (
        "given alone",
        "met alone",
        "a new passphrase and device",
        "a second step",
        "signed anew",
        "the end of all words",
    ),
    "before opening": ("sealed before opening", "a draft of the next plan"),
    "nearly all": (
        "drafts",
        "a letter before its release",
        "sealed, and taken back",
        "words for the counselor",
        "an unsafe answer",
        "said beside the answers",
        "met alone",
        "given alone",
        "on the desk",
        "sealed before opening",
        "fields narrowed",
    ),
}
"""Histories of private acts; every act is in one of them at least."""
