"""One neutral state for everything that is held: the same bytes, whatever the reason is."""

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import delete

from clinic import clock
from clinic.consent import actions as consent
from clinic.consent.models import ConsentSignature
from clinic.couples import actions as couples
from clinic.extensions import db
from clinic.homework import actions as homework
from clinic.homework.models import Assignment
from clinic.practice import actions as practices
from clinic.practice import queries as papers
from clinic.practice.rules import Grace
from clinic.safety import actions as safety
from tests import cast as people
from tests.rules.histories import A, B
from tests.rules.stage import Stage
from tests.rules.theater import Theater, comparable
from tests.rules.visits import visit

PAGES = ("/", "/progress/now", "/progress/ours", "/progress/mine")
Hold = Callable[[Stage], None]


def give(stage: Stage) -> None:
    """Something that both would write for each other."""
    stage.assign("wins", "victories_log", {A: "mutual", B: "mutual"})
    stage.assign("turns", "perspective_round", {A: "mutual", B: "mutual"}, first=stage.cast.partners[A])


def nothing(stage: Stage) -> None:
    """Nothing was ever given."""


def couple_paused(stage: Stage) -> None:
    give(stage)
    with stage.act("counselor") as viewer:
        couples.pause(viewer, stage.couple("couple"), stage.now)


def assignments_paused(stage: Stage) -> None:
    give(stage)
    for name in ("wins", "turns"):
        with stage.act("counselor") as viewer:
            homework.pause(viewer, stage.assignment(name), stage.now)


def clearance_of(who: str, state: str) -> Hold:
    def hold(stage: Stage) -> None:
        give(stage)
        with stage.act("counselor") as viewer:
            safety.decide(viewer, stage.partner(who), state, "seen alone", stage.now)  # type: ignore[arg-type]

    return hold


def consent_withdrawn_by(who: str) -> Hold:
    def hold(stage: Stage) -> None:
        give(stage)
        with stage.act("counselor") as viewer:
            consent.withdraw(viewer, stage.partner(who), stage.now)

    return hold


def consent_never_given_by(who: str) -> Hold:
    def hold(stage: Stage) -> None:
        db.session.execute(
            delete(ConsentSignature).where(ConsentSignature.partner_id == stage.cast.partners[who])
        )
        db.session.commit()
        give(stage)

    return hold


def signed_by_one_alone(who: str) -> Hold:
    """A new version asks both anew, and one of the two has signed it."""

    def hold(stage: Stage) -> None:
        _publish(stage, "now")
        with stage.act(who) as viewer:
            version = papers.in_force(stage.cast.practice_id, stage.now)["consent"]
            consent.sign(viewer, stage.partner(who), version, "A name", stage.now)
        give(stage)

    return hold


def signed_by_nobody(stage: Stage) -> None:
    _publish(stage, "now")
    give(stage)


def _publish(stage: Stage, grace: Grace) -> None:
    with stage.act("owner") as viewer:
        practice = papers.by_id(stage.cast.practice_id)
        practices.publish_text(
            viewer, practice, practices.Written("consent", "A new version."), grace, stage.now
        )


def recalled(stage: Stage) -> None:
    give(stage)
    for name in ("wins", "turns"):
        with stage.act("counselor") as viewer:
            homework.recall(viewer, stage.assignment(name), stage.now)


HOLDS: Mapping[str, Hold] = {
    "the couple is paused": couple_paused,
    "the assignments are paused": assignments_paused,
    "a clearance is missing, the other's": clearance_of(B, "individual_only"),
    "a clearance is missing, the own": clearance_of(A, "not_assessed"),
    "joint work is paused": clearance_of(B, "conjoint_paused"),
    "a consent is missing, the other's": consent_never_given_by(B),
    "a consent is missing, the own": consent_never_given_by(A),
    "a consent was withdrawn, the other's": consent_withdrawn_by(B),
    "a consent was withdrawn, the own": consent_withdrawn_by(A),
    "a new version is in force, the other has signed it": signed_by_one_alone(B),
    "a new version is in force, the own is signed": signed_by_one_alone(A),
    "a new version is in force, nobody has signed it": signed_by_nobody,
    "everything was recalled": recalled,
}
ENDED = {reason for reason in HOLDS if "withdrawn" in reason or "recalled" in reason}
"""What ends the rounds for both, as both may know."""

STOPS_ALL = {reason for reason in HOLDS if "withdrawn" in reason or reason == "the couple is paused"}
"""What stops work for the counselor alone as well; everything else is about joint work."""


def pages_of(theater: Theater, hold: Hold) -> list[object]:
    """What A gets: the pages, and the own turn by its address where there is one."""
    with theater.stage() as stage:
        hold(stage)
        stage.wait(hours=1)
        return [comparable(made, {}) for made in _asked(theater, stage, PAGES)]


def _asked(theater: Theater, stage: Stage, paths: tuple[str, ...]) -> list[object]:
    with clock.moved_to(stage.now):
        token = people.token_for(stage.cast, A, stage.now)
        client = theater.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = token, True
        return [visit(theater.app, client, A, "GET", path) for path in paths]


@pytest.mark.parametrize("reason", HOLDS)
def test_a_held_client_cannot_tell_why(theater: Theater, reason: str) -> None:
    assert pages_of(theater, HOLDS[reason]) == pages_of(theater, nothing)


def test_who_writes_for_the_counselor_alone_cannot_tell_why_joint_work_is_held_either(
    theater: Theater,
) -> None:
    """A clearance that is missing looks like exercises that were paused, or recalled, or never given."""

    def with_own_work(hold: Hold) -> Hold:
        def both(stage: Stage) -> None:
            stage.assign("feelings", "feelings_log", {A: "mutual"})
            hold(stage)

        return both

    seen = {reason: str(pages_of(theater, with_own_work(hold))) for reason, hold in HOLDS.items()}
    joint = str(pages_of(theater, with_own_work(nothing)))
    assert {reason for reason, pages in seen.items() if pages != joint} == STOPS_ALL
    assert len({seen[reason] for reason in STOPS_ALL}) == 1


def test_a_turn_that_is_held_is_the_same_page_for_every_reason(theater: Theater) -> None:
    seen = {}
    for reason, hold in HOLDS.items():
        if reason in ENDED:
            continue
        with theater.stage() as stage:
            hold(stage)
            stage.wait(hours=1)
            turn = stage.turn("wins", "entry", A, ("open", "waiting"))
            answer = _asked(theater, stage, (f"/reflections/{turn.id}",))
            seen[reason] = [comparable(made, {}) for made in answer]  # type: ignore[arg-type]
    assert {str(one) for one in seen.values()} == {str(next(iter(seen.values())))}
    assert "next step" in str(seen)


def test_what_is_held_is_not_lost(theater: Theater) -> None:
    with theater.stage() as stage:
        give(stage)
        stage.draft(A, "wins", "entry", "kept over a pause")
        with stage.act("counselor") as viewer:
            couples.pause(viewer, stage.couple("couple"), stage.now)
        stage.wait(hours=1)
        with stage.act("counselor") as viewer:
            couples.resume(viewer, stage.couple("couple"), stage.now)
        turn = stage.turn("wins", "entry", A)
        page = _asked(theater, stage, (f"/reflections/{turn.id}?all=1",))[0]
        assert "kept over a pause" in page.text  # type: ignore[attr-defined]
        assert db.session.query(Assignment).count() == 2
